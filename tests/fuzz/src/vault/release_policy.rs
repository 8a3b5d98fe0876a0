//! Release policies: what an attestation must say of an environment that a key is released to.

use serde_json::{Value, json};
use strongroom_engine::{
    crypto_key::release::ReleaseTerms,
    format::{
        codec::{Decoder, Encoder},
        encoded::Encoded as _,
    },
};
use strongroom_vault::keys::release::{
    authority::{Attested, Url},
    policy::{MAX_BYTES, ReleasePolicy},
};

use super::authority::{AUTHORITY, OTHER, POLICY};
use crate::{Seed, Verdict, input::json};

/// How many claims, groups and authorities a policy has at most, and how deep groups nest.
const PARTS: usize = 256;
const DEPTH: usize = 8;

/// The input is a policy and, behind a line feed, the claims of an environment.
///
/// - A policy that is taken is of the grammar, whole: nothing in it is unknown, empty or beyond a limit.
/// - What is kept of it says what was meant, is read again as the same, and is in a record as it was.
/// - It allows a release as a second reading of it does, and asks the authorities that it names.
pub fn release_policy(input: &[u8]) -> Verdict {
    let mut parts = input.splitn(2, |byte| *byte == b'\n');
    let (text, claims) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Ok(policy) = ReleasePolicy::parse(text) else {
        return Verdict::Refused;
    };
    assert!(text.len() <= MAX_BYTES);
    let meant = without_nulls(json(text));
    must_be_of_the_grammar(&meant);
    assert_eq!(json(policy.as_json()), meant, "what is kept says something else");
    assert_eq!(ReleasePolicy::parse(policy.as_json()).as_ref(), Ok(&policy));
    must_be_kept(policy.as_json());
    let rules = meant["anyOf"].as_array().unwrap();
    let named: Vec<&str> = rules.iter().map(authority_of).collect();
    assert!(policy.authorities().map(Url::as_str).eq(named.iter().copied()));
    let claims: Value = serde_json::from_slice(claims).unwrap_or_default();
    for authority in named.into_iter().chain([AUTHORITY, "https://nobody.example"]) {
        let attested = Attested {
            authority: Url::parse(authority).unwrap(),
            claims: claims.clone(),
        };
        let is_allowed = rules
            .iter()
            .any(|rule| authority_of(rule) == attested.authority.as_str() && holds(rule, &claims));
        assert_eq!(policy.allows(&attested), is_allowed, "{meant} of {claims}");
    }
    Verdict::Taken
}

/// Members that are null are as if they were not there.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().filter(|(_, value)| !value.is_null());
            members
                .map(|(name, value)| (name, without_nulls(value)))
                .collect()
        }
        Value::Array(values) => values.into_iter().map(without_nulls).collect(),
        plain => plain,
    }
}

fn must_be_of_the_grammar(policy: &Value) {
    assert_eq!(policy["version"], "1.0.0");
    assert_eq!(
        policy.as_object().unwrap().len(),
        2,
        "a member that nobody knows: {policy}"
    );
    let rules = policy["anyOf"].as_array().unwrap();
    assert!(!rules.is_empty());
    let parts: usize = rules
        .iter()
        .map(|rule| {
            assert!(rule["authority"].as_str().unwrap().starts_with("https://"));
            parts_of(rule, 2, DEPTH)
        })
        .sum();
    assert!(parts <= PARTS, "{parts} parts");
}

/// How many parts a group has that has so many members and nests at most so deep.
fn parts_of(group: &Value, members: usize, depth: usize) -> usize {
    assert!(depth > 0, "too deep");
    assert_eq!(
        group.as_object().unwrap().len(),
        members,
        "a member that nobody knows: {group}"
    );
    let parts = parts(group).unwrap().1;
    assert!(!parts.is_empty(), "a group of nothing");
    let below = parts.iter().map(|part| {
        let Some(claim) = part.get("claim") else {
            return parts_of(part, 1, depth - 1);
        };
        assert!(claim.is_string() && text(&part["equals"]).is_some(), "{part}");
        assert_eq!(part.as_object().unwrap().len(), 2, "{part}");
        0
    });
    parts.len() + below.sum::<usize>()
}

/// Whether all parts of a group must hold, and which they are.
fn parts(group: &Value) -> Option<(bool, &Vec<Value>)> {
    let of = |name: &str| group.get(name).and_then(Value::as_array);
    match (of("allOf"), of("anyOf")) {
        (Some(parts), None) => Some((true, parts)),
        (None, Some(parts)) => Some((false, parts)),
        (Some(_), Some(_)) | (None, None) => None,
    }
}

fn authority_of(rule: &Value) -> &str {
    let url = rule["authority"].as_str().unwrap();
    url.strip_suffix('/').unwrap_or(url)
}

/// Whether a claim, or a group, holds for these claims.
fn holds(part: &Value, claims: &Value) -> bool {
    if let Some((all, parts)) = parts(part) {
        let failing = parts.iter().filter(|part| !holds(part, claims)).count();
        return if all { failing == 0 } else { failing < parts.len() };
    }
    let mut found = claims;
    for name in part["claim"].as_str().unwrap().split('.') {
        match found.as_object().and_then(|members| members.get(name)) {
            Some(member) => found = member,
            None => return false,
        }
    }
    text(found).is_some_and(|found| Some(found) == text(&part["equals"]))
}

/// A text, a number, true or false as text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The terms with this policy are read from a record as they were written, in the room that they are given.
fn must_be_kept(policy: &[u8]) {
    let terms = ReleaseTerms {
        policy: policy.into(),
        is_immutable: policy.len().is_multiple_of(2),
    };
    let mut encoder = Encoder::with_capacity(terms.room());
    terms.put(&mut encoder);
    let bytes = encoder.into_bytes();
    assert!(bytes.len() <= terms.room());
    let mut decoder = Decoder::new(&bytes);
    assert_eq!(ReleaseTerms::take(&mut decoder), Ok(terms));
    decoder.finish().unwrap();
}

/// Policies that are taken, and what is none.
pub fn seeds() -> Vec<Seed> {
    let claim = |name: &str, equals: &Value| json!({"claim": name, "equals": equals});
    let test = || claim("sdk-test", &json!("true"));
    let rule = |group: &Value| {
        let mut rule = json!({ "authority": AUTHORITY });
        rule.as_object_mut()
            .unwrap()
            .extend(group.as_object().unwrap().clone());
        rule
    };
    let of = |rules: &[Value]| {
        let policy = json!({"version": "1.0.0", "anyOf": rules});
        let claims = json!({"sdk-test": true, "svn": 2, "tee": {"type": "sevsnpvm"}});
        format!("{policy}\n{claims}")
    };
    let mut nested = json!({"allOf": [test()]});
    for _ in 1..DEPTH {
        nested = json!({"anyOf": [nested]});
    }
    let too_deep = json!({ "allOf": [nested.clone()] });
    let groups = json!({"allOf": [
        claim("svn", &json!(2)),
        {"anyOf": [claim("tee.type", &json!("tdxvm")), claim("tee.type", &json!("sevsnpvm"))]},
    ]});
    let other = json!({"authority": format!("{OTHER}/"), "anyOf": [claim("tee.none", &json!(false))]});
    let all = |parts: Vec<Value>| of(&[rule(&json!({ "allOf": parts }))]);
    vec![
        Seed::taken("claim", POLICY),
        Seed::taken("groups", of(&[rule(&groups), other])),
        Seed::taken("nested", of(&[rule(&nested)])),
        Seed::taken(
            "numbers",
            all(vec![claim("svn", &json!(2.5)), claim("", &json!(-1))]),
        ),
        Seed::taken("fraction", POLICY.replace(r#""true""#, "51.248178375505404")),
        Seed::taken("nulls", POLICY.replace(r#","allOf""#, r#","anyOf":null,"allOf""#)),
        Seed::taken("as-many-as-there-may-be", all(vec![test(); PARTS])),
        Seed::refused("too-many", all(vec![test(); PARTS + 1])),
        Seed::refused("too-deep", of(&[rule(&too_deep)])),
        Seed::refused("no-rules", of(&[])),
        Seed::refused("no-claims", all(vec![])),
        Seed::refused("another-version", POLICY.replace("1.0.0", "0.2")),
        Seed::refused("without-tls", POLICY.replace("https", "http")),
        Seed::refused(
            "a-member-too-many",
            POLICY.replace(r#","allOf""#, r#","unless":[],"allOf""#),
        ),
        Seed::refused(
            "all-and-any",
            POLICY.replace(r#","allOf""#, r#","anyOf":[],"allOf""#),
        ),
        Seed::refused(
            "a-member-twice",
            POLICY.replace(r#","allOf""#, r#","allOf":[],"allOf""#),
        ),
        Seed::refused("longer-when-kept", longer_when_kept()),
        Seed::refused(
            "a-list-for-an-object",
            all(vec![json!(["sdk-test", "true", null, null])]),
        ),
        Seed::refused("equal-to-a-list", all(vec![claim("svn", &json!(["2"]))])),
    ]
}

/// A policy as long as one may be, whose numbers are longer in the form that is kept.
fn longer_when_kept() -> String {
    let claim = |name: &str| format!(r#"{{"claim":"{name}","equals":1e15}}"#);
    let policy = |longest: usize| {
        let claims = vec![claim("svn"); PARTS - 1].join(",");
        let last = claim(&"a".repeat(longest));
        format!(r#"{{"version":"1.0.0","anyOf":[{{"authority":"{AUTHORITY}","allOf":[{claims},{last}]}}]}}"#)
    };
    let rest = MAX_BYTES - policy(0).len();
    policy(rest)
}
