//! Release policies: what an attestation must say of an environment that a key is released to (Azure Key Vault, "Azure Key
//! Vault secure key release policy grammar", version 1.0.0).

mod document;

use serde_json::Value;

use self::document::{Document, Part};
use super::authority::{Attested, Url};

/// The longest policy, in bytes of its JSON.
pub const MAX_BYTES: usize = 16 * 1024;

/// The only version of the grammar.
const VERSION: &str = "1.0.0";

/// How many claims, groups and authorities one policy has at most.
const MAX_PARTS: usize = 256;

/// How deep groups nest at most.
const MAX_DEPTH: usize = 8;

/// Why a text is no release policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Longer than the limit.
    #[error("A release policy is at most {MAX_BYTES} bytes.")]
    TooLong,
    /// Not JSON of the grammar's form. What is not known is refused: it could be a condition.
    #[error(
        "The release policy is not JSON of the form {{\"version\":\"1.0.0\",\"anyOf\":[{{\"authority\":URL,\"allOf\":[{{\"claim\":NAME,\"equals\":VALUE}}]}}]}}."
    )]
    Form,
    /// Another version of the grammar.
    #[error("The version of a release policy must be {VERSION}.")]
    Version,
    /// An authority, or a group of claims, that is empty, not exactly one of allOf and anyOf, or nested too deep.
    #[error(
        "Each authority and each group of a release policy has exactly one of allOf and anyOf, with one claim or more, at most {MAX_DEPTH} levels deep and {MAX_PARTS} in all."
    )]
    Group,
    /// An authority that is no URL of HTTPS.
    #[error("The authority of a release policy must be an https URL.")]
    Authority,
    /// A claim that is compared with neither a text, a number nor true or false.
    #[error("A claim of a release policy must equal a string, a number, true or false.")]
    Equals,
}

/// A release policy: one authority whose claims meet its condition is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasePolicy {
    rules: Vec<Rule>,
    /// Its JSON in the order that Azure answers, without blanks.
    json: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    authority: Url,
    condition: Condition,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    AllOf(Vec<Self>),
    AnyOf(Vec<Self>),
    /// A claim, by the names that lead to it, and what it must be as text: policies write `"true"` and mean `true`.
    Equals(Vec<String>, String),
}

impl ReleasePolicy {
    /// Reads a policy from its JSON.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(json: &[u8]) -> Result<Self, PolicyError> {
        if json.len() > MAX_BYTES {
            return Err(PolicyError::TooLong);
        }
        let document = Document::parse(json).ok_or(PolicyError::Form)?;
        if document.version != VERSION {
            return Err(PolicyError::Version);
        }
        let mut left = MAX_PARTS;
        let rules = document.rules().map(|rule| {
            Ok(Rule {
                authority: Url::parse(&rule.authority).ok_or(PolicyError::Authority)?,
                condition: Condition::group(&rule.any_of, &rule.all_of, MAX_DEPTH, &mut left)?,
            })
        });
        let rules = rules.collect::<Result<Vec<_>, _>>()?;
        if rules.is_empty() {
            return Err(PolicyError::Group);
        }
        let json = document.to_json().ok_or(PolicyError::Form)?;
        // A number may be longer in the form that is kept than in the one that was sent.
        if json.len() > MAX_BYTES {
            return Err(PolicyError::TooLong);
        }
        Ok(Self { rules, json })
    }

    /// Its JSON, in one form for each policy, which [`Self::parse`] reads again.
    pub fn as_json(&self) -> &[u8] {
        &self.json
    }

    /// The authorities that it asks.
    pub fn authorities(&self) -> impl Iterator<Item = &Url> {
        self.rules.iter().map(|rule| &rule.authority)
    }

    /// Whether it allows a release to what was attested so.
    pub fn allows(&self, attested: &Attested) -> bool {
        self.rules
            .iter()
            .any(|rule| rule.authority == attested.authority && rule.condition.holds(&attested.claims))
    }
}

impl Condition {
    fn group(
        any_of: &document::Parts,
        all_of: &document::Parts,
        depth: usize,
        left: &mut usize,
    ) -> Result<Self, PolicyError> {
        let (parts, whole): (_, fn(Vec<Self>) -> Self) = match (any_of, all_of) {
            (Some(parts), None) => (parts, Self::AnyOf),
            (None, Some(parts)) => (parts, Self::AllOf),
            (Some(_), Some(_)) | (None, None) => return Err(PolicyError::Group),
        };
        let depth = depth.checked_sub(1).ok_or(PolicyError::Group)?;
        *left = left.checked_sub(parts.len()).ok_or(PolicyError::Group)?;
        let conditions = parts.iter().map(|part| Self::part(&part.0, depth, left));
        let conditions = conditions.collect::<Result<Vec<_>, _>>()?;
        // All of none would hold whatever is attested.
        if conditions.is_empty() {
            return Err(PolicyError::Group);
        }
        Ok(whole(conditions))
    }

    fn part(part: &Part, depth: usize, left: &mut usize) -> Result<Self, PolicyError> {
        match part {
            Part {
                claim: Some(claim),
                equals: Some(equals),
                any_of: None,
                all_of: None,
            } => {
                let path = claim.split('.').map(str::to_owned).collect();
                let text = text(equals).ok_or(PolicyError::Equals)?;
                Ok(Self::Equals(path, text))
            }
            Part {
                claim: None,
                equals: None,
                any_of,
                all_of,
            } => Self::group(any_of, all_of, depth, left),
            _ => Err(PolicyError::Form),
        }
    }

    /// Whether it holds for these claims. A claim that is not there equals nothing.
    fn holds(&self, claims: &Value) -> bool {
        match self {
            Self::AllOf(conditions) => conditions.iter().all(|condition| condition.holds(claims)),
            Self::AnyOf(conditions) => conditions.iter().any(|condition| condition.holds(claims)),
            Self::Equals(path, expected) => {
                let found = path.iter().try_fold(claims, |value, name| value.get(name));
                found.and_then(text).is_some_and(|found| found == *expected)
            }
        }
    }
}

/// A plain value as text; a list and an object are none, and neither is null.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const AUTHORITY: &str = "https://attest.example";

    fn parse(policy: &Value) -> Result<ReleasePolicy, PolicyError> {
        ReleasePolicy::parse(policy.to_string().as_bytes())
    }

    fn policy(group: &Value) -> Value {
        let mut rule = json!({ "authority": AUTHORITY });
        let members = group.as_object().unwrap().clone();
        rule.as_object_mut().unwrap().extend(members);
        json!({ "version": "1.0.0", "anyOf": [rule] })
    }

    fn allows(group: &Value, claims: &Value) -> bool {
        let attested = Attested {
            authority: Url::parse(AUTHORITY).unwrap(),
            claims: claims.clone(),
        };
        parse(&policy(group)).unwrap().allows(&attested)
    }

    #[test]
    fn a_claim_is_compared_as_text_and_found_below_others() {
        let claims =
            json!({"sdk-test": true, "svn": 2, "tee": {"type": "sevsnpvm", "list": ["a"]}, "none": null});
        for (claim, equals, holds) in [
            ("sdk-test", json!(true), true),
            ("sdk-test", json!("true"), true),
            ("sdk-test", json!("True"), false),
            ("sdk-test", json!(false), false),
            ("svn", json!(2), true),
            ("svn", json!("2"), true),
            ("svn", json!(20), false),
            ("tee.type", json!("sevsnpvm"), true),
            ("tee", json!("sevsnpvm"), false),
            ("tee.list", json!("a"), false),
            ("tee.list.0", json!("a"), false),
            ("none", json!("null"), false),
            ("absent", json!("null"), false),
            ("absent", json!(false), false),
            ("", json!(""), false),
        ] {
            let group = json!({"allOf": [{"claim": claim, "equals": equals}]});
            assert_eq!(allows(&group, &claims), holds, "{claim} {equals}");
        }
    }

    #[test]
    fn all_of_a_group_or_any_of_it_must_hold_however_they_are_nested() {
        let claim = |name: &str| json!({"claim": name, "equals": "1"});
        let claims = json!({"a": "1", "b": "1", "c": "0"});
        for (group, holds) in [
            (json!({"allOf": [claim("a"), claim("b")]}), true),
            (json!({"allOf": [claim("a"), claim("c")]}), false),
            (json!({"anyOf": [claim("c"), claim("a")]}), true),
            (json!({"anyOf": [claim("c"), claim("d")]}), false),
            (
                json!({"allOf": [claim("a"), {"anyOf": [claim("c"), claim("b")]}]}),
                true,
            ),
            (
                json!({"anyOf": [claim("c"), {"allOf": [claim("a"), claim("c")]}]}),
                false,
            ),
        ] {
            assert_eq!(allows(&group, &claims), holds, "{group}");
        }
    }

    #[test]
    fn only_the_authority_that_attested_it_counts_with_or_without_its_last_slash() {
        let claims = json!({"a": "1"});
        let attested = |authority: &str| Attested {
            authority: Url::parse(authority).unwrap(),
            claims: claims.clone(),
        };
        let of = |authority: &str| {
            let rule = json!({"authority": authority, "allOf": [{"claim": "a", "equals": "1"}]});
            parse(&json!({"version": "1.0.0", "anyOf": [rule]})).unwrap()
        };
        assert!(of("https://attest.example/").allows(&attested(AUTHORITY)));
        assert!(of(AUTHORITY).allows(&attested("https://attest.example/")));
        for other in [
            "https://attest.example.evil",
            "https://attest.example/other",
            "https://attest",
        ] {
            assert!(!of(other).allows(&attested(AUTHORITY)), "{other}");
        }
    }

    #[test]
    fn what_is_not_of_the_grammar_is_refused_whatever_else_is_there() {
        let claim = json!({"claim": "a", "equals": "1"});
        let mut nested = json!({"allOf": [claim]});
        for _ in 0..MAX_DEPTH {
            nested = json!({"anyOf": [nested]});
        }
        let many = vec![claim.clone(); MAX_PARTS + 1];
        for (wrong, error) in [
            (json!({}), PolicyError::Form),
            (json!(["1.0.0", []]), PolicyError::Form),
            (
                json!({"version": "1.0.0", "anyOf": [[AUTHORITY, null, [claim]]]}),
                PolicyError::Form,
            ),
            (
                policy(&json!({"allOf": [["a", "1", null, null]]})),
                PolicyError::Form,
            ),
            (json!({"version": "1.0.0"}), PolicyError::Form),
            (json!({"version": "1.0.0", "anyOf": []}), PolicyError::Group),
            (
                json!({"version": "0.2", "anyOf": [{"authority": AUTHORITY, "allOf": [claim]}]}),
                PolicyError::Version,
            ),
            (policy(&json!({"allOf": []})), PolicyError::Group),
            (policy(&json!({})), PolicyError::Group),
            (policy(&json!({"noneOf": [claim]})), PolicyError::Form),
            (
                policy(&json!({"allOf": [claim], "anyOf": [claim]})),
                PolicyError::Group,
            ),
            (
                policy(&json!({"allOf": [claim], "unless": [claim]})),
                PolicyError::Form,
            ),
            (policy(&json!({"allOf": [{"claim": "a"}]})), PolicyError::Form),
            (
                policy(&json!({"allOf": [{"claim": "a", "equals": "1", "not": true}]})),
                PolicyError::Form,
            ),
            (
                policy(&json!({"allOf": [{"claim": "a", "equals": ["1"]}]})),
                PolicyError::Equals,
            ),
            (
                policy(&json!({"allOf": [{"claim": "a", "equals": null}]})),
                PolicyError::Form,
            ),
            (policy(&nested), PolicyError::Group),
            (policy(&json!({ "allOf": many })), PolicyError::Group),
            (
                json!({"version": "1.0.0", "anyOf": [{"authority": "http://attest.example", "allOf": [claim]}]}),
                PolicyError::Authority,
            ),
        ] {
            assert_eq!(parse(&wrong).unwrap_err(), error, "{wrong}");
        }
        let kept_longer = json!({"allOf": vec![json!({"claim": "a", "equals": 0}); MAX_PARTS]});
        let kept_longer = policy(&kept_longer).to_string().replace(":0}", ":1e15}");
        let rest = MAX_BYTES - kept_longer.len();
        let kept_longer = kept_longer.replacen("\"a\"", &format!("\"{}\"", "a".repeat(rest)), 1);
        assert!(kept_longer.len() <= MAX_BYTES);
        assert_eq!(
            ReleasePolicy::parse(kept_longer.as_bytes()).unwrap_err(),
            PolicyError::TooLong
        );
        let long = vec![b' '; MAX_BYTES + 1];
        assert_eq!(ReleasePolicy::parse(&long).unwrap_err(), PolicyError::TooLong);
    }

    #[test]
    fn a_policy_is_kept_without_blanks_in_the_order_that_azure_answers() {
        let sent = r#"{ "anyOf": [ { "anyOf": [ { "equals": true, "claim": "sdk-test" } ], "authority": "https://a.example/" } ], "version": "1.0.0" }"#;
        let kept = r#"{"version":"1.0.0","anyOf":[{"authority":"https://a.example/","anyOf":[{"claim":"sdk-test","equals":true}]}]}"#;
        let policy = ReleasePolicy::parse(sent.as_bytes()).unwrap();
        assert_eq!(policy.as_json(), kept.as_bytes());
        assert_eq!(ReleasePolicy::parse(policy.as_json()).unwrap(), policy);
    }

    #[test]
    fn a_number_means_what_was_sent_after_it_was_kept() {
        for number in [
            "0.1",
            "1e15",
            "2.2250738585072014e-308",
            "51.248178375505404",
            "-0.30000000000000004",
        ] {
            let group = json!({"allOf": [{"claim": "a", "equals": 0}]});
            let sent = policy(&group).to_string().replace(":0}", &format!(":{number}}}"));
            let policy = ReleasePolicy::parse(sent.as_bytes()).unwrap();
            assert_eq!(
                ReleasePolicy::parse(policy.as_json()).unwrap(),
                policy,
                "{number}"
            );
            let claims = serde_json::from_str(&format!("{{\"a\":{number}}}")).unwrap();
            let attested = Attested {
                authority: Url::parse(AUTHORITY).unwrap(),
                claims,
            };
            assert!(policy.allows(&attested), "{number}");
        }
    }
}
