//! The record of one version: its content and fields, sealed under its object's seed.
//!
//! Format 2 says how it was encrypted. Format 1, of older programs, does not.

use super::cipher::{self, Form, KeyBytes, RememberedKey};
use crate::{
    format::{
        codec::{Decoder, Encoder, Magic},
        damage::Damaged,
        encoded::Encoded,
        fields::VersionFields,
        id::{Located, Owner, kind_byte},
        version as body,
    },
    store::Value,
};

const MAGIC: Magic = *b"SRvr";

/// The formats and the form of what is sealed in each; the last one is written.
const FORMATS: [(u16, Form); 2] = [(1, Form::Unnumbered), (2, Form::Numbered)];

/// The seed of an object and what it is mixed with to seal one record.
#[derive(Debug, Clone, Copy)]
pub struct RecordKey<'a> {
    /// The seed of the object.
    pub seed: &'a KeyBytes,
    /// Random bytes of this record alone.
    pub salt: &'a [u8; 32],
}

/// Seals a version of `owner` into the record at its place.
pub fn seal<C: Encoded, F: Encoded>(
    owner: Owner<'_>,
    key: RecordKey<'_>,
    place: Located,
    content: &C,
    fields: &VersionFields<F>,
) -> Result<Value, Damaged> {
    let [.., (format, form)] = FORMATS;
    let mut record = context(format, owner, place);
    let body = body::encode(content, fields);
    let sealed = cipher::seal(form, key.seed, record.as_bytes(), key.salt, body.as_bytes())
        .map_err(|_| Damaged::of_object("the seed", owner.name))?;
    record.bytes(&sealed);
    Ok(Value::new(record.into_bytes()))
}

/// Opens the record found at `place`, which must be this version of this owner and nothing else. What is remembered is of
/// this place and seed.
pub fn open<C: Encoded, F: Encoded>(
    owner: Owner<'_>,
    (seed, remembered): (&KeyBytes, Option<&RememberedKey>),
    place: Located,
    record: &Value,
) -> Result<(C, VersionFields<F>), Damaged> {
    let broken = || Damaged::of_object("a version", owner.name);
    let (form, expected, rest) = FORMATS
        .into_iter()
        .rev()
        .find_map(|(format, form)| {
            let expected = context(format, owner, place);
            let rest = record.as_bytes().strip_prefix(expected.as_bytes())?;
            Some((form, expected, rest))
        })
        .ok_or_else(broken)?;
    let mut decoder = Decoder::new(rest);
    let sealed = decoder.bytes().map_err(|_| broken())?;
    decoder.finish().map_err(|_| broken())?;
    let context = expected.as_bytes();
    let plaintext = match remembered {
        Some(remembered) => cipher::open_again(form, seed, context, sealed, remembered),
        None => cipher::open(form, seed, context, sealed),
    };
    let plaintext = plaintext.map_err(|_| broken())?;
    body::decode(&plaintext).map_err(|_| broken())
}

/// What stands before the sealed body, and is authenticated with it.
fn context(format: u16, owner: Owner<'_>, place: Located) -> Encoder {
    let mut encoder = Encoder::record_of_format(MAGIC, format, owner.vault);
    encoder.u8(kind_byte(owner.kind)).text(owner.name.as_str());
    encoder
        .u64(owner.object.0.0)
        .array(place.version.as_bytes())
        .u64(place.sequence.0);
    encoder
}
