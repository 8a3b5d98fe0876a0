//! A secret as JSON, in memory that is wiped (Secrets/models.tsp).

use serde::Serialize;
use strongroom_engine::{Secret, SecretBundle, SecretValue, Tags};

use super::super::{
    answer::{AttributesJson, DeletedJson, escaped},
    face::{Face, Shown},
    host::Host,
};

/// The bundle of one secret, or one item of a list.
#[derive(Serialize)]
pub(in crate::rest) struct BundleJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    id: String,
    attributes: AttributesJson,
    #[serde(rename = "contentType", skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a Tags>,
    /// The key of the certificate that the secret is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    managed: Option<bool>,
    /// The version of that certificate before this one.
    #[serde(rename = "previousVersion", skip_serializing_if = "Option::is_none")]
    previous_version: Option<String>,
    #[serde(flatten)]
    deleted: Option<DeletedJson>,
}

impl Face for Secret {
    const COLLECTION: &'static str = "secrets";
    type Json<'a> = BundleJson<'a>;

    fn json<'a>(bundle: &'a SecretBundle, host: &Host, shown: Shown) -> BundleJson<'a> {
        let part = bundle.fields.part.as_ref();
        let alone = part.filter(|_| shown.is_alone());
        let key = || {
            let (host, name, version) = (host.as_str(), bundle.name.spelling(), bundle.version);
            format!("https://{host}/keys/{name}/{version}")
        };
        BundleJson {
            value: bundle.content.as_ref().map(SecretValue::expose),
            id: shown.id::<Self>(bundle, host),
            attributes: (&bundle.attributes).into(),
            content_type: bundle.fields.content_type.as_deref(),
            tags: Some(&bundle.tags).filter(|tags| !tags.is_empty()),
            kid: alone.map(|_| key()),
            managed: part.map(|_| true),
            previous_version: alone.and_then(|part| part.previous.map(|version| version.to_string())),
            deleted: DeletedJson::of(bundle, host),
        }
    }

    fn room(bundle: &SecretBundle) -> usize {
        let value = bundle.content.as_ref().map_or(0, |value| escaped(value.expose()));
        value + bundle.fields.content_type.as_deref().map_or(0, escaped)
    }
}
