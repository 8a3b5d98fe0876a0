//! Answers as JSON, in memory that is wiped: secret bundles, pages and backups (Secrets/models.tsp).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use serde::Serialize;
use strongroom_core::Operation;
use strongroom_engine::{Answer, ItemPage, SecretBundle, SecretValue, Tags};

use super::super::{
    answer::{AttributesJson, Unwritable, escaped, serialise},
    host::Host,
    query::Query,
    route::Route,
};

/// The bundle of one secret, or one item of a list.
#[derive(Serialize)]
struct Bundle<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    id: String,
    attributes: AttributesJson,
    #[serde(rename = "contentType", skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a Tags>,
    #[serde(rename = "recoveryId", skip_serializing_if = "Option::is_none")]
    recovery_id: Option<String>,
    #[serde(rename = "deletedDate", skip_serializing_if = "Option::is_none")]
    deleted_date: Option<u64>,
    #[serde(rename = "scheduledPurgeDate", skip_serializing_if = "Option::is_none")]
    scheduled_purge_date: Option<u64>,
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

impl<'a> Bundle<'a> {
    fn new(bundle: &'a SecretBundle, host: &Host, with_version: bool) -> Self {
        let (host, name) = (host.as_str(), bundle.name.spelling());
        let id = if with_version {
            format!("https://{host}/secrets/{name}/{}", bundle.version)
        } else {
            format!("https://{host}/secrets/{name}")
        };
        Self {
            value: bundle.content.as_ref().map(SecretValue::expose),
            id,
            attributes: (&bundle.attributes).into(),
            content_type: bundle.fields.content_type.as_deref(),
            tags: Some(&bundle.tags).filter(|tags| !tags.is_empty()),
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

/// The JSON of the answer to `route`, with ids and links under `host`; none where there is nothing to say.
pub(crate) fn json(
    answer: &Answer,
    host: &Host,
    query: &Query,
    route: &Route,
) -> Result<Option<Bytes>, Unwritable> {
    let json = match answer {
        Answer::Object(bundle) => serialise(&Bundle::new(bundle, host, true), room(bundle))?,
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

fn page<'a>(items: &'a ItemPage, host: &Host, query: &Query, route: &Route) -> Page<'a> {
    let with_version = route.operation == Operation::SecretListVersions;
    let link = |next| {
        let path = list_path(route);
        format!("https://{}{path}?{}", host.as_str(), query.next(next))
    };
    Page {
        value: items
            .items
            .iter()
            .map(|item| Bundle::new(item, host, with_version))
            .collect(),
        next_link: items.next.as_ref().map(link),
    }
}

/// The path of the list that `route` asked for, for the link to its next page.
fn list_path(route: &Route) -> String {
    match &route.name {
        Some(name) => format!("/secrets/{name}/versions"),
        None if route.operation == Operation::SecretListDeleted => "/deletedsecrets".into(),
        None => "/secrets".into(),
    }
}

/// An upper bound of the bytes of `bundle` as JSON.
fn room(bundle: &SecretBundle) -> usize {
    let value = bundle.content.as_ref().map_or(0, |value| escaped(value.expose()));
    let tags: usize = bundle
        .tags
        .iter()
        .map(|(name, value)| escaped(name) + escaped(value) + 8)
        .sum();
    value + tags + bundle.fields.content_type.as_deref().map_or(0, escaped) + 1024
}
