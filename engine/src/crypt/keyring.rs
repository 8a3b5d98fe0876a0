//! The keyring: the keys that the seal opens. It lies beside the store in a file of its own, so that destroying a
//! term's key leaves no old page behind.
//!
//! | key | what for |
//! |---|---|
//! | terms, by number | wrap the seeds of objects; the newest wraps new ones |
//! | backup keys, by number | seal backup blobs; kept for as long as the vault lives |
//! | root | the proofs and the digests of records, the vault's state, and the markers of pages, each derived |

use std::fmt;

use zeroize::Zeroizing;

use crate::{
    crypt::{
        cipher::{self, KeyBytes},
        digest::DigestKey,
        proof::ProofKey,
        seal::SealError,
    },
    format::{
        codec::{CodecError, Decoder, Encoder, Magic},
        id::VaultId,
        record::Record,
    },
    store::{Key, Value},
};

pub mod file;
pub mod slots;
pub use file::{KeyringFile, KeyringFileError};
pub use slots::Slots;

const MAGIC: Magic = *b"SRkr";

/// Why a keyring could not be opened or made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// The bytes are not a keyring.
    #[error("the keyring is damaged: {0}")]
    Damaged(#[from] CodecError),
    /// The seal did not open it.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// It is sealed with another key.
    #[error("the keyring is sealed with key {sealed_with}, the seal is key {offered}")]
    OtherSealKey {
        /// The key it is sealed with.
        sealed_with: Box<str>,
        /// The key that the seal has.
        offered: Box<str>,
    },
    /// No key could be derived.
    #[error("a key cannot be derived")]
    Derive(#[from] cipher::NotOpened),
}

/// A key with its number.
type Numbered = (u32, KeyBytes);

/// The opened keyring.
pub struct Keyring {
    vault: VaultId,
    /// Ascending by number, never empty.
    terms: Vec<Numbered>,
    current: Numbered,
    backups: Vec<Numbered>,
    root: KeyBytes,
    digest: DigestKey,
    proof: ProofKey,
    state: KeyBytes,
    marker: KeyBytes,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("vault", &self.vault)
            .field("term", &self.current.0)
            .finish_non_exhaustive()
    }
}

/// Random bytes for a new keyring.
#[derive(Debug)]
pub struct KeyringSeeds {
    /// The first term.
    pub term: KeyBytes,
    /// The first backup key.
    pub backup: KeyBytes,
    /// The root.
    pub root: KeyBytes,
}

impl Keyring {
    /// The keyring of a new vault.
    pub fn new(vault: VaultId, seeds: KeyringSeeds) -> Result<Self, KeyringError> {
        Self::assemble(vault, vec![(1, seeds.term)], vec![(1, seeds.backup)], seeds.root)
    }

    fn assemble(
        vault: VaultId,
        terms: Vec<Numbered>,
        backups: Vec<Numbered>,
        root: KeyBytes,
    ) -> Result<Self, KeyringError> {
        let current = terms.last().cloned().ok_or(CodecError::Field)?;
        let digest = DigestKey::new(&*cipher::derive_key(&root, b"strongroom digest 1")?);
        let proof = ProofKey::new(&*cipher::derive_key(&root, b"strongroom proof 1")?);
        let state = cipher::derive_key(&root, b"strongroom state 1")?;
        let marker = cipher::derive_key(&root, b"strongroom marker 1")?;
        Ok(Self {
            vault,
            terms,
            current,
            backups,
            root,
            digest,
            proof,
            state,
            marker,
        })
    }

    /// The vault.
    pub const fn vault(&self) -> VaultId {
        self.vault
    }

    /// The term that wraps new seeds.
    pub(crate) const fn current_term(&self) -> (u32, &KeyBytes) {
        (self.current.0, &self.current.1)
    }

    /// The key of a term, while it exists.
    pub(crate) fn term(&self, number: u32) -> Option<&KeyBytes> {
        find(&self.terms, number)
    }

    /// The oldest term.
    pub(crate) fn oldest_term(&self) -> u32 {
        self.terms.first().map_or(self.current.0, |(number, _)| *number)
    }

    /// The newest backup key.
    pub(crate) fn current_backup(&self) -> Option<(u32, &KeyBytes)> {
        self.backups.last().map(|(number, key)| (*number, key))
    }

    /// A backup key.
    pub(crate) fn backup(&self, number: u32) -> Option<&KeyBytes> {
        find(&self.backups, number)
    }

    pub(crate) const fn digest(&self) -> &DigestKey {
        &self.digest
    }

    /// What seals the vault's state.
    pub(crate) const fn state(&self) -> &KeyBytes {
        &self.state
    }

    /// A record of this vault for `place`, with its proof.
    pub fn prove<R: Record>(&self, place: &Key, record: &R) -> Value {
        self.proof.prove(place, record.encode(self.vault))
    }

    /// The record that was found at `place`, if this vault wrote it there.
    pub fn check<R: Record>(&self, place: &Key, stored: &Value) -> Result<R, CodecError> {
        R::decode(self.vault, self.proof.check(place, stored)?)
    }

    /// Whether this vault wrote the record that was found at `place` there, whatever it is.
    pub(crate) fn check_any(&self, place: &Key, stored: &Value) -> Result<(), CodecError> {
        self.proof.check(place, stored).map(drop)
    }

    /// What seals the markers of pages.
    pub(crate) const fn marker(&self) -> &KeyBytes {
        &self.marker
    }

    /// This keyring with one more term, which wraps seeds from now on.
    pub(crate) fn with_term(&self, key: KeyBytes) -> Result<Self, KeyringError> {
        let mut terms = self.terms.clone();
        terms.push((self.current.0.checked_add(1).ok_or(CodecError::Field)?, key));
        Self::assemble(self.vault, terms, self.backups.clone(), self.root.clone())
    }

    /// This keyring without the terms up to `last`; the current one stays.
    pub(crate) fn without_terms(&self, last: u32) -> Result<Self, KeyringError> {
        let terms = self
            .terms
            .iter()
            .filter(|(number, _)| *number > last || *number == self.current.0);
        Self::assemble(
            self.vault,
            terms.cloned().collect(),
            self.backups.clone(),
            self.root.clone(),
        )
    }

    /// The keys, to be sealed.
    fn keys(&self) -> Encoder {
        let numbered = self.terms.len() + self.backups.len();
        let mut body = Encoder::with_capacity(8 + 36 * numbered + 32);
        for keys in [&self.terms, &self.backups] {
            body.u32(u32::try_from(keys.len()).unwrap_or(u32::MAX));
            for (number, key) in keys {
                body.u32(*number).array(key);
            }
        }
        body.array(&self.root);
        body
    }

    /// Reads what [`Self::keys`] wrote.
    fn decode(vault: VaultId, body: &Zeroizing<Vec<u8>>) -> Result<Self, KeyringError> {
        let mut decoder = Decoder::new(body);
        let terms = numbered(&mut decoder)?;
        let backups = numbered(&mut decoder)?;
        let root = KeyBytes::new(decoder.array()?);
        decoder.finish()?;
        Self::assemble(vault, terms, backups, root)
    }
}

fn find(keys: &[Numbered], number: u32) -> Option<&KeyBytes> {
    keys.iter()
        .find(|(other, _)| *other == number)
        .map(|(_, key)| key)
}

/// Reads numbered keys; their numbers must ascend.
fn numbered(decoder: &mut Decoder<'_>) -> Result<Vec<Numbered>, CodecError> {
    let mut keys: Vec<Numbered> = Vec::new();
    for _ in 0..decoder.u32()? {
        let number = decoder.u32()?;
        if keys.last().is_some_and(|(last, _)| *last >= number) {
            return Err(CodecError::Field);
        }
        keys.push((number, KeyBytes::new(decoder.array()?)));
    }
    Ok(keys)
}
