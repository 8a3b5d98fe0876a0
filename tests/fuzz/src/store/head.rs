//! The head of an object, in each of its formats.

use std::sync::LazyLock;

use strongroom_core::{ObjectKind, Timestamp, Version};
use strongroom_engine::{
    crypt::{
        cipher::{self, Form},
        head,
    },
    format::{codec::Encoder, fields::Deletion, head::HeadFields, id::Sequence},
    secret::SecretFields,
    store::Value,
};

use super::fixture::{SALT, SEED, TERM, VAULT, bytes, db, fields, keyring};
use crate::{Seed, Verdict, input::chosen};

/// The formats there are.
const FORMATS: [u16; 4] = [1, 2, 3, 4];

/// The heads that the vault wrote.
static GENUINE: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let body = body(&head_fields());
    FORMATS
        .map(|format| record(format, &in_format(format, &body)))
        .to_vec()
});

/// What the head of a secret says.
type Fields = HeadFields<SecretFields, ()>;

/// The first byte chooses: a whole record, or what is behind the seal in one of the formats.
///
/// - A record is opened only where the vault wrote it: one byte that is another is refused, whichever.
/// - Fields are taken only in their one encoding. Those of format 1, which has no spelling, are those of format 2 without
///   one. A secret notes nothing about the object, so format 4 adds nothing to them.
pub fn head_record(input: &[u8]) -> Verdict {
    let Some((choice, input)) = input.split_first() else {
        return Verdict::Refused;
    };
    match u16::from(choice % 5) {
        0 => {
            let opened =
                head::open::<SecretFields, ()>(&keyring(), ObjectKind::Secrets, &db(), &Value::new(input));
            assert!(
                opened.is_err() || GENUINE.iter().any(|genuine| genuine == input),
                "a head that the vault did not write is opened"
            );
            Verdict::of(&opened)
        }
        format => {
            let read = Fields::decode(format, &db(), input);
            if let Ok(read) = &read {
                assert_eq!(in_format(format, &body(read)), input, "two encodings of one head");
            }
            Verdict::of(&read)
        }
    }
}

fn head_fields() -> Fields {
    HeadFields {
        name: db(),
        version: Version::from_bytes([6; 16]),
        sequence: Sequence(8),
        versions: 2,
        current: fields(),
        deleted: Some(Deletion {
            deleted_date: Timestamp::from_unix(1_700_000_000),
            scheduled_purge_date: Timestamp::from_unix(1_800_000_000),
        }),
        object: (),
    }
}

fn body(fields: &Fields) -> Vec<u8> {
    bytes(|encoder| fields.put(encoder))
}

/// A body of the newest format as one of `format`: the first has no place for a spelling.
fn in_format(format: u16, body: &[u8]) -> Vec<u8> {
    let spelling = match (format, body) {
        (1, [0, ..]) => 1,
        (1, [_, rest @ ..]) => {
            5 + usize::try_from(u32::from_be_bytes(rest[..4].try_into().unwrap())).unwrap()
        }
        _ => 0,
    };
    body[spelling..].to_vec()
}

/// The record of a head with this body.
fn record(format: u16, body: &[u8]) -> Vec<u8> {
    let form = if format < 3 {
        Form::Unnumbered
    } else {
        Form::Numbered
    };
    let mut seed_context = Encoder::record(*b"SRsd", VAULT);
    seed_context.u8(1).text(db().as_str()).u64(1).u32(1);
    let wrapped = cipher::seal(form, &TERM, seed_context.as_bytes(), &SALT, &SEED).unwrap();
    let mut context = Encoder::record_of_format(*b"SRhd", format, VAULT);
    context.u8(1).text(db().as_str()).u64(1).u64(7);
    let sealed = cipher::seal(form, &SEED, context.as_bytes(), &SALT, body).unwrap();
    bytes(|record| {
        record
            .encoded(context.as_bytes())
            .u32(1)
            .bytes(&wrapped)
            .bytes(&sealed);
    })
}

/// A record and a body in each format.
pub fn seeds() -> Vec<Seed> {
    let body = body(&head_fields());
    let live = bytes(|encoder| {
        let mut fields = head_fields();
        fields.name = "db".parse().unwrap();
        fields.deleted = None;
        fields.put(encoder);
    });
    let mut altered = GENUINE[2].clone();
    altered[30] ^= 1;
    vec![
        Seed::taken("record-1", chosen(0, &GENUINE[0])),
        Seed::taken("record-2", chosen(0, &GENUINE[1])),
        Seed::taken("record-3", chosen(0, &GENUINE[2])),
        Seed::taken("record-4", chosen(0, &GENUINE[3])),
        Seed::refused("altered", chosen(0, &altered)),
        Seed::taken("body-1", chosen(1, &in_format(1, &body))),
        Seed::taken("body-2", chosen(2, &body)),
        Seed::taken("body-3", chosen(3, &body)),
        Seed::taken("body-4", chosen(4, &body)),
        Seed::taken("body-live", chosen(3, &live)),
    ]
}
