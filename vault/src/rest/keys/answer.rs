//! A key as JSON (Keys/models.tsp).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use strongroom_engine::{CryptoKey, KeyBundle, Tags};
use strongroom_keys::{KeyType, PublicJwk};

use super::super::{
    answer::{AttributesJson, DeletedJson},
    face::{Face, Shown},
    host::Host,
};

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
}

/// A public JWK.
#[derive(Serialize)]
struct JwkJson {
    kid: String,
    kty: &'static str,
    key_ops: Vec<&'static str>,
    #[serde(flatten)]
    members: MembersJson,
}

/// The members of a public key, in base64url.
#[derive(Serialize)]
#[serde(untagged)]
enum MembersJson {
    Rsa {
        n: String,
        e: String,
    },
    Ec {
        crv: &'static str,
        x: String,
        y: String,
    },
    Oct {},
    Akp {
        alg: &'static str,
        #[serde(rename = "pub")]
        public: String,
    },
}

/// The attributes of a key.
#[derive(Serialize)]
struct KeyAttributesJson {
    #[serde(flatten)]
    common: AttributesJson,
    /// In bits, of an RSA key.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_size: Option<usize>,
    exportable: bool,
    /// Where it lives: `0` is this process.
    #[serde(rename = "hsmPlatform")]
    hsm_platform: &'static str,
}

impl Face for CryptoKey {
    const COLLECTION: &'static str = "keys";
    type Json<'a> = KeyJson<'a>;

    fn json<'a>(bundle: &'a KeyBundle, host: &Host, shown: Shown) -> KeyJson<'a> {
        let kid = shown.id::<Self>(bundle, host);
        let (kid, key) = match shown {
            Shown::Alone => (None, Some(jwk(bundle, kid))),
            Shown::InList | Shown::AmongVersions => (Some(kid), None),
        };
        KeyJson {
            deleted: DeletedJson::of(bundle, host),
            kid,
            key,
            attributes: KeyAttributesJson {
                common: (&bundle.attributes).into(),
                key_size: key_size(&bundle.fields.public),
                exportable: false,
                hsm_platform: "0",
            },
            tags: Some(&bundle.tags).filter(|tags| !tags.is_empty()),
        }
    }

    fn room(bundle: &KeyBundle) -> usize {
        let public = match &bundle.fields.public {
            PublicJwk::Rsa { n, e } => n.len() + e.len(),
            PublicJwk::Ec { x, y, .. } => x.len() + y.len(),
            PublicJwk::Oct(_) => 0,
            PublicJwk::Akp { public, .. } => public.len(),
        };
        1024 + 2 * public
    }
}

fn jwk(bundle: &KeyBundle, kid: String) -> JwkJson {
    let base64 = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let members = match &bundle.fields.public {
        PublicJwk::Rsa { n, e } => MembersJson::Rsa {
            n: base64(n),
            e: base64(e),
        },
        PublicJwk::Ec { crv, x, y } => MembersJson::Ec {
            crv: crv.name(),
            x: base64(x),
            y: base64(y),
        },
        PublicJwk::Oct(_) => MembersJson::Oct {},
        PublicJwk::Akp { alg, public } => MembersJson::Akp {
            alg: alg.name(),
            public: base64(public),
        },
    };
    let operations = bundle.fields.operations.as_slice().iter();
    JwkJson {
        kid,
        kty: bundle.fields.public.kind().name(),
        key_ops: operations.map(|operation| operation.name()).collect(),
        members,
    }
}

fn key_size(public: &PublicJwk) -> Option<usize> {
    match public.key_type()? {
        KeyType::Rsa(size) => Some(size.bits()),
        KeyType::Ec(_) | KeyType::Oct(_) | KeyType::Akp(_) => None,
    }
}
