//! Access, without any face: what is admitted is decided by the policy of the moment it is performed, and recorded once.

use std::{sync::Arc, time::Instant};

use strongroom_audit::{RequestPath, Resource};
use strongroom_core::{Effect, NamedObject, ObjectKind, Operation, Permission};
use strongroom_engine::{Answer, ReadRequest, Secret, WriteRequest};
use strongroom_serving::accept::Peer;
use strongroom_testing::{
    signing_key::uid,
    vault::{Files, put, set},
};
use strongroom_vault::{
    access::{Access, Caller, Client, Failure, caller::new_correlation_id},
    service::Service,
};

use crate::fixture::{API, Account, access, allow, rule, token};

/// The API account, in a vault that holds the secret `db` and lets it get, delete, back up and restore everything.
async fn vault() -> (Files, Service, Arc<Access>, Caller) {
    let fixture = Files::in_memory();
    let service = fixture.service();
    set(&service, "db", "hunter2");
    let mut policy = allow(&[&uid("shop/api"), &uid("shop/other")]);
    policy.permissions = [
        Permission::SecretGet,
        Permission::SecretDelete,
        Permission::SecretBackup,
        Permission::SecretRestore,
    ]
    .into_iter()
    .collect();
    put(&service, (1, 1), vec![policy]).unwrap();
    let caller = caller(&fixture, &service, API).await;
    let access = access(&service);
    (fixture, service, access, caller)
}

/// A request of `account`.
async fn caller(fixture: &Files, service: &Service, account: Account) -> Caller {
    let holder = service
        .authenticator
        .authenticate(&token(fixture, account))
        .await
        .unwrap();
    let peer = Peer {
        address: "10.0.0.1:1".parse().unwrap(),
        tls: None,
        certificates: Arc::default(),
    };
    Client::new(&peer, None).into_caller(
        Arc::clone(&holder.principal),
        new_correlation_id(),
        RequestPath::new("/test"),
        Instant::now(),
    )
}

fn object(name: &str) -> Resource {
    Resource::Object(NamedObject {
        kind: ObjectKind::Secrets,
        name: name.parse().unwrap(),
        version: None,
    })
}

fn get(name: &str) -> ReadRequest {
    ReadRequest::Get {
        name: name.parse().unwrap(),
        version: None,
    }
}

#[tokio::test]
async fn what_was_admitted_is_refused_when_policy_changed_before_it_is_performed() {
    let (fixture, service, access, caller) = vault().await;
    let delete = access
        .admit(caller.clone(), Operation::SecretDelete, object("db"))
        .await
        .unwrap();
    let read = access
        .admit(caller, Operation::SecretGet, object("db"))
        .await
        .unwrap();
    let deny = rule("deny", Effect::Deny, &[&uid("shop/api")], "db");
    put(&service, (1, 2), vec![deny]).unwrap();
    let refused = read.read::<Secret>(get("db")).await.unwrap_err();
    assert_eq!(*refused.failure(), Failure::Forbidden(Permission::SecretGet));
    let request = WriteRequest::Delete {
        name: "db".parse().unwrap(),
    };
    let refused = delete.write(request).await.unwrap_err();
    assert_eq!(*refused.failure(), Failure::Forbidden(Permission::SecretDelete));
    for (operation, decision) in [("SecretGet", "Deny"), ("SecretDelete", "NoPolicy")] {
        let records = fixture.audited(operation);
        assert_eq!(records.len(), 1, "{records:?}");
        assert_eq!(records[0]["decision"], decision);
        assert_eq!(records[0]["resultDescription"], "ForbiddenByPolicy");
    }
}

#[tokio::test]
async fn a_backup_waits_for_as_much_room_as_it_needs_and_gives_it_back() {
    let (_fixture, service, access, caller) = vault().await;
    for _ in 0..100 {
        set(&service, "large", &"x".repeat(25 * 1024));
    }
    let backup = async |name: &str| {
        let request = ReadRequest::Backup {
            name: name.parse().unwrap(),
        };
        let admitted = access.admit(caller.clone(), Operation::SecretBackup, object(name));
        admitted.await.unwrap().read::<Secret>(request).await
    };
    // A restore at work leaves its account room for two small backups, and for no large one.
    let mut restore = access
        .admit(caller.clone(), Operation::SecretRestore, Resource::Vault)
        .await
        .unwrap();
    restore.reserve(46 * 1024 * 1024 / 3).await.unwrap();
    let small = futures::future::join(backup("db"), backup("db")).await;
    assert!(small.0.is_ok() && small.1.is_ok(), "{small:?}");
    let large = backup("large").await.unwrap_err();
    assert_eq!(*large.failure(), Failure::Busy);
    drop(restore);
    // As many at once as do not fit together: each waits for those before it.
    let taken = async || backup("large").await.map(drop);
    let together = futures::future::join_all((0..40).map(|_| taken())).await;
    assert!(together.iter().all(Result::is_ok), "{together:?}");
}

#[tokio::test]
async fn each_request_has_one_record_however_it_ends() {
    let (fixture, _service, access, caller) = vault().await;
    let admit = async |operation, name| {
        let admitted = access.admit(caller.clone(), operation, object(name));
        admitted.await.unwrap()
    };
    let found = admit(Operation::SecretGet, "db").await.read(get("db")).await;
    assert!(
        matches!(&found, Ok(read) if matches!(read.answer, Answer::Object(_))),
        "{found:?}"
    );
    let missing = admit(Operation::SecretGet, "none")
        .await
        .read::<Secret>(get("none"))
        .await;
    assert!(missing.is_err());
    admit(Operation::SecretGet, "db")
        .await
        .refuse(Failure::Malformed)
        .await;
    let purge = access
        .admit(caller.clone(), Operation::SecretPurge, object("db"))
        .await;
    assert!(purge.is_err(), "no policy allows a purge");
    let delete = |name: &str| WriteRequest::Delete {
        name: name.parse().unwrap(),
    };
    assert!(
        admit(Operation::SecretDelete, "db")
            .await
            .write(delete("db"))
            .await
            .is_ok()
    );
    assert!(
        admit(Operation::SecretDelete, "db")
            .await
            .write(delete("db"))
            .await
            .is_err()
    );
    // Admitted, and never performed: nobody was answered.
    drop(admit(Operation::SecretGet, "db").await);
    let statuses = |operation| {
        let records = fixture.audited(operation);
        let status = |record: &serde_json::Value| record["properties"]["httpStatusCode"].as_u64().unwrap();
        records.iter().map(status).collect::<Vec<_>>()
    };
    assert_eq!(statuses("SecretGet"), [200, 404, 400]);
    assert_eq!(statuses("SecretPurge"), [403]);
    assert_eq!(statuses("SecretDelete"), [200, 404]);
}

#[tokio::test]
async fn backups_that_their_client_does_not_take_leave_memory_for_other_accounts() {
    let (fixture, service, access, api) = vault().await;
    // Blobs of 1.5 MiB, answers of 3.5.
    for _ in 0..60 {
        set(&service, "db", &"x".repeat(25_600));
    }
    let backup = async |caller: &Caller| {
        let admitted = access.admit(caller.clone(), Operation::SecretBackup, object("db"));
        let name = "db".parse().unwrap();
        let read = ReadRequest::Backup { name };
        admitted.await.unwrap().read::<Secret>(read).await
    };
    let mut untaken = Vec::new();
    let refused = loop {
        match backup(&api).await {
            Ok(answer) => untaken.push(answer),
            Err(refused) => break refused,
        }
        assert!(untaken.len() < 12, "nothing counts the answers that wait");
    };
    assert_eq!(*refused.failure(), Failure::Busy);
    assert_eq!(untaken.len(), 4, "half of the memory for answers");
    let other = Account {
        name: "shop/other",
        pod: "pod-2",
    };
    let other = caller(&fixture, &service, other).await;
    backup(&other).await.unwrap();
    untaken.pop();
    backup(&api).await.unwrap();
}
