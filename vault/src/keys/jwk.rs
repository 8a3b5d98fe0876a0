//! The public part of a key as JSON: what a GET of a key answers in `key`, and Watch as a key's content.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use strongroom_engine::KeyBundle;
use strongroom_keys::PublicJwk as Members;

/// A public JWK (RFC 7517).
#[derive(Debug, Serialize)]
pub struct PublicJwkJson {
    kid: String,
    kty: &'static str,
    key_ops: Vec<&'static str>,
    #[serde(flatten)]
    members: MembersJson,
}

/// The members of a public key, in base64url.
#[derive(Debug, Serialize)]
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

/// The public part of the version that `bundle` is, whose id is `kid`.
pub fn public_jwk(bundle: &KeyBundle, kid: String) -> PublicJwkJson {
    let base64 = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let members = match &bundle.fields.public {
        Members::Rsa { n, e } => MembersJson::Rsa {
            n: base64(n),
            e: base64(e),
        },
        Members::Ec { crv, x, y } => MembersJson::Ec {
            crv: crv.name(),
            x: base64(x),
            y: base64(y),
        },
        Members::Oct(_) => MembersJson::Oct {},
        Members::Akp { alg, public } => MembersJson::Akp {
            alg: alg.name(),
            public: base64(public),
        },
    };
    let operations = bundle.fields.operations.as_slice().iter();
    PublicJwkJson {
        kid,
        kty: bundle.fields.public.kind().name(),
        key_ops: operations.map(|operation| operation.name()).collect(),
        members,
    }
}
