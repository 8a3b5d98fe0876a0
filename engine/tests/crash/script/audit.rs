//! The audit record of a request.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use strongroom_audit::{
    ClientInfo, CorrelationId, Entry, Origin, Outcome, PolicyName, Record, RequestPath, Resource, TlsVersion,
    VaultResource, Verdict,
};
use strongroom_core::{Operation, Principal, ServiceAccount, VaultRef};
use strongroom_engine::{
    ObjectError,
    object::{answer::Answer, tasks::Tasks},
};

use super::NOW;

/// The record of a request, by which it is found again.
pub fn audit<K: Tasks>(marker: u32) -> strongroom_engine::AuditOf<K> {
    Box::new(move |result: &Result<Answer<K>, ObjectError>| {
        let outcome = match result {
            Ok(_) => Outcome::success(200),
            Err(_) => Outcome::failure(409, "Conflict"),
        };
        let account = ServiceAccount {
            name: "shop:api".parse().unwrap(),
            uid: "0f0f0f0f-1111-4222-8333-444444444444".parse().unwrap(),
            pod: None,
            node: None,
        };
        let mut correlation = [0; 16];
        correlation[..4].copy_from_slice(&marker.to_be_bytes());
        Entry::new(&Record {
            time: SystemTime::UNIX_EPOCH + Duration::from_secs(NOW),
            vault: Arc::new(VaultResource::new(&VaultRef::new(
                "team-a".parse().unwrap(),
                "prod".parse().unwrap(),
            ))),
            operation: Operation::SecretSet,
            resource: Resource::Vault,
            origin: Origin {
                principal: Arc::new(Principal::ServiceAccount(account)),
                caller: IpAddr::from([10, 1, 2, 3]),
                correlation: CorrelationId::from_random(correlation),
                client: ClientInfo::new(b"crash"),
                path: RequestPath::new("/"),
                tls: Some(TlsVersion::Tls13),
            },
            verdict: Verdict::Allow(PolicyName::new("crash")),
            outcome,
            duration: Duration::ZERO,
        })
    })
}
