//! The head of an object: its wrapped seed, which version is the current one, and whether it is deleted.

use strongroom_core::{ObjectKind, ObjectName};

use super::{
    cipher::{self, KeyBytes},
    keyring::Keyring,
};
use crate::{
    format::{
        codec::{CodecError, Decoder, Encoder, Magic},
        damage::Damaged,
        head::HeadFields,
        id::{ObjectId, Owner, Sequence, VaultId, kind_byte},
    },
    store::Value,
};

const MAGIC: Magic = *b"SRhd";

/// An opened head.
#[derive(Debug, Clone)]
pub struct Head {
    /// The object.
    pub object: ObjectId,
    /// The seed of its record keys.
    pub seed: KeyBytes,
    /// The keyring term that the seed is wrapped under.
    pub term: u32,
    /// The seed as stored.
    pub(crate) wrapped_seed: Vec<u8>,
    /// What the head says.
    pub fields: HeadFields,
}

/// A seed as stored: the term it is wrapped under, and the wrapped bytes.
pub(crate) type WrappedSeed = (u32, Vec<u8>);

/// Wraps `seed` under the keyring's current term.
pub(crate) fn wrap_seed(
    owner: Owner<'_>,
    keyring: &Keyring,
    seed: &KeyBytes,
    salt: &[u8; 32],
) -> Result<WrappedSeed, Damaged> {
    let (term, key) = keyring.current_term();
    let context = seed_context(owner, term);
    let wrapped = cipher::seal(key, context.as_bytes(), salt, seed.as_slice())
        .map_err(|_| Damaged::of_object("the keyring term", owner.name))?;
    Ok((term, wrapped))
}

/// Seals a head into the record written as `revision`.
pub(crate) fn seal(
    owner: Owner<'_>,
    (seed, wrapped): (&KeyBytes, &WrappedSeed),
    (revision, salt): (Sequence, &[u8; 32]),
    fields: &HeadFields,
) -> Result<Value, Damaged> {
    let context = body_context(owner, revision);
    let mut body = Encoder::with_capacity(128 + fields.current.encoded_size());
    fields.encode(&mut body);
    let sealed = cipher::seal(seed, context.as_bytes(), salt, body.as_bytes())
        .map_err(|_| Damaged::of_object("the seed", owner.name))?;
    Ok(join(&context, wrapped, &sealed))
}

/// The same head with its seed wrapped anew; the sealed body stays as it is.
pub(crate) fn rewrap(
    vault: VaultId,
    name: &ObjectName,
    record: &Value,
    keyring: &Keyring,
    salt: &[u8; 32],
) -> Result<Value, Damaged> {
    let parts = split(record).map_err(|_| Damaged::of_object("the head", name))?;
    let owner = parts.owner(vault, name)?;
    let seed = parts.unwrap(owner, keyring)?;
    let wrapped = wrap_seed(owner, keyring, &seed, salt)?;
    Ok(join(&body_context(owner, parts.revision), &wrapped, parts.sealed))
}

/// The keyring term that a stored head's seed is wrapped under.
pub(crate) fn term_of(record: &Value) -> Result<u32, CodecError> {
    split(record).map(|parts| parts.term)
}

/// Opens the head stored for the object `name` of `vault`.
pub fn open(vault: VaultId, name: &ObjectName, keyring: &Keyring, record: &Value) -> Result<Head, Damaged> {
    let broken = || Damaged::of_object("the head", name);
    let parts = split(record).map_err(|_| broken())?;
    let owner = parts.owner(vault, name)?;
    let seed = parts.unwrap(owner, keyring)?;
    let context = body_context(owner, parts.revision);
    let body = cipher::open(&seed, context.as_bytes(), parts.sealed).map_err(|_| broken())?;
    let fields = HeadFields::decode(&body).map_err(|_| broken())?;
    Ok(Head {
        object: owner.object,
        seed,
        term: parts.term,
        wrapped_seed: parts.wrapped.to_vec(),
        fields,
    })
}

impl Head {
    /// The seed as stored.
    pub(crate) fn wrapped(&self) -> WrappedSeed {
        (self.term, self.wrapped_seed.clone())
    }
}

/// A stored head, taken apart.
struct Parts<'a> {
    vault: VaultId,
    kind: u8,
    name: &'a str,
    object: ObjectId,
    revision: Sequence,
    term: u32,
    wrapped: &'a [u8],
    sealed: &'a [u8],
}

impl Parts<'_> {
    /// The owner, if it is the one asked for.
    fn owner<'n>(&self, vault: VaultId, name: &'n ObjectName) -> Result<Owner<'n>, Damaged> {
        let kind = ObjectKind::Secrets;
        if self.vault == vault && self.kind == kind_byte(kind) && self.name == name.as_str() {
            Ok(Owner {
                vault,
                kind,
                name,
                object: self.object,
            })
        } else {
            Err(Damaged::of_object("the head", name))
        }
    }

    fn unwrap(&self, owner: Owner<'_>, keyring: &Keyring) -> Result<KeyBytes, Damaged> {
        let broken = || Damaged::of_object("the seed", owner.name);
        let key = keyring.term(self.term).ok_or_else(broken)?;
        let context = seed_context(owner, self.term);
        let seed = cipher::open(key, context.as_bytes(), self.wrapped).map_err(|_| broken())?;
        let seed: &[u8; 32] = seed.as_slice().try_into().map_err(|_| broken())?;
        Ok(KeyBytes::new(*seed))
    }
}

fn split(record: &Value) -> Result<Parts<'_>, CodecError> {
    let (mut decoder, vault) = Decoder::record_of_any_vault(record.as_bytes(), MAGIC)?;
    let parts = Parts {
        vault,
        kind: decoder.u8()?,
        name: decoder.text()?,
        object: ObjectId(Sequence(decoder.u64()?)),
        revision: Sequence(decoder.u64()?),
        term: decoder.u32()?,
        wrapped: decoder.bytes()?,
        sealed: decoder.bytes()?,
    };
    decoder.finish()?;
    Ok(parts)
}

fn join(context: &Encoder, (term, wrapped): &WrappedSeed, sealed: &[u8]) -> Value {
    let mut record = Encoder::with_capacity(context.as_bytes().len() + wrapped.len() + sealed.len() + 12);
    record
        .encoded(context.as_bytes())
        .u32(*term)
        .bytes(wrapped)
        .bytes(sealed);
    Value::new(record.into_bytes())
}

fn body_context(owner: Owner<'_>, revision: Sequence) -> Encoder {
    let mut encoder = Encoder::record(MAGIC, owner.vault);
    encoder.u8(kind_byte(owner.kind)).text(owner.name.as_str());
    encoder.u64(owner.object.0.0).u64(revision.0);
    encoder
}

fn seed_context(owner: Owner<'_>, term: u32) -> Encoder {
    let mut encoder = Encoder::record(*b"SRsd", owner.vault);
    encoder.u8(kind_byte(owner.kind)).text(owner.name.as_str());
    encoder.u64(owner.object.0.0).u32(term);
    encoder
}
