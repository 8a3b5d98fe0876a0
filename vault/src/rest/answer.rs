//! Answers as JSON, in memory that is wiped: secret bundles, pages and backups (Secrets/models.tsp).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use serde::Serialize;
use strongroom_core::Timestamp;
use strongroom_engine::{Answer, Attributes, ItemPage, SecretBundle, SecretValue, Tags};
use zeroize::Zeroizing;

use super::{host::Host, query::Query};

/// The bundle of one secret, or one item of a list.
#[derive(Serialize)]
struct Bundle<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    id: String,
    attributes: AttributesJson,
    #[serde(rename = "contentType", skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
    tags: &'a Tags,
    #[serde(rename = "recoveryId", skip_serializing_if = "Option::is_none")]
    recovery_id: Option<String>,
    #[serde(rename = "deletedDate", skip_serializing_if = "Option::is_none")]
    deleted_date: Option<u64>,
    #[serde(rename = "scheduledPurgeDate", skip_serializing_if = "Option::is_none")]
    scheduled_purge_date: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AttributesJson {
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<u64>,
    created: u64,
    updated: u64,
    recovery_level: &'static str,
    recoverable_days: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    value: Vec<Bundle<'a>>,
    next_link: Option<String>,
}

#[derive(Serialize)]
struct Backup {
    value: String,
}

/// Which list a page is of: its path, and whether its items are versions.
#[derive(Debug, Clone)]
pub(crate) struct ListOf {
    /// The path of the list.
    pub(crate) path: String,
    /// Whether an item's id names its version.
    pub(crate) versions: bool,
}

impl From<&Attributes> for AttributesJson {
    fn from(attributes: &Attributes) -> Self {
        Self {
            enabled: attributes.enabled,
            nbf: attributes.not_before.map(Timestamp::unix),
            exp: attributes.expires.map(Timestamp::unix),
            created: attributes.created.unix(),
            updated: attributes.updated.unix(),
            recovery_level: attributes.recovery_level.as_str(),
            recoverable_days: attributes.recoverable_days,
        }
    }
}

impl<'a> Bundle<'a> {
    fn new(bundle: &'a SecretBundle, host: &Host, with_version: bool) -> Self {
        let (host, name) = (host.as_str(), &bundle.name);
        let id = if with_version {
            format!("https://{host}/secrets/{name}/{}", bundle.version)
        } else {
            format!("https://{host}/secrets/{name}")
        };
        Self {
            value: bundle.value.as_ref().map(SecretValue::expose),
            id,
            attributes: (&bundle.attributes).into(),
            content_type: bundle.content_type.as_deref(),
            tags: &bundle.tags,
            recovery_id: bundle
                .deleted
                .map(|_| format!("https://{host}/deletedsecrets/{name}")),
            deleted_date: bundle.deleted.map(|deletion| deletion.deleted_date.unix()),
            scheduled_purge_date: bundle
                .deleted
                .map(|deletion| deletion.scheduled_purge_date.unix()),
        }
    }
}

/// The JSON of `answer`, with ids and links under `host`. None where there is nothing to say.
pub(crate) fn json(answer: &Answer, host: &Host, query: &Query, list: Option<&ListOf>) -> Option<Bytes> {
    match answer {
        Answer::Secret(bundle) => Some(serialise(&Bundle::new(bundle, host, true), room(bundle))),
        Answer::Page(items) => Some(serialise(&page(items, host, query, list), 16 * 1024)),
        Answer::Backup(blob) => {
            let value = BASE64_URL_SAFE_NO_PAD.encode(blob.as_bytes());
            let room = value.len() + 16;
            Some(serialise(&Backup { value }, room))
        }
        Answer::Purged => None,
    }
}

fn page<'a>(items: &'a ItemPage, host: &Host, query: &Query, list: Option<&ListOf>) -> Page<'a> {
    let versions = list.is_some_and(|list| list.versions);
    let link = |next| {
        let path = list.map_or("", |list| &list.path);
        format!("https://{}{path}?{}", host.as_str(), query.next(next))
    };
    Page {
        value: items
            .items
            .iter()
            .map(|item| Bundle::new(item, host, versions))
            .collect(),
        next_link: items.next.as_ref().map(link),
    }
}

/// An upper bound of the bytes of `bundle` as JSON.
fn room(bundle: &SecretBundle) -> usize {
    let value = bundle.value.as_ref().map_or(0, |value| escaped(value.expose()));
    let tags: usize = bundle
        .tags
        .iter()
        .map(|(name, value)| escaped(name) + escaped(value) + 8)
        .sum();
    value + tags + bundle.content_type.as_deref().map_or(0, escaped) + 1024
}

/// The bytes of `text` as a JSON string.
fn escaped(text: &str) -> usize {
    let escapes = text
        .bytes()
        .filter(|byte| *byte < b' ' || matches!(byte, b'"' | b'\\'))
        .count();
    text.len() + 5 * escapes + 2
}

/// `room` is an upper bound, so that the value is written once and not left behind in outgrown memory.
fn serialise(shape: &impl Serialize, room: usize) -> Bytes {
    let mut json = Zeroizing::new(Vec::with_capacity(room));
    let written = serde_json::to_writer(&mut *json, shape);
    debug_assert!(written.is_ok(), "a shape of ours serialises");
    Bytes::from_owner(Wiped(json))
}

/// Bytes that are wiped once they were sent.
struct Wiped(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
