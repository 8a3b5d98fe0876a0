//! The requests that vaults answered, as their audit logs have them: no second recording, and no value, which no record holds.

mod follow;

use std::{io, path::Path};

use serde::Deserialize;
use strongroom_core::{AccountName, VaultRef};

use follow::Follower;

/// One request that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The vault.
    pub vault: VaultRef,
    /// When it was decided: RFC 3339, in UTC.
    pub time: String,
    /// Who asked (`NAMESPACE:NAME`).
    pub account: String,
    /// What was asked, by Azure's name (`SecretGet`).
    pub operation: String,
    /// Of which object (`secrets/NAME`), if it named one.
    pub object: Option<String>,
    /// The status of the answer.
    pub status: u16,
    /// The error code; empty where it succeeded.
    pub code: String,
    /// Who decided.
    pub decision: Decision,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
}

/// What policy said, by the name of the policy that said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// This policy allowed it.
    Allowed(String),
    /// This policy denied it.
    Denied(String),
    /// No policy is about it, which denies it.
    NoPolicy,
    /// Policy was not asked: the form of the request is wrong.
    NotAsked,
}

/// The requests of one vault, from now on.
#[derive(Debug)]
pub struct Requests {
    vault: VaultRef,
    log: Follower,
}

impl Requests {
    /// Those of the vault whose audit log is in this directory.
    ///
    /// # Errors
    /// The system's.
    pub fn from_now(vault: VaultRef, log: &Path) -> io::Result<Self> {
        let log = Follower::from_now(log)?;
        Ok(Self { vault, log })
    }

    /// Those that were answered since the last call. Does not wait.
    ///
    /// # Errors
    /// The system's; the next call goes on.
    pub fn read(&mut self) -> io::Result<Vec<Request>> {
        let lines = self.log.read()?;
        let read = |line: &String| request(&self.vault, line);
        Ok(lines.iter().filter_map(read).collect())
    }
}

/// What a record says of the form that docs/reference/audit.md lays down.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    r#type: String,
    time: String,
    operation_name: String,
    result_description: String,
    duration_ms: u64,
    identity: Identity,
    properties: Properties,
    decision: String,
    #[serde(default)]
    policy: String,
}

#[derive(Deserialize)]
struct Identity {
    claim: Claim,
}

#[derive(Deserialize)]
struct Claim {
    upn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    id: String,
    http_status_code: u16,
}

/// The request that a record is of; none of one that is of something else.
fn request(vault: &VaultRef, record: &str) -> Option<Request> {
    let record: Record = serde_json::from_str(record).ok()?;
    if record.r#type != "request" {
        return None;
    }
    let upn = record.identity.claim.upn;
    let account = upn.strip_prefix(AccountName::SUBJECT_PREFIX).unwrap_or(&upn);
    let decision = match record.decision.as_str() {
        "Allow" => Decision::Allowed(record.policy),
        "Deny" => Decision::Denied(record.policy),
        "NoPolicy" => Decision::NoPolicy,
        _ => Decision::NotAsked,
    };
    Some(Request {
        vault: vault.clone(),
        time: record.time,
        account: account.to_owned(),
        operation: record.operation_name,
        object: object(&record.properties.id),
        status: record.properties.http_status_code,
        code: record.result_description,
        decision,
        milliseconds: record.duration_ms,
    })
}

/// `secrets/NAME` of `https://HOST/secrets/NAME/VERSION`.
fn object(id: &str) -> Option<String> {
    let (_, path) = id.strip_prefix("https://")?.split_once('/')?;
    let mut parts = path.split('/');
    let (kind, name) = (parts.next()?, parts.next()?);
    Some(format!("{kind}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_shown_by_its_kind_and_name() {
        assert_eq!(
            object("https://a.b.svc/secrets/db/0123").as_deref(),
            Some("secrets/db")
        );
        assert_eq!(object("https://a.b.svc/keys/k").as_deref(), Some("keys/k"));
        assert_eq!(object("https://a.b.svc"), None);
    }

    #[test]
    fn what_is_no_request_is_passed_over() {
        let vault = VaultRef::new("a".parse().unwrap(), "b".parse().unwrap());
        assert_eq!(request(&vault, r#"{"type":"event","time":"t"}"#), None);
        assert_eq!(request(&vault, "no JSON"), None);
    }
}
