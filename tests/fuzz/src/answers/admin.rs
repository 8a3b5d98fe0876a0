//! What a vault answers the operator.

use serde::{Serialize, de::DeserializeOwned};
use strongroom_client::admin::{AdminClient, AdminError, bundle_hash};
use strongroom_core::{Generation, ObjectState, SecretRefName};
use strongroom_wire::{
    admin::{BundleId, Confirm, Resolve, Rollback, Status, Volumes, limit},
    cloud_event::CloudEvent,
};

use super::fixture::{Hostile, must_be_short};
use crate::{Seed, Verdict, kept::Kept};

/// A bundle that was put and that no input is.
const BUNDLE: &[u8] = b"{\"format\":1}";

thread_local! {
    static ASKED: Kept<(AdminClient, Hostile)> = const { Kept::nothing() };
}

/// The first byte chooses what is asked, the second the status of the answer, the others are its body.
///
/// - An answer is taken only with a status of success, and each of its texts is bounded, on one line.
/// - What was taken is written and read again as the same.
/// - A bundle is taken only where it is the one that was put, byte for byte.
/// - What is shown of an error is short, and on one line; its outline has nothing of the vault's.
pub fn admin_answer(input: &[u8]) -> Verdict {
    let Some(([asked, status], body)) = input.split_first_chunk::<2>() else {
        return Verdict::Refused;
    };
    ASKED.with(|kept| {
        let start = || {
            let hostile = Hostile::start();
            let client = AdminClient::new(&hostile.server, hostile.trust.clone());
            (client, hostile)
        };
        kept.with(start, |(client, hostile)| {
            let status = hostile.say(*status, body);
            let result = hostile.runtime.block_on(ask(client, *asked, body));
            match &result {
                Ok(()) => assert!(status.is_success(), "{status} is taken"),
                Err(error) => {
                    must_be_short(error);
                    assert!(error.outline().len() < 64);
                }
            }
            Verdict::of(&result)
        })
    })
}

async fn ask(client: &AdminClient, asked: u8, body: &[u8]) -> Result<(), AdminError> {
    let named = BundleId {
        generation: Generation { epoch: 1, n: 2 },
        hash: bundle_hash(BUNDLE),
    };
    match asked % 9 {
        0 => judge_status(&client.status().await?),
        1 => {
            let own = BundleId {
                hash: bundle_hash(body),
                ..named.clone()
            };
            same(&client.bundle(&own, body.len()).await?);
            if body != BUNDLE {
                let other = client.bundle(&named, body.len()).await;
                assert!(
                    matches!(other, Err(AdminError::OtherBundle)),
                    "another bundle passes for the one put"
                );
            }
        }
        2 => same(&client.put_bundle(bytes::Bytes::from_static(b"{}")).await?),
        3 => {
            let confirm = Confirm {
                policy: named,
                time: None,
            };
            same(&client.confirm(&confirm).await?);
        }
        4 => {
            let question = Resolve {
                subject: "u".parse().unwrap(),
                objects: Vec::new(),
            };
            let resolved = client.resolve(&question).await?;
            assert!(resolved.objects.len() <= limit::RESOLVED / r#"{"state":"Deleted"},"#.len());
            same::<Vec<ObjectState>>(&resolved.objects);
        }
        5 => judge_volumes(&client.volumes(1).await?),
        6 => {
            let changed = SecretRefName {
                namespace: "shop".parse().unwrap(),
                name: "db".parse().unwrap(),
            };
            client.ref_changed(&changed).await?;
        }
        7 => client.rollback(&Rollback::Accept { generation: 7 }).await?,
        _ => {
            let events = client.events(None, 500).await?;
            judge_events(&events);
            same(&events);
        }
    }
    Ok(())
}

fn judge_status(status: &Status) {
    let words = [&status.version, &status.seal.kind, &status.seal.key_id];
    assert!(words.iter().all(|word| is_line(word, 64)), "{status:?}");
    let sentences = [
        &status.storage_problem,
        &status.audit_problem,
        &status.clock_problem,
    ];
    let mut sentences = sentences.into_iter().flatten();
    assert!(sentences.all(|sentence| is_line(sentence, 512)), "{status:?}");
    for digest in [&status.anchor.digest, &status.anchor.audit_hash] {
        assert!(
            digest.len() <= 128 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{digest}"
        );
    }
    same(status);
}

fn judge_events(events: &[CloudEvent]) {
    assert!(events.len() <= limit::EVENTS / 64, "{} events", events.len());
    for event in events {
        let words = [&event.id, &event.event_type, &event.time, &event.data.version];
        assert!(words.iter().all(|word| is_line(word, 64)), "{event:?}");
        let names = [&event.source, &event.subject, &event.data.id];
        assert!(names.iter().all(|name| is_line(name, 512)), "{event:?}");
    }
}

fn judge_volumes(volumes: &Volumes) {
    assert!(
        volumes.refs.len() <= limit::volumes(1) / 64,
        "{} SecretRefs",
        volumes.refs.len()
    );
    same(volumes);
}

fn is_line(text: &str, most: usize) -> bool {
    text.chars().count() <= most && !text.chars().any(char::is_control)
}

/// Panics unless `read` is read again from what it is written as.
fn same<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(read: &T) {
    let written = serde_json::to_vec(read).unwrap();
    assert_eq!(serde_json::from_slice::<T>(&written).unwrap(), *read);
}

/// Answers of each kind, and what is none.
pub fn seeds() -> Vec<Seed> {
    let say = |asked: u8, status: u8, body: &str| [&[asked, status], body.as_bytes()].concat();
    let status = r#"{"vaultId":"e0000000-0000-4000-8000-000000000001","version":"0.1.0",
        "anchor":{"generation":1,"digest":"00","auditSequence":0,"auditHash":""},
        "policy":{"generation":{"epoch":1,"n":2},"hash":"00"},"fence":{"epoch":1,"n":2},
        "seal":{"kind":"KubernetesSecret","keyId":"k","unsealed":true},
        "storageProblem":"a\nproblem","auditProblem":null,"rollback":{"action":"detected","anchored":9}}"#;
    let bundle = r#"{"format":1,"vault_id":"v","generation":{"epoch":1,"n":2},"features":[],"policies":[]}"#;
    let id = r#"{"generation":{"epoch":1,"n":2},"hash":"00"}"#;
    let resolved = r#"{"objects":[{"state":"Available","version":"0123456789abcdef0123456789abcdef"},{"state":"NotFound"}]}"#;
    let volumes =
        r#"{"refs":[{"namespace":"shop","name":"db","total":3,"current":1,"outdated":1,"failing":1}]}"#;
    let events = r#"[{"specversion":"1.0","id":"7","source":"/vaults/prod","type":"Microsoft.KeyVault.KeyExpired",
        "subject":"a\nname","time":"2027-01-15T08:00:00.000Z","datacontenttype":"application/json",
        "data":{"Id":"https://prod.team-a.svc/keys/a/b","VaultName":"prod","ObjectType":"Key","ObjectName":"a",
        "Version":"b","NBF":null,"EXP":1900000000}}]"#;
    let refusal = r#"{"code":"StaleGeneration","message":"the bundle's generation\u001b[31m"}"#;
    let foreign = format!(
        r#"{{"vaultId":"e0000000-0000-4000-8000-000000000001","version":"v","anchor":"{}"}}"#,
        "x".repeat(3000)
    );
    vec![
        Seed::taken("status", say(0, 0, status)),
        Seed::taken("bundle", say(1, 0, bundle)),
        Seed::taken("put", say(2, 0, id)),
        Seed::taken("confirm", say(3, 0, id)),
        Seed::taken("resolved", say(4, 0, resolved)),
        Seed::taken("volumes", say(5, 0, volumes)),
        Seed::taken("ref-changed", say(6, 1, "")),
        Seed::taken("rollback", say(7, 1, "")),
        Seed::taken("events", say(8, 0, events)),
        Seed::refused("refusal", say(2, 5, refusal)),
        Seed::refused("redirect", say(0, 2, status)),
        Seed::refused("no-json", say(0, 0, "<html>")),
        Seed::refused("long", say(0, 0, &foreign)),
        Seed::refused(
            "beyond-all-generations",
            say(2, 0, &id.replace(":2", ":18446744073709551615")),
        ),
    ]
}
