//! The record of a version, in each of its formats.

use std::sync::LazyLock;

use strongroom_core::{ObjectKind, ObjectName, Version};
use strongroom_engine::{
    SecretValue,
    crypt::{
        cipher::{Form, KeyBytes, RememberedKey},
        version,
    },
    format::{
        codec::Encoder,
        id::{Located, ObjectId, Owner, Sequence},
        version as body,
    },
    secret::SecretFields,
    store::Value,
};

use super::fixture::{SEED, VAULT, db, fields, sealed_after};
use crate::{Seed, Verdict, input::chosen};

/// Where the version lies.
const PLACE: Located = Located {
    version: Version::from_bytes([6; 16]),
    sequence: Sequence(8),
};

/// The records that the vault wrote.
static GENUINE: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    [(1, Form::Unnumbered), (2, Form::Numbered)].map(|(format, form)| record(format, form, &plaintext()))
});

/// What a read of the newest of them left.
static REMEMBERED: LazyLock<RememberedKey> = LazyLock::new(|| {
    let remembered = RememberedKey::default();
    let [.., newest] = &*GENUINE;
    let (name, record) = (db(), Value::new(newest.as_slice()));
    let key = (&KeyBytes::new(SEED), Some(&remembered));
    let opened = version::open::<SecretValue, SecretFields>(owner(&name), key, PLACE, &record);
    assert!(opened.is_ok(), "the vault's own record does not open");
    remembered
});

/// The first byte chooses: a whole record, or what is behind the seal.
///
/// - A record is opened only where the vault wrote it: one byte that is another is refused, whichever.
/// - Content and fields are taken only in their one encoding.
pub fn version_record(input: &[u8]) -> Verdict {
    let Some((choice, input)) = input.split_first() else {
        return Verdict::Refused;
    };
    if choice % 2 == 0 {
        let name = db();
        let record = Value::new(input);
        let open = |remembered| {
            let key = (&KeyBytes::new(SEED), remembered);
            version::open::<SecretValue, SecretFields>(owner(&name), key, PLACE, &record)
        };
        let opened = open(None);
        assert_eq!(
            open(Some(&REMEMBERED)),
            opened,
            "what a read remembered opens another record"
        );
        assert!(
            opened.is_err() || GENUINE.iter().any(|genuine| genuine == input),
            "a version that the vault did not write is opened"
        );
        return Verdict::of(&opened);
    }
    let read = body::decode::<SecretValue, SecretFields>(input);
    if let Ok((content, fields)) = &read {
        assert_eq!(
            body::encode(content, fields).as_bytes(),
            input,
            "two encodings of one version"
        );
    }
    Verdict::of(&read)
}

fn owner(name: &ObjectName) -> Owner<'_> {
    Owner {
        vault: VAULT,
        kind: ObjectKind::Secrets,
        name,
        object: ObjectId(Sequence(1)),
    }
}

fn plaintext() -> Vec<u8> {
    body::encode(&SecretValue::new("hunter2".into()), &fields()).into_bytes()
}

fn record(format: u16, form: Form, body: &[u8]) -> Vec<u8> {
    let mut context = Encoder::record_of_format(*b"SRvr", format, VAULT);
    context.u8(1).text(db().as_str()).u64(1);
    context.array(PLACE.version.as_bytes()).u64(PLACE.sequence.0);
    sealed_after(&context, form, &SEED, body)
}

/// A record in each format, one that is altered, and bodies.
pub fn seeds() -> Vec<Seed> {
    let mut altered = GENUINE[1].clone();
    altered[70] ^= 0x80;
    let mut bare = fields();
    (bare.own.content_type, bare.not_before, bare.expires) = (None, None, None);
    bare.tags.clear();
    let bare = body::encode(&SecretValue::new(String::new()), &bare);
    vec![
        Seed::taken("record-1", chosen(0, &GENUINE[0])),
        Seed::taken("record-2", chosen(0, &GENUINE[1])),
        Seed::refused("altered", chosen(0, &altered)),
        Seed::taken("body", chosen(1, &plaintext())),
        Seed::taken("body-bare", chosen(1, bare.as_bytes())),
    ]
}
