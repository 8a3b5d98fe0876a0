//! The record of one version: its value and fields, sealed under its object's seed.

use strongroom_core::Version;

use super::cipher::{self, KeyBytes};
use crate::{
    format::{
        codec::{Decoder, Encoder, Magic},
        damage::Damaged,
        fields::VersionFields,
        id::{Owner, Sequence, kind_byte},
        value::SecretValue,
        version as body,
    },
    store::Value,
};

const MAGIC: Magic = *b"SRvr";

/// Seals a version of `owner` into the record at `sequence`.
pub fn seal(
    owner: Owner<'_>,
    seed: &KeyBytes,
    salt: &[u8; 32],
    (version, sequence): (&Version, Sequence),
    (value, fields): (&SecretValue, &VersionFields),
) -> Result<Value, Damaged> {
    let mut record = place(owner, version, sequence);
    let sealed = cipher::seal(
        seed,
        record.as_bytes(),
        salt,
        body::encode(value, fields).as_bytes(),
    )
    .map_err(|_| Damaged::of_object("the seed", owner.name))?;
    record.bytes(&sealed);
    Ok(Value::new(record.into_bytes()))
}

/// Opens the record found at `sequence`, which must be this version of this owner and nothing else.
pub fn open(
    owner: Owner<'_>,
    seed: &KeyBytes,
    (version, sequence): (&Version, Sequence),
    record: &Value,
) -> Result<(SecretValue, VersionFields), Damaged> {
    let broken = || Damaged::of_object("a version", owner.name);
    let expected = place(owner, version, sequence);
    let rest = record
        .as_bytes()
        .strip_prefix(expected.as_bytes())
        .ok_or_else(broken)?;
    let mut decoder = Decoder::new(rest);
    let sealed = decoder.bytes().map_err(|_| broken())?;
    decoder.finish().map_err(|_| broken())?;
    let plaintext = cipher::open(seed, expected.as_bytes(), sealed).map_err(|_| broken())?;
    body::decode(&plaintext).map_err(|_| broken())
}

/// What stands before the sealed body, and is authenticated with it.
fn place(owner: Owner<'_>, version: &Version, sequence: Sequence) -> Encoder {
    let mut encoder = Encoder::record(MAGIC, owner.vault);
    encoder.u8(kind_byte(owner.kind)).text(owner.name.as_str());
    encoder
        .u64(owner.object.0.0)
        .array(version.as_bytes())
        .u64(sequence.0);
    encoder
}
