//! The bodies of requests: bounded in bytes, depth and time, and no member twice.

mod issuer;
mod members;
mod parts;

use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt;
use serde::de::DeserializeSeed as _;
use strongroom_core::wiped;
use strongroom_engine::crypto_key::rotation::RulesError;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::keys::release::policy::PolicyError;

use self::members::{Fault, Object};
pub(crate) use self::{
    issuer::IssuerMember,
    members::{Member, Members, Next},
    parts::{AttributesBody, Named, Names, TagsBody, Value, attributes, replaced_tags, required},
};

/// The longest body of a set or an update, in bytes: the longest value, content type and tags with every character
/// escaped, which is six bytes for one.
pub(crate) const MAX_BODY: usize = 320 * 1024;

/// How deep a body may nest. Ours need two levels; clients of later versions of the API may send a little more.
const MAX_DEPTH: usize = 32;

/// How much the vault reads of a body that it does not need, in bytes.
const MAX_DISCARD: usize = 2 * 1024 * 1024;

/// How long it reads such a body.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What is wrong with a body. Never repeats any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    /// Longer than the limit of its operation, in bytes.
    #[error("The body is longer than {0} bytes.")]
    TooLong(usize),
    /// The body did not arrive in time.
    #[error("The body did not arrive within {} s.", BODY_TIMEOUT.as_secs())]
    Timeout,
    /// The connection ended within the body.
    #[error("The body broke off.")]
    BrokenOff,
    /// Not JSON that the parser reads, and the place where it found that.
    #[error("The body is not JSON that this vault can read (line {line}, column {column}).")]
    Json { line: usize, column: usize },
    /// JSON, but no object.
    #[error("The body must be a JSON object.")]
    NotAnObject,
    /// A member is not what it may be.
    #[error("The member {} must be {}.", .0.path(), .0.form())]
    Member(Member),
    /// A member is there twice, of which two readers could take a different one.
    #[error("The member {} is there twice.", .0.path())]
    Twice(Member),
    /// A member that the operation needs is not there.
    #[error("The member {} is missing.", .0.path())]
    Missing(Member),
    /// Values nest deeper than the limit.
    #[error("The body nests deeper than {MAX_DEPTH} levels.")]
    TooDeep,
    /// The body of an update has a value.
    #[error("The value of a version cannot change; set a new version instead.")]
    ValueInUpdate,
    /// A key that may leave the vault, on no terms.
    #[error("AKV.SKR.1004: Exportable keys must have release policy.")]
    Exportable,
    /// A release policy of a key that does not leave the vault.
    #[error("AKV.SKR.1005: Non-exportable keys must not have release policy.")]
    ReleasePolicy,
    /// An update of the release policy by way of one version.
    #[error("AKV.SKR.1016: Key Release Policy can only be set on versionless key.")]
    VersionedReleasePolicy,
    /// A release policy that asks an authority whose attestation does not count here.
    #[error(
        "AKV.SKR.1012: The specified attestation service cannot be reached. This vault believes those that its owner names, with their keys, in spec.keyRelease.authorities of the Vault."
    )]
    UnknownAuthority,
    /// A release policy that no key can have.
    #[error(transparent)]
    Policy(PolicyError),
    /// A rotation policy that no key can have.
    #[error(transparent)]
    Rotation(RulesError),
    /// A key for a hardware security module.
    #[error("This vault has no hardware security module, which a key with Hsm or key_hsm needs.")]
    NoHsm,
    /// A backup that is not base64url.
    #[error("Malformed backup blob. The member value must be base64url, as a backup is answered.")]
    Base64,
}

/// Parses a body that has arrived.
pub(crate) fn parse<T: Members>(bytes: &[u8]) -> Result<T, BodyError> {
    // A request without any body is one without members: an update may change nothing.
    let text: &[u8] = if bytes.is_empty() { b"{}" } else { bytes };
    if !is_shallow(text) {
        return Err(BodyError::TooDeep);
    }
    let fault = Fault::default();
    let mut json = serde_json::Deserializer::from_slice(text);
    let body = Object::noting(&fault).deserialize(&mut json);
    body.and_then(|body| json.end().map(|()| body))
        .map_err(|error| fault.of(&error))
}

/// Reads what is left of `body`, up to a bound: a client that is still sending would meet a closed connection instead
/// of its answer.
pub(crate) async fn discard(body: &mut Body) {
    let mut left = MAX_DISCARD;
    let rest = async {
        while left > 0 && !http_body::Body::is_end_stream(body) {
            let Some(Ok(frame)) = body.frame().await else {
                return;
            };
            left = left.saturating_sub(frame.data_ref().map_or(0, bytes::Bytes::len));
        }
    };
    // A client that sends this slowly would not read the answer sooner.
    let _ = timeout(DISCARD_TIMEOUT, rest).await;
}

/// Whether no value of `json` lies deeper than any operation's. The parser itself skips what it does not know at any
/// depth.
fn is_shallow(json: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return false;
        }
    }
    true
}

/// Runs what receives a body, for as long as a body may take.
pub(crate) async fn in_time<T, E: From<BodyError>>(
    receive: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    timeout(BODY_TIMEOUT, receive)
        .await
        .unwrap_or_else(|_| Err(BodyError::Timeout.into()))
}

/// A body as it arrives, in memory that is wiped.
pub(crate) struct Arriving<'a> {
    body: &'a mut Body,
    bytes: Zeroizing<Vec<u8>>,
    /// How many bytes are to come; none where the client does not say.
    expected: usize,
    limit: usize,
}

impl<'a> Arriving<'a> {
    /// A body of at most `limit` bytes, of which nothing was read yet.
    pub(crate) fn begin(body: &'a mut Body, limit: usize) -> Result<Self, BodyError> {
        let expected = http_body::Body::size_hint(body).lower();
        if expected > u64::try_from(limit).unwrap_or(u64::MAX) {
            return Err(BodyError::TooLong(limit));
        }
        Ok(Self {
            body,
            // What is only announced takes no memory.
            bytes: Zeroizing::default(),
            expected: usize::try_from(expected).unwrap_or(limit),
            limit,
        })
    }

    /// Takes what arrives next, and returns how many bytes it is; none at the end of the body.
    pub(crate) async fn next(&mut self) -> Result<Option<usize>, BodyError> {
        let Some(frame) = self.body.frame().await else {
            return Ok(None);
        };
        let frame = frame.map_err(|_| BodyError::BrokenOff)?;
        let Ok(data) = frame.into_data() else {
            return Ok(Some(0));
        };
        if self.bytes.len() + data.len() > self.limit {
            return Err(BodyError::TooLong(self.limit));
        }
        let needed = self.bytes.len() + data.len();
        wiped::make_room_within(&mut self.bytes, data.len(), self.expected.max(needed));
        self.bytes.extend_from_slice(&data);
        Ok(Some(data.len()))
    }

    /// What has arrived.
    pub(crate) fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_that_is_only_announced_takes_no_memory_and_one_that_comes_no_more_than_itself() {
        let mut body = Body::from(vec![b' '; MAX_BODY]);
        let mut arriving = Arriving::begin(&mut body, MAX_BODY).unwrap();
        assert_eq!(arriving.bytes.capacity(), 0);
        while arriving.next().await.unwrap().is_some() {}
        assert_eq!(arriving.bytes.capacity(), MAX_BODY);
        let mut longer = Body::from(vec![b' '; MAX_BODY + 1]);
        assert!(Arriving::begin(&mut longer, MAX_BODY).is_err());
    }
}
