//! The members of a record's line, in order: Azure's names (learn.microsoft.com, Key Vault logging), then ours.
//!
//! Written by hand, since every read waits for it: a serialiser that takes each name, quote and comma by itself costs
//! five times the instructions. What a caller chooses goes through [`Line::text`]; everything else is a word of the
//! program or of a type that has no character to escape.

use std::{fmt::Write as _, time::Duration};

use strongroom_core::Identity;

use super::{Origin, Outcome, Record, Resource, Verdict};
use crate::entry::Time;

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
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        self.json("\\u").shown(format_args!("{unit:04x}"));
                    }
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
        identity,
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
    claims(line, identity);
    line.json(",\"properties\":{\"clientInfo\":\"")
        .text(client.as_str());
    line.json("\",\"requestUri\":\"").text(path.path());
    if let Some(version) = path.api_version() {
        line.json("?api-version=").plain(version);
    }
    line.json("\",\"id\":\"").plain(&record.vault.uri);
    object(line, &record.resource);
    line.json("\",\"httpStatusCode\":").shown(record.outcome.status);
    line.json(",\"tlsVersion\":\"").plain(tls.as_str()).json("\"}");
    account(line, identity);
}

/// A service account is its own application, so `appid` is its UID too.
fn claims(line: &mut Line, identity: &Identity) {
    line.json("\"identity\":{\"claim\":{\"oid\":\"")
        .plain(identity.uid.as_str());
    line.json("\",\"upn\":\"system:serviceaccount:")
        .plain(identity.namespace.as_str());
    line.json(":").plain(identity.name.as_str());
    line.json("\",\"appid\":\"")
        .plain(identity.uid.as_str())
        .json("\"}}");
}

fn object(line: &mut Line, resource: &Resource) {
    let Resource::Object { kind, name, version } = resource else {
        return;
    };
    line.json("/").plain(kind.as_str()).json("/").plain(name.as_str());
    if let Some(version) = version {
        line.json("/").shown(version);
    }
}

fn account(line: &mut Line, identity: &Identity) {
    line.json(",\"namespace\":\"").plain(identity.namespace.as_str());
    line.json("\",\"serviceAccount\":\"")
        .plain(identity.name.as_str())
        .json("\"");
    if let Some(pod) = &identity.pod {
        line.json(",\"pod\":{\"name\":\"").plain(pod.name.as_str());
        line.json("\",\"uid\":\"").plain(pod.uid.as_str()).json("\"}");
    }
    if let Some(node) = &identity.node {
        line.json(",\"node\":\"").plain(node.name.as_str()).json("\"");
    }
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
