//! JSON of a person's own, from a file.

use std::path::Path;

use serde_json::Value;
use strongroom_certificates::policy::SentPolicy;

use crate::{Failure, failure::CertFailure, value::Source};

/// The longest file, in bytes.
const LONGEST: usize = 64 << 10;

/// The object in a file that is to hold `what`. A member that is there twice is refused.
pub(super) fn object(path: Option<&Path>, what: &'static str) -> Result<Value, Failure> {
    let bytes = Source::open(path)?.bytes(LONGEST)?;
    Ok(read(&bytes.ok_or(CertFailure::Long(what))?, what)?)
}

fn read(bytes: &[u8], what: &'static str) -> Result<Value, CertFailure> {
    let wrong = |line, column| CertFailure::Json { what, line, column };
    let sent: SentPolicy =
        serde_json::from_slice(bytes).map_err(|error| wrong(error.line(), error.column()))?;
    let value = sent.as_value();
    if value.is_object() {
        Ok(value.clone())
    } else {
        Err(wrong(1, 1))
    }
}

/// Refuses a member that `known` does not list for the object that it stands in: the vault would pass over it, and what a
/// misspelled one should say would be gone. Objects are named by their path from the top, which is the empty one; those of which
/// nothing is listed may hold anything. A member that is null says nothing.
pub(super) fn check_members(
    value: &Value,
    what: &'static str,
    known: &[(&str, &[&str])],
) -> Result<(), CertFailure> {
    match foreign_member(value, "", known) {
        Some(member) => Err(CertFailure::Member { what, member }),
        None => Ok(()),
    }
}

fn foreign_member(value: &Value, path: &str, known: &[(&str, &[&str])]) -> Option<String> {
    match value {
        Value::Array(values) => values.iter().find_map(|value| foreign_member(value, path, known)),
        Value::Object(members) => {
            let (_, names) = known.iter().find(|(known, _)| *known == path)?;
            members
                .iter()
                .filter(|(_, value)| !value.is_null())
                .find_map(|(name, value)| {
                    let path = if path.is_empty() {
                        name.clone()
                    } else {
                        format!("{path}.{name}")
                    };
                    if names.contains(&name.as_str()) {
                        foreign_member(value, &path, known)
                    } else {
                        Some(path)
                    }
                })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_object_or_has_a_member_twice_is_refused_with_its_place() {
        for text in ["", "[]", "7", r#"{"a":1,"a":2}"#, "{} {}"] {
            let refused = read(text.as_bytes(), "policy").unwrap_err();
            assert!(matches!(refused, CertFailure::Json { .. }), "{text}: {refused}");
        }
        assert_eq!(read(br#"{"a":1}"#, "policy").unwrap(), json!({"a": 1}));
    }

    #[test]
    fn a_misspelled_member_is_named_at_any_depth_and_one_that_is_null_says_nothing() {
        let known: &[(&str, &[&str])] = &[("", &["a", "any"]), ("a", &["b"])];
        for (value, member) in [
            (json!({"c": 1}), Some("c")),
            (json!({"a": {"c": 1}}), Some("a.c")),
            (json!({"a": [{"b": 1}, {"d": 1}]}), Some("a.d")),
            (json!({"a": {"b": 1, "c": null}, "any": {"x": {"y": 1}}}), None),
        ] {
            assert_eq!(foreign_member(&value, "", known).as_deref(), member, "{value}");
        }
    }
}
