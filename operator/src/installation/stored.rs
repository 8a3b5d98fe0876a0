//! An authority's line as a Secret: `tls.crt` and `tls.key` of the one that signs; `next.crt`, `next.key` and
//! `next-since` of its successor; `previous.crt` and `previous-until` of its predecessor. Times are seconds since 1970.

use base64::{Engine, engine::general_purpose::STANDARD};
use kube::api::DynamicObject;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::InstallationError;
use crate::{
    object::{Kind, Objects, data_field},
    pki::{Authority, AuthoritySubject, PkiError, Succession},
};

/// Every key that a line may have something under.
const KEYS: [&str; 7] = [
    "tls.crt",
    "tls.key",
    "next.crt",
    "next.key",
    "next-since",
    "previous.crt",
    "previous-until",
];

/// Loads a line, or founds one.
pub async fn load_succession(
    objects: &Objects,
    name: &'static str,
    subject: &AuthoritySubject,
    now: OffsetDateTime,
) -> Result<Succession, InstallationError> {
    let api = |step| move |source| InstallationError::Api { step, source };
    if let Some(secret) = objects
        .get(Kind::Secret, name)
        .await
        .map_err(api("read an authority"))?
    {
        return read(&secret, name);
    }
    let succession = Succession::create(subject, now).map_err(|source| InstallationError::Pki {
        what: "certificate authority",
        source,
    })?;
    // Created, never overwritten: a leader that came back late must not replace what its successor made.
    objects
        .create(Kind::Secret, &write(name, &succession))
        .await
        .map_err(api("store an authority"))?;
    Ok(succession)
}

/// Which authorities a line holds: the one that signs, and the bundle of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    signs: String,
    bundle: String,
}

impl Held {
    /// What this line holds.
    pub fn by(succession: &Succession) -> Self {
        Self {
            signs: succession.current.certificate().to_owned(),
            bundle: succession.bundle(),
        }
    }
}

/// Stores a line that has moved on from `before`. Errors: what is stored is not that any more. A leader that was paused,
/// and does not know that it leads no more, must not put an older authority over its successor's.
pub async fn store_succession(
    objects: &Objects,
    name: &'static str,
    before: &Held,
    succession: &Succession,
) -> Result<(), InstallationError> {
    let api = |source| InstallationError::Api {
        step: "read an authority",
        source,
    };
    let found = objects.get(Kind::Secret, name).await.map_err(api)?;
    let found = found.ok_or(InstallationError::Moved { name })?;
    if Held::by(&read(&found, name)?) != *before {
        return Err(InstallationError::Moved { name });
    }
    // What the line holds no more goes, also where another manager of fields wrote it: a successor that a restore of the
    // Secret put there would stay, and take over again at each look.
    let mut data: Map<String, Value> = KEYS
        .map(|key| (key.to_owned(), Value::Null))
        .into_iter()
        .collect();
    data.extend(encode(succession));
    // The API server refuses it if anyone has written since.
    let patch = json!({"metadata": {"resourceVersion": found.metadata.resource_version}, "data": data});
    objects
        .merge(Kind::Secret, name, &patch)
        .await
        .map(drop)
        .map_err(|source| InstallationError::Api {
            step: "store an authority",
            source,
        })
}

/// The text under `key` of a Secret.
pub fn text(secret: &DynamicObject, key: &str) -> Option<String> {
    let bytes = STANDARD.decode(data_field(secret, key)?).ok()?;
    String::from_utf8(bytes).ok()
}

/// The line under the keys that it has something for.
fn encode(succession: &Succession) -> Map<String, Value> {
    let mut data = Map::new();
    let mut put = |key: &str, text: &str| data.insert(key.to_owned(), json!(STANDARD.encode(text)));
    put("tls.crt", succession.current.certificate());
    put("tls.key", &succession.current.key_pem());
    if let Some((next, since)) = &succession.next {
        put("next.crt", next.certificate());
        put("next.key", &next.key_pem());
        put("next-since", &since.unix_timestamp().to_string());
    }
    if let Some((previous, until)) = &succession.previous {
        put("previous.crt", previous);
        put("previous-until", &until.unix_timestamp().to_string());
    }
    data
}

fn write(name: &str, succession: &Succession) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "strongroom.dev/authority",
        "metadata": {"name": name}, "data": encode(succession),
    })
}

fn read(secret: &DynamicObject, name: &'static str) -> Result<Succession, InstallationError> {
    let lacks = |what| InstallationError::Malformed { name, what };
    let authority = |certificate: &str, key: &str| {
        Authority::from_pem(certificate, key).map_err(|source: PkiError| InstallationError::Pki {
            what: "stored certificate authority",
            source,
        })
    };
    let time = |key: &str, what| {
        text(secret, key)
            .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds.parse().ok()?).ok())
            .ok_or(lacks(what))
    };
    let certificate = text(secret, "tls.crt").ok_or(lacks("tls.crt"))?;
    let key = text(secret, "tls.key").ok_or(lacks("tls.key"))?;
    let next = match (text(secret, "next.crt"), text(secret, "next.key")) {
        (Some(certificate), Some(key)) => {
            Some((authority(&certificate, &key)?, time("next-since", "next-since")?))
        }
        _ => None,
    };
    let previous = match text(secret, "previous.crt") {
        Some(certificate) => Some((certificate, time("previous-until", "previous-until")?)),
        None => None,
    };
    Ok(Succession {
        current: authority(&certificate, &key)?,
        next,
        previous,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;

    #[test]
    fn a_line_survives_being_stored() {
        let start = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let mut line = Succession::create(&AuthoritySubject::Admin, start).unwrap();
        line.advance(&AuthoritySubject::Admin, start + Duration::days(2434))
            .unwrap();
        let stored: DynamicObject = serde_json::from_value(write("x", &line)).unwrap();
        let loaded = read(&stored, "x").unwrap();
        assert_eq!(loaded.bundle(), line.bundle());
        assert_eq!(
            loaded.next.map(|(_, since)| since),
            line.next.map(|(_, since)| since)
        );
    }

    #[test]
    fn a_line_edited_by_hand_is_refused_and_not_replaced() {
        let stored: DynamicObject =
            serde_json::from_value(json!({"metadata": {"name": "x"}, "data": {"tls.crt": "eA=="}})).unwrap();
        assert!(matches!(
            read(&stored, "x"),
            Err(InstallationError::Malformed { .. })
        ));
    }
}
