//! The members of a record's line, in order: Azure's names (learn.microsoft.com, Key Vault logging), then ours.
//!
//! Written by hand, since every read waits for it: a serialiser that takes each name, quote and comma by itself costs
//! five times the instructions. What a caller chooses goes through [`Line::text`]; everything else is a word of the
//! program or of a type that has no character to escape.

use std::{fmt::Write as _, time::Duration};

use strongroom_core::{AccountName, NamedObject, NodeRef, PodRef, Principal, ServiceAccount};

use super::{Origin, Outcome, Record, Resource, Verdict};
use crate::{escape::Escaped, time::Time};

/// A line in the making.
#[derive(Debug)]
struct Line(String);

impl Line {
    /// JSON of the program's own.
    fn json(&mut self, json: &'static str) -> &mut Self {
        self.0.push_str(json);
        self
    }

    /// The text of a type without characters to escape.
    fn plain(&mut self, text: &str) -> &mut Self {
        debug_assert!(text.bytes().all(is_plain), "{text:?} has nothing to escape");
        self.0.push_str(text);
        self
    }

    /// The same of a type that is not kept as text.
    fn shown(&mut self, value: impl std::fmt::Display) -> &mut Self {
        // A string takes whatever is written to it.
        let _ = write!(self.0, "{value}");
        self
    }

    /// Any text. What comes of it is printable ASCII: it can end neither a string nor a line, nor speak to a terminal.
    fn text(&mut self, text: &str) -> &mut Self {
        // Without an early end, so that the compiler looks at many bytes at once.
        if text.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
            self.0.push_str(text);
            return self;
        }
        for character in text.chars() {
            match character {
                '"' | '\\' => self.0.extend(['\\', character]),
                ' '..='~' => self.0.push(character),
                _ => {
                    self.shown(Escaped(character));
                }
            }
        }
        self
    }
}

/// Whether a byte stands for itself in a JSON string, and is printable ASCII.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~')
}

/// The record's text without its closing brace.
pub(crate) fn body(record: &Record) -> Vec<u8> {
    let mut line = Line(String::with_capacity(1024));
    line.json("{\"type\":\"request\",\"time\":\"")
        .shown(Time(record.time));
    line.json("\",\"resourceId\":\"").plain(&record.vault.id);
    line.json("\",\"operationName\":\"")
        .plain(record.operation.as_str());
    if let Some(version) = record.origin.path.api_version() {
        line.json("\",\"operationVersion\":\"").plain(version);
    }
    line.json("\",\"category\":\"AuditEvent\"");
    result(&mut line, record.outcome, record.duration);
    origin(&mut line, record);
    decision(&mut line, &record.verdict);
    line.0.into_bytes()
}

fn result(line: &mut Line, outcome: Outcome, duration: Duration) {
    line.json(",\"resultType\":\"")
        .plain(if outcome.is_success() { "Success" } else { "Failed" });
    line.json("\",\"resultSignature\":\"");
    match phrase(outcome.status) {
        Some(phrase) => line.plain(phrase),
        None => line.shown(outcome.status),
    };
    line.json("\",\"resultDescription\":\"")
        .text(outcome.code.unwrap_or_default());
    line.json("\",\"durationMs\":").shown(duration.as_millis());
}

fn origin(line: &mut Line, record: &Record) {
    let Origin {
        principal,
        caller,
        correlation,
        client,
        path,
        tls,
    } = &record.origin;
    line.json(",\"callerIpAddress\":\"").shown(caller);
    line.json("\",\"correlationId\":\"")
        .shown(correlation)
        .json("\",");
    claims(line, principal);
    line.json(",\"properties\":{\"clientInfo\":\"")
        .text(client.as_str());
    line.json("\",\"requestUri\":\"").text(path.path());
    if let Some(version) = path.api_version() {
        line.json("?api-version=").plain(version);
    }
    line.json("\",\"id\":\"").plain(&record.vault.uri);
    object(line, &record.resource);
    line.json("\",\"httpStatusCode\":").shown(record.outcome.status);
    if let Some(version) = tls {
        line.json(",\"tlsVersion\":\"").plain(version.as_str()).json("\"");
    }
    line.json("}");
    self::principal(line, principal);
}

/// What every principal has, under Azure's names. A service account is its own application, so `appid` is its UID too.
fn claims(line: &mut Line, principal: &Principal) {
    let Principal::ServiceAccount(ServiceAccount { name, uid, .. }) = principal;
    line.json("\"identity\":{\"claim\":{\"oid\":\"")
        .plain(uid.as_str());
    line.json("\",\"upn\":\"")
        .json(AccountName::SUBJECT_PREFIX)
        .plain(name.namespace.as_str());
    line.json(":").plain(name.name.as_str());
    line.json("\",\"appid\":\"").plain(uid.as_str()).json("\"}}");
}

fn object(line: &mut Line, resource: &Resource) {
    let Resource::Object(NamedObject { kind, name, version }) = resource else {
        return;
    };
    line.json("/").plain(kind.as_str()).json("/").plain(name.as_str());
    if let Some(version) = version {
        line.json("/").shown(version);
    }
}

/// What the type of a principal adds, in the form that docs/reference/audit.md lays down.
fn principal(line: &mut Line, principal: &Principal) {
    match principal {
        Principal::ServiceAccount(account) => service_account(line, account),
    }
}

fn service_account(line: &mut Line, account: &ServiceAccount) {
    let ServiceAccount { name, pod, node, .. } = account;
    line.json(",\"principal\":{\"type\":\"ServiceAccount\",\"namespace\":\"")
        .plain(name.namespace.as_str());
    line.json("\",\"name\":\"").plain(name.name.as_str()).json("\"");
    if let Some(PodRef { name, uid }) = pod {
        line.json(",\"pod\":{\"name\":\"").plain(name.as_str());
        line.json("\",\"uid\":\"").plain(uid.as_str()).json("\"}");
    }
    if let Some(NodeRef { name, uid }) = node {
        line.json(",\"node\":{\"name\":\"").plain(name.as_str());
        if let Some(uid) = uid {
            line.json("\",\"uid\":\"").plain(uid.as_str());
        }
        line.json("\"}");
    }
    line.json("}");
}

fn decision(line: &mut Line, verdict: &Verdict) {
    let (decision, policy) = match verdict {
        Verdict::Allow(policy) => ("Allow", Some(policy)),
        Verdict::Deny(policy) => ("Deny", Some(policy)),
        Verdict::NoPolicy => ("NoPolicy", None),
        Verdict::NotAsked => ("NotAsked", None),
    };
    line.json(",\"decision\":\"").plain(decision).json("\"");
    if let Some(policy) = policy {
        line.json(",\"policy\":\"").text(policy.as_str()).json("\"");
    }
}

/// The status as Azure writes it here: its phrase.
const fn phrase(status: u16) -> Option<&'static str> {
    Some(match status {
        200 => "OK",
        204 => "No Content",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        413 => "Payload Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => return None,
    })
}
