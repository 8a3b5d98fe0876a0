//! Work with keys: what a request brings, and what it is answered.

use axum::response::Response;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess},
};
use strongroom_engine::Change;
use strongroom_keys::{Algorithm, Encrypted, KeyOperation};
use strongroom_wire::octets::Octets;
use zeroize::Zeroizing;

use super::super::{
    answer::serialise,
    body::{Member, Members, Named, Next, parse, required},
    call::{Call, CommandError},
    error::Problem,
    host::Host,
    respond,
};
use crate::{
    access::{
        Failure,
        keys::{Done, KeyRefused},
    },
    keys::{
        opened::OpenedKey,
        work::{Product, Work},
    },
};

/// The longest body, in bytes: value and additional data of 64 KiB each in base64, and room to spare.
const MAX_BODY: usize = 256 * 1024;

/// Performs an operation with the key that the path names.
pub(super) async fn perform(mut call: Call<'_>, operation: KeyOperation) -> Result<Response, Problem> {
    let received = receive(&mut call, operation).await;
    let (call, (work, aad)) = call.or_refuse(received).await?;
    let name = call.name();
    let (call, name) = call.or_refuse(name).await?;
    let host = call.host;
    match call.admitted.use_key(&name, call.route.version, work).await {
        Ok(done) => {
            let (json, room) = ResultJson::of(&done, aad.as_ref(), host);
            Ok(respond::success(Some(serialise(&json, room)?), None))
        }
        Err(refused) => Err(problem(refused, host)),
    }
}

/// What is to be done, and the additional data, which is answered again.
async fn receive(
    call: &mut Call<'_>,
    operation: KeyOperation,
) -> Result<(Work, Option<Zeroizing<Vec<u8>>>), CommandError> {
    let (_charge, bytes) = call.receive(MAX_BODY).await?;
    let body: WorkBody = parse(&bytes)?;
    let digest = match operation {
        KeyOperation::Verify => Some(required(body.digest, Member::Digest)?.into_bytes()),
        _ => None,
    };
    let aad = body.aad.given().map(Octets::into_bytes);
    let value = match operation {
        // What it wraps, the service makes.
        KeyOperation::SecureWrapKey => Octets::default(),
        _ => required(body.value, Member::Bytes)?,
    };
    let work = Work {
        operation,
        algorithm: required(body.algorithm, Member::Algorithm)?.0,
        value: value.into_bytes(),
        digest,
        iv: body.iv.given().map(Octets::into_bytes),
        tag: body.tag.given().map(Octets::into_bytes),
        aad: aad.clone(),
    };
    Ok((work, aad))
}

/// The body of every operation with a key.
#[derive(Default)]
struct WorkBody {
    algorithm: Change<Named<Algorithm>>,
    value: Change<Octets>,
    digest: Change<Octets>,
    iv: Change<Octets>,
    tag: Change<Octets>,
    aad: Change<Octets>,
    context: Change<NoBytes>,
    external_mu: Change<NoBytes>,
}

/// No bytes, where others would change what a signature is of: it must not be made or verified as if they were not there.
struct NoBytes;

impl<'de> Deserialize<'de> for NoBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if Octets::deserialize(deserializer)?.into_bytes().is_empty() {
            Ok(Self)
        } else {
            Err(D::Error::custom("bytes"))
        }
    }
}

impl Members for WorkBody {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "alg" => value.read(Member::Algorithm, &mut self.algorithm),
            "value" => value.read(Member::Bytes, &mut self.value),
            "digest" => value.read(Member::Digest, &mut self.digest),
            "iv" => value.read(Member::Iv, &mut self.iv),
            "tag" => value.read(Member::Tag, &mut self.tag),
            "aad" => value.read(Member::Aad, &mut self.aad),
            "context" => value.read(Member::Context, &mut self.context),
            "external_mu" => value.read(Member::ExternalMu, &mut self.external_mu),
            _ => value.skip(),
        }
    }
}

/// What an operation came to.
#[derive(Serialize)]
#[serde(untagged)]
enum ResultJson<'a> {
    Bytes {
        kid: String,
        value: Base64<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        iv: Option<Base64<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        tag: Option<Base64<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        aad: Option<Base64<'a>>,
    },
    Verdict {
        value: bool,
    },
}

impl<'a> ResultJson<'a> {
    /// The JSON of what was done, and an upper bound of its bytes.
    fn of(done: &'a Done, aad: Option<&'a Zeroizing<Vec<u8>>>, host: &Host) -> (Self, usize) {
        let kid = key_id(&done.key, host);
        let room = kid.len() + 256;
        let bytes = |value: &'a [u8]| Self::Bytes {
            kid: kid.clone(),
            value: Base64(value),
            iv: None,
            tag: None,
            aad: None,
        };
        match &done.product {
            Product::Concealed(Encrypted { value, iv, tag }) => {
                // Additional data is answered where it was authenticated.
                let aad = aad.filter(|_| tag.is_some());
                let json = Self::Bytes {
                    kid: kid.clone(),
                    value: Base64(value),
                    iv: iv.as_deref().map(Base64),
                    tag: tag.as_deref().map(Base64),
                    aad: aad.map(|aad| Base64(aad)),
                };
                (json, room + 2 * (value.len() + aad.map_or(0, |aad| aad.len())))
            }
            Product::Revealed(value) => (bytes(value), room + 2 * value.len()),
            Product::Signature(value) => (bytes(value), room + 2 * value.len()),
            Product::Verdict(value) => (Self::Verdict { value: *value }, room),
        }
    }
}

/// Bytes as base64url without padding, encoded as they are written, so that no copy of them stays behind.
pub(super) struct Base64<'a>(pub(super) &'a [u8]);

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let encoded = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(self.0));
        serializer.serialize_str(&encoded)
    }
}

/// The refusal, in a sentence that names the version where Azure's does.
fn problem(refusal: KeyRefused, host: &Host) -> Problem {
    let KeyRefused { refused, used } = refusal;
    let sentence = match (refused.failure(), used) {
        (Failure::Key(error), Some(used)) => Some(error.sentence(&key_id(&used, host))),
        _ => None,
    };
    let problem = Problem::from(refused);
    match sentence {
        Some(sentence) => problem.saying(sentence),
        None => problem,
    }
}

fn key_id(key: &OpenedKey, host: &Host) -> String {
    let (name, version) = (key.name.spelling(), key.version);
    format!("https://{}/keys/{name}/{version}", host.as_str())
}
