//! The record that the tests append, and that the example measures.

use std::{
    error::Error,
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use strongroom_audit::{
    ClientInfo, CorrelationId, Origin, Outcome, PolicyName, Record, RequestPath, Resource, TlsVersion,
    VaultResource, Verdict,
};
use strongroom_core::{NamedObject, ObjectKind, Operation, Principal, ServiceAccount, VaultRef};

/// A request's record.
pub fn record() -> Result<Record, Box<dyn Error>> {
    let account = ServiceAccount {
        name: "shop:api".parse()?,
        uid: "0f0f0f0f-1111-4222-8333-444444444444".parse()?,
        pod: serde_json::from_str(r#"{"name":"api-7d9f","uid":"aaaa-bbbb"}"#)?,
        node: serde_json::from_str(r#"{"name":"node-1"}"#)?,
    };
    Ok(Record {
        time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_790_000_000_123),
        vault: Arc::new(VaultResource::new(&VaultRef::new(
            "team-a".parse()?,
            "prod".parse()?,
        ))),
        operation: Operation::SecretGet,
        resource: Resource::Object(NamedObject {
            kind: ObjectKind::Secrets,
            name: "db-password".parse()?,
            version: Some("0123456789abcdef0123456789abcdef".parse()?),
        }),
        origin: Origin {
            principal: Arc::new(Principal::ServiceAccount(account)),
            caller: IpAddr::from([10, 1, 2, 3]),
            correlation: CorrelationId::from_random([7; 16]),
            client: ClientInfo::new(b"azsdk-python-keyvault-secrets/4.9.0 Python/3.12"),
            path: RequestPath::new("/secrets/db-password?api-version=7.6"),
            tls: Some(TlsVersion::Tls13),
        },
        verdict: Verdict::Allow(PolicyName::new("shop-reads-db")),
        outcome: Outcome::success(200),
        duration: Duration::from_millis(1),
    })
}
