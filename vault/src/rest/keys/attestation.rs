//! A key with a statement of where its private part lives (`GetKeyAttestation` of Keys/routes.tsp).
//!
//! Azure answers statements of a hardware security module. This vault has none, and its statements say so: they are worth
//! what the vault's own word is worth, and no more.

use axum::response::Response;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use strongroom_engine::{CryptoKey, KeyBundle, ReadRequest, object::answer::Answer};

use super::{
    super::{
        answer::serialise,
        call::Call,
        error::Problem,
        face::{Face as _, Shown},
        host::Host,
        respond,
    },
    answer::{AttestationJson, KeyJson},
};
use crate::{
    access::Failure,
    keys::{
        jwk::{PublicJwkJson, public_jwk},
        statement::{Statements, Unsigned},
    },
};

/// What the vault says of every private part that it keeps.
const PROTECTION: &str = "The process of the vault holds the private part in its memory while the key is in use, and \
     keeps it encrypted under the vault's seal. No hardware security module attests to this.";

/// Answers the key that the path names, with its attestation.
pub(super) async fn get(call: Call<'_>) -> Result<Response, Problem> {
    let name = call.name();
    let (call, name) = call.or_refuse(name).await?;
    let Call {
        route,
        host,
        statements,
        admitted,
        ..
    } = call;
    let request = ReadRequest::Get {
        name,
        version: route.version,
    };
    let read = admitted.read::<CryptoKey>(request).await?;
    let Answer::Object(bundle) = &read.answer else {
        // What is asked about one key is answered about one.
        return Err((&Failure::Storage).into());
    };
    let attestation = attestation(bundle, host, statements)?;
    let room = CryptoKey::room(bundle) + attestation.room() + 64 * 1024;
    let json = KeyJson::attested(bundle, host, attestation);
    Ok(respond::success(Some(serialise(&json, room)?), None))
}

/// What is stated of the private part.
#[derive(Serialize)]
struct PrivateStatement<'a> {
    kid: &'a str,
    /// Where it lives: Azure's `hsmPlatform` of no hardware.
    #[serde(rename = "hsmPlatform")]
    hsm_platform: &'static str,
    exportable: bool,
    statement: &'static str,
}

/// What is stated of the public part: which it is.
#[derive(Serialize)]
struct PublicStatement<'a> {
    kid: &'a str,
    key: PublicJwkJson,
}

fn attestation(
    bundle: &KeyBundle,
    host: &Host,
    statements: &Statements,
) -> Result<AttestationJson, Unsigned> {
    let kid = Shown::Alone.id::<CryptoKey>(bundle, host);
    let encoded = |text: String| BASE64_URL_SAFE_NO_PAD.encode(text);
    let private = statements.sign(&PrivateStatement {
        kid: &kid,
        hsm_platform: "0",
        exportable: bundle.fields.release.is_some(),
        statement: PROTECTION,
    })?;
    let public = statements.sign(&PublicStatement {
        kid: &kid,
        key: public_jwk(bundle, kid.clone()),
    })?;
    Ok(AttestationJson {
        certificate_pem_file: encoded(statements.chain_pem()),
        private_key_attestation: encoded(private),
        public_key_attestation: encoded(public),
        version: "1.0",
    })
}
