//! A key as JSON (Keys/models.tsp).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use strongroom_engine::{CryptoKey, KeyBundle, Tags};
use strongroom_keys::{KeyType, PublicJwk as Members};

use super::super::{
    answer::{AttributesJson, DeletedJson},
    face::{Face, Shown},
    host::Host,
};
use crate::keys::jwk::{PublicJwkJson, public_jwk};

/// The content type of a release policy: there is one.
const CONTENT_TYPE: &str = "application/json; charset=utf-8";

/// A key by itself, or one item of a list.
#[derive(Serialize)]
pub(in crate::rest) struct KeyJson<'a> {
    #[serde(flatten)]
    deleted: Option<DeletedJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<JwkJson>,
    attributes: KeyAttributesJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a Tags>,
    #[serde(skip_serializing_if = "Option::is_none")]
    managed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    release_policy: Option<ReleasePolicyJson>,
}

/// A JWK of the public part, and on a key's way out of its private part.
#[derive(Serialize)]
struct JwkJson {
    #[serde(flatten)]
    public: PublicJwkJson,
    /// The private part, encrypted for another environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_hsm: Option<String>,
}

/// A release policy.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReleasePolicyJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'static str>,
    data: String,
    immutable: bool,
}

/// What is attested of a key, each in base64url.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AttestationJson {
    /// The certificates that verify the statements, in PEM.
    pub(super) certificate_pem_file: String,
    pub(super) private_key_attestation: String,
    pub(super) public_key_attestation: String,
    pub(super) version: &'static str,
}

impl AttestationJson {
    /// An upper bound of its bytes as JSON.
    pub(super) fn room(&self) -> usize {
        let parts = [
            &self.certificate_pem_file,
            &self.private_key_attestation,
            &self.public_key_attestation,
        ];
        256 + parts.iter().map(|part| part.len()).sum::<usize>()
    }
}

/// The attributes of a key.
#[derive(Serialize)]
struct KeyAttributesJson {
    #[serde(flatten)]
    common: AttributesJson,
    /// In bits, of an RSA key.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_size: Option<usize>,
    /// None of a certificate's key, which leaves the vault in the certificate's secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    exportable: Option<bool>,
    /// Where it lives: `0` is this process.
    #[serde(rename = "hsmPlatform")]
    hsm_platform: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    attestation: Option<AttestationJson>,
}

impl Face for CryptoKey {
    const COLLECTION: &'static str = "keys";
    type Json<'a> = KeyJson<'a>;

    fn json<'a>(bundle: &'a KeyBundle, host: &Host, shown: Shown) -> KeyJson<'a> {
        let id = shown.id::<Self>(bundle, host);
        let json = KeyJson::listed(bundle, host);
        match shown {
            Shown::Alone | Shown::ByVersion | Shown::Changed => KeyJson {
                key: Some(JwkJson {
                    public: public_jwk(bundle, id),
                    key_hsm: None,
                }),
                release_policy: ReleasePolicyJson::of(bundle),
                ..json
            },
            Shown::InList | Shown::AmongVersions => KeyJson {
                kid: Some(id),
                ..json
            },
        }
    }

    fn room(bundle: &KeyBundle) -> usize {
        let public = match &bundle.fields.public {
            Members::Rsa { n, e } => n.len() + e.len(),
            Members::Ec { x, y, .. } => x.len() + y.len(),
            Members::Oct(_) => 0,
            Members::Akp { public, .. } => public.len(),
        };
        let release = bundle.fields.release.as_ref();
        1024 + 2 * (public + release.map_or(0, |terms| terms.policy.len()))
    }
}

impl<'a> KeyJson<'a> {
    /// What an item of a list says, but its id.
    fn listed(bundle: &'a KeyBundle, host: &Host) -> Self {
        Self {
            deleted: DeletedJson::of(bundle, host),
            kid: None,
            key: None,
            attributes: KeyAttributesJson {
                common: (&bundle.attributes).into(),
                key_size: key_size(&bundle.fields.public),
                exportable: (!bundle.fields.is_part).then_some(bundle.fields.release.is_some()),
                hsm_platform: "0",
                attestation: None,
            },
            tags: Some(&bundle.tags).filter(|tags| !tags.is_empty()),
            managed: bundle.fields.is_part.then_some(true),
            release_policy: None,
        }
    }

    /// A key by itself, with what is attested of it.
    pub(super) fn attested(bundle: &'a KeyBundle, host: &Host, attestation: AttestationJson) -> Self {
        let mut json = CryptoKey::json(bundle, host, Shown::Alone);
        json.attributes.attestation = Some(attestation);
        json
    }

    /// A key on its way out, with its private part encrypted in `key_hsm`. Azure says less of its policy there.
    pub(super) fn released(bundle: &'a KeyBundle, host: &Host, key_hsm: String) -> Self {
        let mut json = CryptoKey::json(bundle, host, Shown::Alone);
        if let Some(key) = &mut json.key {
            key.key_hsm = Some(key_hsm);
        }
        if let Some(policy) = &mut json.release_policy {
            policy.content_type = None;
        }
        json
    }
}

impl ReleasePolicyJson {
    fn of(bundle: &KeyBundle) -> Option<Self> {
        bundle.fields.release.as_ref().map(|terms| Self {
            content_type: Some(CONTENT_TYPE),
            data: BASE64_URL_SAFE_NO_PAD.encode(&terms.policy),
            immutable: terms.is_immutable,
        })
    }
}

fn key_size(public: &Members) -> Option<usize> {
    match public.key_type()? {
        KeyType::Rsa(size) => Some(size.bits()),
        KeyType::Ec(_) | KeyType::Oct(_) | KeyType::Akp(_) => None,
    }
}
