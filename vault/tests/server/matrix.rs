//! Every operation on an object in every state under every kind of policy.
//!
//! What is expected is the wire contract of Azure Key Vault, written down here as tables: which permission each operation
//! needs, what it answers in each state of an object, and what a policy lets through.

mod certificates;
mod keys;
mod secrets;

use std::collections::BTreeMap;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_core::BundlePolicy;
use strongroom_testing::vault::{Answer, Vault, allow, deny};

use self::{
    certificates::CERTIFICATES,
    keys::{KEYS_AT_WORK, KEYS_IN_LIFE},
    secrets::SECRETS,
};
use crate::support::attestation::Attestation;

/// Who asks.
const CALLER: &str = "shop/api";

/// A status, and the code that clients branch on.
type Expected = (u16, &'static str);

const OK: Expected = (200, "");
const PURGED: Expected = (204, "");
const BLOCKED: Expected = (409, "ObjectIsDeletedButRecoverable");
const TAKEN: Expected = (409, "Conflict");
const PROTECTED: Expected = (403, "Forbidden");
const FORBIDDEN: Expected = (403, "ForbiddenByPolicy");
const CLOSED: Expected = (503, "PolicyUnavailable");

/// Its name, the permission that it needs, its method and path, and what it answers about an object that is missing, live,
/// disabled, expired, deleted, and deleted under protection.
type Row = (&'static str, &'static str, Method, &'static str, [Expected; 6]);

/// A kind of object, and what is asked about it.
struct Kind {
    /// The first segment of its paths.
    collection: &'static str,
    /// Every permission on it.
    permissions: &'static [&'static str],
    rows: &'static [Row],
    /// The method that makes an object, and what stands behind the path of the object.
    made_by: (Method, &'static str),
    /// The body of that, but for its attributes.
    content: fn() -> Value,
    /// What is sent for an operation.
    body: fn(&str, &Object) -> Option<Value>,
}

/// An operation, as its row says.
struct Operation {
    name: &'static str,
    needs: &'static str,
    method: Method,
    /// With `NAME`, and `VERSION` where it names one.
    path: &'static str,
    answers: [Expected; 6],
}

impl Operation {
    /// Whether it is about all objects that the caller may see.
    fn is_list(&self) -> bool {
        self.needs.ends_with("list") && !self.path.contains("NAME")
    }

    /// Whether it leaves the object as it is.
    fn reads(&self) -> bool {
        let (_, word) = self.path.rsplit_once('/').unwrap();
        let writes = ["create", "import", "merge", "rotate", "recover", "restore"];
        self.method == Method::GET || self.method == Method::POST && !writes.contains(&word)
    }
}

impl Kind {
    fn operations(&self) -> Vec<Operation> {
        let operation = |(name, needs, method, path, answers): &Row| Operation {
            name,
            needs,
            method: method.clone(),
            path,
            answers: *answers,
        };
        self.rows.iter().map(operation).collect()
    }
}

const STATES: [&str; 6] = ["missing", "live", "disabled", "expired", "deleted", "protected"];

/// What a policy lets through of an operation.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Verdict {
    Allowed,
    /// Allowed, but the object is not seen in lists.
    Hidden,
    Refused,
}

/// The policies that stand for `CALLER`, and what they let through of an operation on `name` that needs `needed`.
fn policies(
    kind: &Kind,
    name: &str,
    operation: &Operation,
) -> Vec<(&'static str, Vec<BundlePolicy>, Verdict)> {
    let needed = &[operation.needs][..];
    let every = kind.permissions;
    let others: Vec<&str> = every
        .iter()
        .copied()
        .filter(|other| *other != operation.needs)
        .collect();
    let prefix = format!("{}*", &name[..2]);
    let all = |objects: &str| allow("all", CALLER, &[objects], every);
    let hidden = if operation.is_list() {
        Verdict::Hidden
    } else {
        Verdict::Refused
    };
    vec![
        ("none", vec![], Verdict::Refused),
        (
            "another account's",
            vec![allow("other", "shop/web", &["*"], every)],
            Verdict::Refused,
        ),
        ("everything", vec![all("*")], Verdict::Allowed),
        ("all of a prefix", vec![all(&prefix)], Verdict::Allowed),
        ("all of the name", vec![all(name)], Verdict::Allowed),
        (
            "what is needed alone",
            vec![allow("one", CALLER, &[name], needed)],
            Verdict::Allowed,
        ),
        (
            "all but what is needed",
            vec![allow("rest", CALLER, &["*"], &others)],
            Verdict::Refused,
        ),
        ("all of another name", vec![all("another")], hidden),
        (
            "a deny of the name",
            vec![all("*"), deny("no", CALLER, &[name], every)],
            hidden,
        ),
        (
            "a broader deny of what is needed",
            vec![all(name), deny("no", CALLER, &[&prefix], needed)],
            Verdict::Refused,
        ),
        (
            "a deny of everything",
            vec![all(name), deny("no", CALLER, &["*"], needed)],
            Verdict::Refused,
        ),
        (
            "a deny of something else",
            vec![all(name), deny("no", CALLER, &["*"], &others)],
            Verdict::Allowed,
        ),
    ]
}

/// A vault, and a fresh name for each case.
struct Cases {
    kind: &'static Kind,
    vault: Vault,
    made: u32,
    generation: u64,
}

/// An object in a state.
struct Object {
    name: String,
    version: String,
    backup: String,
}

impl Cases {
    async fn of(kind: &'static Kind, protected: bool) -> Self {
        let authority = Attestation::new().argument();
        let mut arguments = vec!["--account-rate=1000000", &authority];
        arguments.extend(protected.then_some("--purge-protection"));
        Self {
            kind,
            vault: Vault::start_with(&arguments).await,
            made: 0,
            generation: 1,
        }
    }

    async fn put(&mut self, mut policies: Vec<BundlePolicy>) {
        self.generation += 1;
        policies.push(allow("admins", "team-a/admin", &["*"], self.kind.permissions));
        self.vault.policy(self.generation, policies).await;
    }

    async fn admin(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let answer = self.vault.admin(method, path, body).await;
        assert!(answer.status.is_success(), "{path}: {answer:?}");
        answer
    }

    /// The path of `name` among the objects, or with the prefix `deleted` among those that are deleted.
    fn path(&self, prefix: &str, name: &str) -> String {
        format!("/{prefix}{}/{name}", self.kind.collection)
    }

    async fn make(&mut self, state: &str) -> Object {
        self.made += 1;
        let name = format!("m{:05}", self.made);
        let path = self.path("", &name);
        let mut body = (self.kind.content)();
        match state {
            "disabled" => body["attributes"]["enabled"] = json!(false),
            "expired" => {
                body["attributes"]["nbf"] = json!(1_000_000_000);
                body["attributes"]["exp"] = json!(1_000_000_001);
            }
            _ => {}
        }
        let (method, suffix) = self.kind.made_by.clone();
        let made = self
            .admin(method, &format!("{path}{suffix}"), Some(body))
            .await
            .body;
        let id = made["id"].as_str().or(made["key"]["kid"].as_str()).unwrap();
        let version = id.rsplit('/').next().unwrap().to_owned();
        let backup = self.admin(Method::POST, &format!("{path}/backup"), None).await;
        let backup = backup.body["value"].as_str().unwrap().to_owned();
        if ["missing", "deleted", "protected"].contains(&state) {
            self.admin(Method::DELETE, &path, None).await;
        }
        if state == "missing" {
            self.admin(Method::DELETE, &self.path("deleted", &name), None)
                .await;
        }
        Object {
            name,
            version,
            backup,
        }
    }

    async fn ask(&self, operation: &Operation, object: &Object) -> Answer {
        let path = operation
            .path
            .replace("NAME", &object.name)
            .replace("VERSION", &object.version);
        let body = (self.kind.body)(operation.name, object);
        self.vault
            .request(CALLER, operation.method.clone(), &path, body)
            .await
    }

    /// What an admin sees of an object.
    async fn picture(&self, object: &Object) -> Vec<(StatusCode, Value)> {
        let mut picture = Vec::new();
        let path = self.path("", &object.name);
        for path in [
            format!("{path}/versions"),
            path,
            self.path("deleted", &object.name),
        ] {
            let answer = self.vault.get(&path).await;
            picture.push((answer.status, answer.body));
        }
        picture
    }
}

fn assert_answer(answer: &Answer, expected: Expected, case: &str) {
    let (status, code) = expected;
    // The most exact one there is.
    let found = if answer.inner().is_empty() {
        answer.code()
    } else {
        answer.inner()
    };
    assert_eq!(
        (answer.status.as_u16(), found),
        (status, code),
        "{case}: {answer:?}"
    );
}

/// The answer about an object that has the place of this one but was never there, with the names taken out.
fn nameless(answer: &Answer, object: &Object) -> (StatusCode, String) {
    let text = answer.body.to_string().replace(&object.name, "NAME");
    (answer.status, text)
}

async fn try_all(cases: &mut Cases, states: &[usize]) -> usize {
    let mut tried = 0;
    let mut answered = Vec::new();
    let kind = cases.kind;
    for operation in &kind.operations() {
        let mut refusal = None;
        for &state in states {
            for place in 0..policies(kind, "m00000", operation).len() {
                let object = cases.make(STATES[state]).await;
                let (which, policies, verdict) = policies(kind, &object.name, operation).swap_remove(place);
                cases.put(policies).await;
                let before = cases.picture(&object).await;
                let answer = cases.ask(operation, &object).await;
                let id = answer.headers["x-ms-request-id"].to_str().unwrap();
                answered.push((id.to_owned(), answer.status.as_u16()));
                let case = format!("{} of a {} object under {which}", operation.name, STATES[state]);
                tried += 1;
                match verdict {
                    Verdict::Allowed | Verdict::Hidden => {
                        assert_answer(&answer, operation.answers[state], &case);
                    }
                    Verdict::Refused => {
                        assert_answer(&answer, FORBIDDEN, &case);
                        let seen = nameless(&answer, &object);
                        assert_eq!(*refusal.get_or_insert(seen.clone()), seen, "{case}");
                    }
                }
                if operation.is_list() {
                    let is_deleted = state >= 4;
                    let has_it = answer.body["value"].to_string().contains(&object.name);
                    let lists_such = state != 0 && is_deleted == operation.path.contains("deleted");
                    // Of many others, it may be on a later page.
                    if verdict == Verdict::Hidden || !lists_such {
                        assert!(!has_it, "{case}");
                    }
                }
                if verdict == Verdict::Refused || !answer.status.is_success() || operation.reads() {
                    assert_eq!(cases.picture(&object).await, before, "{case} changed something");
                }
            }
        }
    }
    assert_logged(&cases.vault, &answered);
    tried
}

/// The log says of each request what was answered. Of refusals, which it counts, it has the first ones alone.
fn assert_logged(vault: &Vault, answered: &[(String, u16)]) {
    let records = vault.files.audit_lines();
    let status = |record: &Value| record["properties"]["httpStatusCode"].as_u64();
    let id = |record: &Value| record["correlationId"].as_str().map(str::to_owned);
    let logged: BTreeMap<_, _> = records
        .iter()
        .filter_map(|record| Some((id(record)?, (status(record)?, record))))
        .collect();
    for (id, status) in answered {
        match logged.get(id) {
            Some((found, record)) => assert_eq!(*found, u64::from(*status), "{record}"),
            None => assert_eq!(*status, 403, "{id} has no record"),
        }
    }
}

/// Tries every operation of `kind`, of which there are so many.
async fn answers_as_the_contract_says(kind: &'static Kind, operations: usize) {
    let mut cases = Cases::of(kind, false).await;
    let tried = try_all(&mut cases, &[0, 1, 2, 3, 4]).await;
    let mut cases = Cases::of(kind, true).await;
    let tried = tried + try_all(&mut cases, &[5]).await;
    assert_eq!(tried, operations * 6 * 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_in_every_state_under_every_policy_answers_as_the_contract_says() {
    answers_as_the_contract_says(&SECRETS, 13).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_on_a_key_s_life_in_every_state_under_every_policy_does_too() {
    answers_as_the_contract_says(&KEYS_IN_LIFE, 18).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_work_with_a_key_in_every_state_under_every_policy_does_too() {
    answers_as_the_contract_says(&KEYS_AT_WORK, 11).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_on_a_certificate_in_every_state_under_every_policy_does_too() {
    answers_as_the_contract_says(&CERTIFICATES, 22).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_policy_cannot_be_asked_every_operation_in_every_state_is_refused_alike() {
    for kind in [&SECRETS, &KEYS_IN_LIFE, &KEYS_AT_WORK, &CERTIFICATES] {
        let mut cases = Cases::of(kind, false).await;
        let mut objects = Vec::new();
        for state in &STATES[..5] {
            objects.push(cases.make(state).await);
        }
        cases
            .put(vec![allow("all", CALLER, &["*"], kind.permissions)])
            .await;
        let service = cases.vault.running.service().clone();
        let close = move || service.policy.detect_rollback(u64::MAX / 2).unwrap();
        assert!(tokio::task::spawn_blocking(close).await.unwrap());
        for operation in &kind.operations() {
            for object in &objects {
                let answer = cases.ask(operation, object).await;
                assert_answer(&answer, CLOSED, operation.name);
            }
        }
    }
}
