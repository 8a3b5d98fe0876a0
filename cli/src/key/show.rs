//! How the public part of a key is printed.

use std::fmt::Write as _;

use strongroom_client::vault::{Jwk, Key, Keys};

use super::pem;
use crate::{
    Failure, life,
    output::{ObjectOutput, PublicOutput},
    printed::Printed,
    table, terminal,
};

/// A key in the form that was asked for.
pub(super) fn key(key: &Key, output: PublicOutput) -> Result<Printed, Failure> {
    match output {
        PublicOutput::Object(ObjectOutput::Text) => Ok(Printed::Text(text(key))),
        PublicOutput::Object(output @ (ObjectOutput::Name | ObjectOutput::Json)) => {
            life::object::<Keys>(key, "", output)
        }
        PublicOutput::Jwk => Printed::json(&key.key),
        PublicOutput::Pem => Ok(Printed::Text(pem::public(&key.key)?)),
    }
}

fn text(key: &Key) -> String {
    let time = |at: Option<i64>| at.map_or_else(|| table::NONE.to_owned(), table::time);
    let attributes = &key.attributes.common;
    let version = key.key.kid.version;
    let tags: Vec<_> = key
        .tags
        .iter()
        .map(|(name, value)| terminal::field(&format!("{name}={value}")))
        .collect();
    let rows = [
        ("Name", key.key.kid.name.to_string()),
        (
            "Version",
            version.map_or_else(|| table::UNKNOWN.to_owned(), |version| version.to_string()),
        ),
        ("Type", kind(key)),
        ("Operations", terminal::field(&list(&key.key.key_ops))),
        ("Enabled", attributes.enabled.unwrap_or(true).to_string()),
        ("Not before", time(attributes.nbf)),
        ("Expires", time(attributes.exp)),
        ("Created", time(attributes.created)),
        ("Updated", time(attributes.updated)),
        ("Tags", list(&tags)),
    ];
    let mut text = String::new();
    for (name, value) in rows {
        let label = format!("{name}:");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{label:<12} {value}");
    }
    text
}

/// The type with its size, as far as the vault names one.
fn kind(key: &Key) -> String {
    let Jwk { kty, crv, alg, .. } = &key.key;
    let bits = key.attributes.key_size.map(|bits| format!("{bits} bits"));
    let size = bits.or_else(|| crv.clone()).or_else(|| alg.clone());
    let size = size.map(|size| format!(", {size}")).unwrap_or_default();
    terminal::field(&format!("{kty}{size}"))
}

fn list(words: &[String]) -> String {
    if words.is_empty() {
        table::NONE.to_owned()
    } else {
        words.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_shown_with_what_is_known_about_it() {
        let key: Key = serde_json::from_value(serde_json::json!({
            "key": {
                "kid": "https://prod.team-a.svc/keys/signer/0123456789abcdef0123456789abcdef", "kty": "EC",
                "key_ops": ["sign", "verify"], "crv": "P-256", "x": "AQ", "y": "Ag",
            },
            "attributes": { "enabled": true, "created": 0, "updated": 60, "exp": 86_400, "hsmPlatform": "0" },
            "tags": { "team": "a" },
        }))
        .unwrap();
        assert_eq!(
            text(&key),
            "Name:        signer\n\
             Version:     0123456789abcdef0123456789abcdef\n\
             Type:        EC, P-256\n\
             Operations:  sign, verify\n\
             Enabled:     true\n\
             Not before:  <none>\n\
             Expires:     1970-01-02T00:00:00Z\n\
             Created:     1970-01-01T00:00:00Z\n\
             Updated:     1970-01-01T00:01:00Z\n\
             Tags:        team=a\n"
        );
    }
}
