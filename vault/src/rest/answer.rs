//! Answers as JSON, in memory that is wiped: what the kinds of object have in common.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use serde::Serialize;
use strongroom_core::Timestamp;
use strongroom_engine::{
    Attributes,
    object::answer::{Answer, Bundle, ItemPage},
};
use zeroize::Zeroizing;

use super::{
    face::{Face, Shown},
    host::Host,
    query::Query,
    route::{Life, Route},
};

/// What an answer about a deleted object says beside the rest.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeletedJson {
    recovery_id: String,
    deleted_date: u64,
    scheduled_purge_date: u64,
}

impl DeletedJson {
    pub(super) fn of<K: Face>(bundle: &Bundle<K>, host: &Host) -> Option<Self> {
        let (host, name) = (host.as_str(), bundle.name.spelling());
        bundle.deleted.map(|deletion| Self {
            recovery_id: format!("https://{host}/deleted{}/{name}", K::COLLECTION),
            deleted_date: deletion.deleted_date.unix(),
            scheduled_purge_date: deletion.scheduled_purge_date.unix(),
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<J> {
    value: Vec<J>,
    next_link: Option<String>,
}

#[derive(Serialize)]
struct Backup {
    value: String,
}

/// The JSON of the answer to `route`, with ids and links under `host`; none where there is nothing to say.
pub(super) fn json<K: Face>(
    answer: &Answer<K>,
    host: &Host,
    query: &Query,
    route: &Route,
) -> Result<Option<Bytes>, Unwritable> {
    let json = match answer {
        Answer::Object(bundle) => {
            let tags = bundle.tags.iter();
            let tags: usize = tags.map(|(name, value)| escaped(name) + escaped(value) + 8).sum();
            let room = K::room(bundle) + tags + 1024;
            serialise(&K::json(bundle, host, Shown::by(route)), room)?
        }
        Answer::Page(items) => serialise(&page(items, host, query, route), 16 * 1024)?,
        Answer::Backup(blob) => {
            let value = BASE64_URL_SAFE_NO_PAD.encode(blob.as_bytes());
            let room = value.len() + 16;
            serialise(&Backup { value }, room)?
        }
        Answer::Purged => return Ok(None),
    };
    Ok(Some(json))
}

fn page<'a, K: Face>(items: &'a ItemPage<K>, host: &Host, query: &Query, route: &Route) -> Page<K::Json<'a>> {
    let shown = if route.life == Some(Life::ListVersions) {
        Shown::AmongVersions
    } else {
        Shown::InList
    };
    let link = |next| {
        let path = list_path::<K>(route);
        format!("https://{}{path}?{}", host.as_str(), query.next(next))
    };
    let json = items.items.iter().map(|item| K::json(item, host, shown));
    Page {
        value: json.collect(),
        next_link: items.next.as_ref().map(link),
    }
}

/// The path of the list that `route` asked for, for the link to its next page.
fn list_path<K: Face>(route: &Route) -> String {
    let collection = K::COLLECTION;
    match &route.name {
        Some(name) => format!("/{collection}/{name}/versions"),
        None if route.life == Some(Life::ListDeleted) => format!("/deleted{collection}"),
        None => format!("/{collection}"),
    }
}

/// The attributes of a version.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AttributesJson {
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<u64>,
    created: u64,
    updated: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_level: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recoverable_days: Option<u8>,
}

impl AttributesJson {
    /// The same without how it can be recovered.
    pub(super) fn without_recovery(self) -> Self {
        Self {
            recovery_level: None,
            recoverable_days: None,
            ..self
        }
    }
}

impl From<&Attributes> for AttributesJson {
    fn from(attributes: &Attributes) -> Self {
        Self {
            enabled: attributes.enabled,
            nbf: attributes.not_before.map(Timestamp::unix),
            exp: attributes.expires.map(Timestamp::unix),
            created: attributes.created.unix(),
            updated: attributes.updated.unix(),
            recovery_level: Some(attributes.recovery_level.as_str()),
            recoverable_days: Some(attributes.recoverable_days),
        }
    }
}

/// The bytes of `text` as a JSON string.
pub(super) fn escaped(text: &str) -> usize {
    let escapes = text
        .bytes()
        .filter(|byte| *byte < b' ' || matches!(byte, b'"' | b'\\'))
        .count();
    text.len() + 5 * escapes + 2
}

/// `room` is an upper bound, so that the value is written once and not left behind in outgrown memory.
///
/// # Errors
/// The shape has no JSON. What was written of it is gone: no client gets the beginning of an answer as the whole.
pub(super) fn serialise(shape: &impl Serialize, room: usize) -> Result<Bytes, Unwritable> {
    let mut json = Zeroizing::new(Vec::with_capacity(room));
    serde_json::to_writer(&mut *json, shape).map_err(|_| Unwritable)?;
    Ok(Bytes::from_owner(Wiped(json)))
}

/// An answer that has no JSON, of which serde's reason is not repeated: it may quote the answer. None of our shapes is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The vault cannot write its answer as JSON.")]
pub(crate) struct Unwritable;

/// Bytes that are wiped once they were sent.
struct Wiped(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn an_answer_without_json_is_an_error_and_no_part_of_one() {
        assert_eq!(serialise(&["a"], 8).unwrap(), "[\"a\"]");
        // The key of a JSON object is text; what comes before it is written already.
        let shape = ("CANARY", BTreeMap::from([((), 1)]));
        assert_eq!(serialise(&shape, 64), Err(Unwritable));
    }
}
