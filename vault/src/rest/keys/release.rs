//! The release of a key (`Release` of Keys/routes.tsp), and the policy that it happens by.

use axum::response::Response;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Serialize, de::MapAccess};
use strongroom_engine::{Change, KeyBundle, crypto_key::release::ReleaseTerms};
use strongroom_keys::ReleaseEncryption;
use strongroom_wire::octets::Octets;

use super::{
    super::{
        answer::serialise,
        body::{BodyError, Member, Members, Named, Next, parse, required},
        call::{Call, CommandError},
        error::Problem,
        face::Shown,
        host::Host,
        respond,
        route::Route,
    },
    answer::KeyJson,
};
use crate::keys::{
    release::{
        Released, Target,
        authority::{Authorities, MAX_TOKEN},
        policy::ReleasePolicy,
    },
    statement::Unsigned,
};

/// The longest body, in bytes: a token of the longest, and room to spare.
const MAX_BODY: usize = MAX_TOKEN + 4 * 1024;

/// The longest nonce, in bytes of its text.
const MAX_NONCE: usize = 1024;

/// Releases the key that the path names.
pub(super) async fn perform(mut call: Call<'_>) -> Result<Response, Problem> {
    let received = receive(&mut call).await;
    let (call, (target, nonce)) = call.or_refuse(received).await?;
    let name = call.name();
    let (call, name) = call.or_refuse(name).await?;
    let Call {
        route,
        query,
        host,
        statements,
        admitted,
        ..
    } = call;
    let (bundle, released) = admitted.release_key(&name, route.version, &target).await?;
    let payload = Payload {
        request: RequestJson {
            api_version: query.api_version.to_string(),
            enc: released.encryption.name(),
            kid: asked_id(route, host, &bundle),
            nonce: nonce.as_deref(),
        },
        response: ResponseJson {
            key: KeyJson::released(&bundle, host, key_hsm(&released)?),
        },
    };
    let value = statements.sign(&payload)?;
    let room = value.len() + 16;
    Ok(respond::success(
        Some(serialise(&ReleaseJson { value }, room)?),
        None,
    ))
}

async fn receive(call: &mut Call<'_>) -> Result<(Target, Option<String>), CommandError> {
    let (_charge, bytes) = call.receive(MAX_BODY).await?;
    let body: ReleaseBody = parse(&bytes)?;
    let nonce = body.nonce.given();
    if nonce.as_ref().is_some_and(|nonce| nonce.len() > MAX_NONCE) {
        return Err(BodyError::Member(Member::Nonce).into());
    }
    let target = Target {
        token: required(body.target, Member::Target)?,
        encryption: body
            .encryption
            .given()
            .map_or_else(ReleaseEncryption::default, |named| named.0),
    };
    Ok((target, nonce))
}

/// The body of `Release`.
#[derive(Default)]
struct ReleaseBody {
    target: Change<String>,
    nonce: Change<String>,
    encryption: Change<Named<ReleaseEncryption>>,
}

impl Members for ReleaseBody {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "target" => value.read(Member::Target, &mut self.target),
            "nonce" => value.read(Member::Nonce, &mut self.nonce),
            "enc" => value.read(Member::Encryption, &mut self.encryption),
            _ => value.skip(),
        }
    }
}

/// The answer: a signed statement.
#[derive(Serialize)]
struct ReleaseJson {
    value: String,
}

/// What the statement says: what was asked, and the key.
#[derive(Serialize)]
struct Payload<'a> {
    request: RequestJson<'a>,
    response: ResponseJson<'a>,
}

#[derive(Serialize)]
struct RequestJson<'a> {
    #[serde(rename = "api-version")]
    api_version: String,
    enc: &'static str,
    kid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

#[derive(Serialize)]
struct ResponseJson<'a> {
    key: KeyJson<'a>,
}

/// The private part on its way, as Azure's clients read it.
#[derive(Serialize)]
struct KeyHsm<'a> {
    schema_version: &'static str,
    header: KeyHsmHeader<'a>,
    ciphertext: String,
}

#[derive(Serialize)]
struct KeyHsmHeader<'a> {
    kid: &'a str,
    alg: &'static str,
    enc: &'static str,
}

/// The member `key_hsm` of a released key, in base64url.
fn key_hsm(released: &Released) -> Result<String, Unsigned> {
    let json = serde_json::to_vec(&KeyHsm {
        schema_version: "1.0",
        header: KeyHsmHeader {
            kid: released.recipient.as_deref().unwrap_or_default(),
            alg: "dir",
            enc: released.encryption.name(),
        },
        ciphertext: BASE64_URL_SAFE_NO_PAD.encode(&released.ciphertext),
    });
    json.map(|json| BASE64_URL_SAFE_NO_PAD.encode(json))
        .map_err(|_| Unsigned)
}

/// The id as the request had it: without a version where it named none.
fn asked_id(route: &Route, host: &Host, bundle: &KeyBundle) -> String {
    let shown = if route.version.is_some() {
        Shown::Alone
    } else {
        Shown::InList
    };
    shown.id::<strongroom_engine::CryptoKey>(bundle, host)
}

/// A release policy in a body.
#[derive(Default)]
pub(super) struct ReleasePolicyBody {
    content_type: Change<String>,
    data: Change<Octets>,
    immutable: Change<bool>,
}

impl Members for ReleasePolicyBody {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "contentType" => value.read(Member::ReleaseContentType, &mut self.content_type),
            "data" => value.read(Member::ReleaseData, &mut self.data),
            "immutable" => value.read(Member::ReleaseImmutable, &mut self.immutable),
            _ => value.skip(),
        }
    }
}

impl ReleasePolicyBody {
    /// The terms that it states.
    ///
    /// # Errors
    /// It is no policy, or asks an authority that this vault does not know.
    pub(super) fn into_terms(self, authorities: &Authorities) -> Result<ReleaseTerms, BodyError> {
        let is_json = |text: &String| {
            let (kind, _) = text.split_once(';').unwrap_or((text, ""));
            kind.trim().eq_ignore_ascii_case("application/json")
        };
        if !self.content_type.given().as_ref().is_none_or(is_json) {
            return Err(BodyError::Member(Member::ReleaseContentType));
        }
        let data = required(self.data, Member::ReleaseData)?;
        let policy = ReleasePolicy::parse(data.as_bytes()).map_err(BodyError::Policy)?;
        if !policy.authorities().all(|authority| authorities.knows(authority)) {
            return Err(BodyError::UnknownAuthority);
        }
        Ok(ReleaseTerms {
            policy: policy.as_json().into(),
            is_immutable: self.immutable.given().unwrap_or_default(),
        })
    }
}
