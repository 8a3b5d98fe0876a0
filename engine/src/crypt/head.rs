//! The head of an object: its wrapped seed, and what it says, sealed under that seed.

use strongroom_core::{ObjectKind, ObjectName};

use super::{
    cipher::{self, Form, KeyBytes, RememberedKey},
    keyring::Keyring,
    version::RecordKey,
};
use crate::{
    format::{
        codec::{CodecError, Decoder, Encoder, Magic},
        damage::Damaged,
        encoded::Encoded,
        head::{HeadFields, NEWEST, NUMBERED},
        id::{ObjectId, Owner, Sequence, VaultId, kind_byte, kind_of_byte},
    },
    store::Value,
};

const MAGIC: Magic = *b"SRhd";

/// An opened head.
#[derive(Debug, Clone)]
pub struct Head<F, O> {
    /// The object.
    pub object: ObjectId,
    /// The seed of its record keys.
    pub seed: KeyBytes,
    /// The record key of the current version, once that was opened.
    pub(crate) current: RememberedKey,
    /// The seed as stored.
    pub(crate) wrapped: WrappedSeed,
    /// What the head says.
    pub fields: HeadFields<F, O>,
}

/// A seed as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedSeed {
    /// The keyring term that it is wrapped under.
    pub term: u32,
    form: Form,
    /// The wrapped bytes.
    bytes: Vec<u8>,
}

impl WrappedSeed {
    /// Wraps `seed` under the keyring's current term, for a new head.
    pub(crate) fn of(
        owner: Owner<'_>,
        keyring: &Keyring,
        seed: &KeyBytes,
        salt: &[u8; 32],
    ) -> Result<Self, Damaged> {
        Self::wrap(owner, keyring, seed, salt, form_of(NEWEST))
    }

    /// Whether a new head can take it over as it is: in a head of an older format, it has another form.
    pub(crate) fn is_newest(&self) -> bool {
        self.form == form_of(NEWEST)
    }

    fn wrap(
        owner: Owner<'_>,
        keyring: &Keyring,
        seed: &KeyBytes,
        salt: &[u8; 32],
        form: Form,
    ) -> Result<Self, Damaged> {
        let (term, key) = keyring.current_term();
        let context = seed_context(owner, term);
        let bytes = cipher::seal(form, key, context.as_bytes(), salt, seed.as_slice())
            .map_err(|_| Damaged::of_object("the keyring term", owner.name))?;
        Ok(Self { term, form, bytes })
    }
}

/// Seals a head into the record written as `revision`.
pub(crate) fn seal<F: Encoded, O: Encoded + Default>(
    owner: Owner<'_>,
    key: RecordKey<'_>,
    wrapped: &WrappedSeed,
    revision: Sequence,
    fields: &HeadFields<F, O>,
) -> Result<Value, Damaged> {
    let context = body_context(owner, NEWEST, revision);
    let mut body = Encoder::with_capacity(fields.room());
    fields.put(&mut body);
    let sealed = cipher::seal(
        form_of(NEWEST),
        key.seed,
        context.as_bytes(),
        key.salt,
        body.as_bytes(),
    )
    .map_err(|_| Damaged::of_object("the seed", owner.name))?;
    Ok(join(&context, wrapped, &sealed))
}

/// The same head with its seed wrapped anew; the sealed body stays as it is, in the format that it has.
pub(crate) fn rewrap(
    keyring: &Keyring,
    kind: ObjectKind,
    name: &ObjectName,
    record: &Value,
    salt: &[u8; 32],
) -> Result<Value, Damaged> {
    let parts = split(record).map_err(|_| Damaged::of_object("the head", name))?;
    let owner = parts.owner(keyring.vault(), kind, name)?;
    let seed = parts.unwrap(owner, keyring)?;
    let wrapped = WrappedSeed::wrap(owner, keyring, &seed, salt, form_of(parts.format))?;
    let context = body_context(owner, parts.format, parts.revision);
    Ok(join(&context, &wrapped, parts.sealed))
}

/// The keyring term that a stored head's seed is wrapped under.
pub(crate) fn term_of(record: &Value) -> Result<u32, CodecError> {
    split(record).map(|parts| parts.term)
}

/// Opens the head stored for the object `name` of this kind.
pub fn open<F: Encoded, O: Encoded + Default>(
    keyring: &Keyring,
    kind: ObjectKind,
    name: &ObjectName,
    record: &Value,
) -> Result<Head<F, O>, Damaged> {
    let broken = || Damaged::of_object("the head", name);
    let parts = split(record).map_err(|_| broken())?;
    let owner = parts.owner(keyring.vault(), kind, name)?;
    let seed = parts.unwrap(owner, keyring)?;
    let context = body_context(owner, parts.format, parts.revision);
    let body =
        cipher::open(form_of(parts.format), &seed, context.as_bytes(), parts.sealed).map_err(|_| broken())?;
    let fields = HeadFields::decode(parts.format, name, &body).map_err(|_| broken())?;
    Ok(Head {
        object: owner.object,
        seed,
        current: RememberedKey::default(),
        wrapped: WrappedSeed {
            term: parts.term,
            form: form_of(parts.format),
            bytes: parts.wrapped.to_vec(),
        },
        fields,
    })
}

/// A stored head, taken apart.
struct Parts<'a> {
    format: u16,
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
    fn owner<'n>(
        &self,
        vault: VaultId,
        kind: ObjectKind,
        name: &'n ObjectName,
    ) -> Result<Owner<'n>, Damaged> {
        if self.vault == vault && kind_of_byte(self.kind) == Some(kind) && self.name == name.as_str() {
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
        let seed = cipher::open(form_of(self.format), key, context.as_bytes(), self.wrapped)
            .map_err(|_| broken())?;
        let seed: &[u8; 32] = seed.as_slice().try_into().map_err(|_| broken())?;
        Ok(KeyBytes::new(*seed))
    }
}

/// The form of the sealed parts of a head of this format.
const fn form_of(format: u16) -> Form {
    if format < NUMBERED {
        Form::Unnumbered
    } else {
        Form::Numbered
    }
}

fn split(record: &Value) -> Result<Parts<'_>, CodecError> {
    let (mut decoder, format, vault) = Decoder::record_up_to(record.as_bytes(), MAGIC, NEWEST)?;
    let parts = Parts {
        format,
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

fn join(context: &Encoder, wrapped: &WrappedSeed, sealed: &[u8]) -> Value {
    let room = context.as_bytes().len() + wrapped.bytes.len() + sealed.len() + 12;
    let mut record = Encoder::with_capacity(room);
    record
        .encoded(context.as_bytes())
        .u32(wrapped.term)
        .bytes(&wrapped.bytes)
        .bytes(sealed);
    Value::new(record.into_bytes())
}

/// What stands before the wrapped seed, and is authenticated with the body: the format among it, so that no body is
/// read in another one.
fn body_context(owner: Owner<'_>, format: u16, revision: Sequence) -> Encoder {
    let mut encoder = Encoder::record_of_format(MAGIC, format, owner.vault);
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
