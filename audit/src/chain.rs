//! The hashes that tie records together, and the form they have on a line.

use std::{fmt, str::FromStr};

use aws_lc_rs::digest::{Context, SHA256, digest};
use serde::{Deserialize, Serialize};

/// Why a text is not a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 64 lower-case hexadecimal digits")]
pub struct HashError;

/// A SHA-256, written in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash([u8; 32]);

impl Hash {
    /// From its bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_digest(digest(&SHA256, bytes).as_ref())
    }

    /// The hash of a record's text.
    pub(crate) fn leaf(body: &[u8]) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(b"strongroom audit leaf 1\0");
        context.update(body);
        Self::from_digest(context.finish().as_ref())
    }

    /// What the first record of a log follows.
    pub(crate) fn genesis(vault_id: &str, replica: &str) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(b"strongroom audit genesis 1\0");
        for part in [vault_id, replica] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        Self::from_digest(context.finish().as_ref())
    }

    /// SHA-256's output is 32 bytes; anything else would be another algorithm.
    fn from_digest(bytes: &[u8]) -> Self {
        Self(bytes.try_into().unwrap_or_default())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 64];
        hex::encode_to_slice(self.0, &mut text).map_err(|_| fmt::Error)?;
        f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        let mut bytes = [0; 32];
        let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        hex::decode_to_slice(text, &mut bytes).map_err(|_| HashError)?;
        if is_lower { Ok(Self(bytes)) } else { Err(HashError) }
    }
}

impl TryFrom<String> for Hash {
    type Error = HashError;

    fn try_from(text: String) -> Result<Self, HashError> {
        text.parse()
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        hash.to_string()
    }
}

/// The last record of a log: what a store or an anchor keeps, to notice that the log's end was cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its sequence number; 0 is a log without records.
    pub sequence: u64,
    /// Its hash, which covers every record before it.
    pub hash: Hash,
}

/// The place of a write's record in the store's history. Orders by generation, then index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The store generation that its commit made.
    pub generation: u64,
    /// Its index among the records of that commit.
    pub index: u32,
}

/// A record's position in the chain: what is written behind its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) sequence: u64,
    pub(crate) previous: Hash,
    pub(crate) leaf: Hash,
    pub(crate) place: Option<Place>,
}

/// What separates a line's body from its link. It cannot be in a body's strings, where quotes are escaped; the last one
/// of a line is the link's.
pub(crate) const SEPARATOR: &str = ",\"chain\":{\"sequence\":";

impl Link {
    /// The hash of the line: what the next one names as its previous.
    pub(crate) fn hash(&self) -> Hash {
        const TAG: &[u8] = b"strongroom audit link 1\0";
        let mut bytes = Vec::with_capacity(TAG.len() + 32 + 8 + 32 + 12);
        bytes.extend_from_slice(TAG);
        bytes.extend_from_slice(self.previous.as_bytes());
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(self.leaf.as_bytes());
        if let Some(place) = self.place {
            bytes.extend_from_slice(&place.generation.to_be_bytes());
            bytes.extend_from_slice(&place.index.to_be_bytes());
        }
        Hash::of(&bytes)
    }

    /// The head of a log whose last line this is.
    pub(crate) fn head(&self) -> Head {
        Head {
            sequence: self.sequence,
            hash: self.hash(),
        }
    }

    /// The end of the line whose hash is `hash`: separator, link, both closing braces and the newline.
    pub(crate) fn tail(&self, hash: Hash) -> Tail<'_> {
        Tail(self, hash)
    }
}

#[derive(Debug)]
pub(crate) struct Tail<'a>(&'a Link, Hash);

impl fmt::Display for Tail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Link {
            sequence,
            previous,
            leaf,
            place,
        } = self.0;
        write!(
            f,
            "{SEPARATOR}{sequence},\"previous\":\"{previous}\",\"leaf\":\"{leaf}\""
        )?;
        if let Some(place) = place {
            write!(
                f,
                ",\"generation\":{},\"index\":{}",
                place.generation, place.index
            )?;
        }
        writeln!(f, ",\"hash\":\"{}\"}}}}", self.1)
    }
}
