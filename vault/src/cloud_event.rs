//! Events of objects as others read them: CloudEvents 1.0, with the data of Azure Event Grid's schema for Key Vault.

use strongroom_audit::{Time, VaultResource};
use strongroom_core::{ObjectKind, Timestamp, VaultRef};
use strongroom_engine::{EventType, LifecycleEvent, Occurrence};
use strongroom_wire::cloud_event::{CloudEvent, DATA_TYPE, EventData, SPEC_VERSION};

/// What stands before the word of each event.
const PREFIX: &str = "Microsoft.KeyVault.";

/// The word that Azure has for an event of this type.
pub const fn word(event_type: EventType) -> &'static str {
    match (event_type.kind, event_type.occurrence) {
        (ObjectKind::Secrets, Occurrence::NewVersionCreated) => "SecretNewVersionCreated",
        (ObjectKind::Secrets, Occurrence::NearExpiry) => "SecretNearExpiry",
        (ObjectKind::Secrets, Occurrence::Expired) => "SecretExpired",
        (ObjectKind::Keys, Occurrence::NewVersionCreated) => "KeyNewVersionCreated",
        (ObjectKind::Keys, Occurrence::NearExpiry) => "KeyNearExpiry",
        (ObjectKind::Keys, Occurrence::Expired) => "KeyExpired",
        (ObjectKind::Certificates, Occurrence::NewVersionCreated) => "CertificateNewVersionCreated",
        (ObjectKind::Certificates, Occurrence::NearExpiry) => "CertificateNearExpiry",
        (ObjectKind::Certificates, Occurrence::Expired) => "CertificateExpired",
    }
}

/// `event` of `vault`, which the audit log calls `resource`.
pub fn cloud_event(vault: &VaultRef, resource: &VaultResource, event: &LifecycleEvent) -> CloudEvent {
    let (kind, name) = (event.event_type.kind, event.name.spelling());
    CloudEvent {
        specversion: SPEC_VERSION.to_owned(),
        id: event.id.to_string(),
        source: resource.id().to_owned(),
        event_type: format!("{PREFIX}{}", word(event.event_type)),
        subject: name.to_owned(),
        time: Time(event.time.into()).to_string(),
        datacontenttype: DATA_TYPE.to_owned(),
        data: EventData {
            id: format!("{}/{kind}/{name}/{}", vault.url(), event.version),
            vault_name: vault.name.to_string(),
            object_type: object_type(kind).to_owned(),
            object_name: name.to_owned(),
            version: event.version.to_string(),
            not_before: event.not_before.map(Timestamp::unix),
            expires: event.expires.map(Timestamp::unix),
        },
    }
}

const fn object_type(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Secrets => "Secret",
        ObjectKind::Keys => "Key",
        ObjectKind::Certificates => "Certificate",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use strongroom_core::Version;
    use strongroom_engine::EventId;

    use super::*;

    fn shown(kind: ObjectKind, occurrence: Occurrence, expires: Option<u64>) -> serde_json::Value {
        let vault = VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap());
        let event = LifecycleEvent {
            id: EventId::new(7, [0xcd; 8]),
            time: Timestamp::from_unix(1_800_000_000),
            event_type: EventType { kind, occurrence },
            name: "Db-Password".parse().unwrap(),
            version: Version::from_bytes([0xab; 16]),
            not_before: None,
            expires: expires.map(Timestamp::from_unix),
        };
        serde_json::to_value(cloud_event(&vault, &VaultResource::new(&vault), &event)).unwrap()
    }

    #[test]
    fn an_event_has_the_members_of_cloud_events_and_the_data_of_azure() {
        let version = "ab".repeat(16);
        assert_eq!(
            shown(
                ObjectKind::Secrets,
                Occurrence::NewVersionCreated,
                Some(1_900_000_000)
            ),
            json!({
                "specversion": "1.0",
                "id": "0000000000000007cdcdcdcdcdcdcdcd",
                "source": "/apis/strongroom.dev/v1alpha1/namespaces/team-a/vaults/prod",
                "type": "Microsoft.KeyVault.SecretNewVersionCreated",
                "subject": "Db-Password",
                "time": "2027-01-15T08:00:00.000Z",
                "datacontenttype": "application/json",
                "data": {
                    "Id": format!("https://prod.team-a.svc/secrets/Db-Password/{version}"),
                    "VaultName": "prod",
                    "ObjectType": "Secret",
                    "ObjectName": "Db-Password",
                    "Version": version,
                    "NBF": null,
                    "EXP": 1_900_000_000,
                },
            })
        );
    }

    #[test]
    fn a_key_is_a_key_and_an_end_that_is_not_set_is_null() {
        for (occurrence, expected) in [
            (
                Occurrence::NewVersionCreated,
                "Microsoft.KeyVault.KeyNewVersionCreated",
            ),
            (Occurrence::NearExpiry, "Microsoft.KeyVault.KeyNearExpiry"),
            (Occurrence::Expired, "Microsoft.KeyVault.KeyExpired"),
        ] {
            let event = shown(ObjectKind::Keys, occurrence, None);
            assert_eq!(event["type"], expected);
            assert_eq!(event["data"]["ObjectType"], "Key");
            assert_eq!(event["data"]["EXP"], json!(null));
        }
    }
}
