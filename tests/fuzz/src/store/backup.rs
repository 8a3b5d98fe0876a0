//! Backups, in each of their formats. A caller who may restore chooses the bytes.

use std::sync::LazyLock;

use strongroom_engine::{
    Answer, BackupBlob, SecretValue, WriteRequest,
    crypt::cipher::{self, Form},
    format::{codec::Encoder, version as plaintext},
};

use super::fixture::{BACKUP, VAULT, Vault, bytes, db, fields};
use crate::{Seed, Verdict, input::chosen};

/// The backups that the vault made.
static GENUINE: LazyLock<[Vec<u8>; 4]> =
    LazyLock::new(|| [1, 2, 3, 4].map(|format| blob(format, &body(&[6, 7]))));

/// The first byte chooses: a whole backup, or what is behind the seal in one of the formats.
///
/// - A backup is restored only where the vault made it: one byte that is another is refused, whichever.
/// - What a restore brings can be backed up, and the backup of that restored is the same one again.
pub fn backup_blob(input: &[u8]) -> Verdict {
    let Some((choice, input)) = input.split_first() else {
        return Verdict::Refused;
    };
    match u16::from(choice % 5) {
        0 => {
            let restored = restore(input);
            assert!(
                restored.is_none() || GENUINE.iter().any(|genuine| genuine == input),
                "a backup that the vault did not make is restored"
            );
            Verdict::taken_if(restored.is_some())
        }
        format => {
            let restored = restore(&blob(format, input));
            if let Some(vault) = &restored {
                let first = vault.backup(&db());
                let again = restore(first.as_bytes()).expect("a vault's own backup is restored");
                assert_eq!(again.backup(&db()), first, "a restore changes what it restores");
            }
            Verdict::taken_if(restored.is_some())
        }
    }
}

/// A new vault with what `blob` brings, if it is taken.
fn restore(blob: &[u8]) -> Option<Vault> {
    let mut vault = Vault::new();
    let request = WriteRequest::Restore {
        blob: BackupBlob::new(blob),
    };
    match vault.write(&request) {
        Ok(Answer::Object(restored)) => {
            assert_eq!(restored.name, db(), "another object than the backup names");
            Some(vault)
        }
        Ok(other) => panic!("not a secret: {other:?}"),
        Err(_) => None,
    }
}

/// The backup of `DB` with this body.
fn blob(format: u16, body: &[u8]) -> Vec<u8> {
    let mut context = Encoder::record_of_format(*b"SRbk", format, VAULT);
    context.u32(1);
    if format > 1 {
        context.u8(1);
    }
    context.text(db().spelling());
    let form = if format < 3 {
        Form::Unnumbered
    } else {
        Form::Numbered
    };
    let sealed = cipher::seal_deterministic(form, &BACKUP, context.as_bytes(), body).unwrap();
    bytes(|blob| {
        blob.encoded(context.as_bytes()).bytes(&sealed);
    })
}

/// A body with a version of each id, the last one current.
fn body(ids: &[u8]) -> Vec<u8> {
    let plaintext = plaintext::encode(&SecretValue::new("hunter2".into()), &fields());
    bytes(|body| {
        body.u32(u32::try_from(ids.len()).unwrap());
        for id in ids {
            body.array(&[*id; 16]).bytes(plaintext.as_bytes());
        }
    })
}

/// A backup in each format, an altered one, and bodies.
pub fn seeds() -> Vec<Seed> {
    let mut altered = GENUINE[2].clone();
    altered[100] ^= 1;
    let in_format = |format, ids: &[u8]| chosen(format, &body(ids));
    vec![
        Seed::taken("blob-1", chosen(0, &GENUINE[0])),
        Seed::taken("blob-2", chosen(0, &GENUINE[1])),
        Seed::taken("blob-3", chosen(0, &GENUINE[2])),
        Seed::taken("blob-4", chosen(0, &GENUINE[3])),
        Seed::refused("altered", chosen(0, &altered)),
        Seed::taken("body-1", in_format(1, &[6])),
        Seed::taken("body-2", in_format(2, &[6, 7])),
        Seed::taken("body-3", in_format(3, &[9, 8, 7])),
        Seed::taken("body-4", in_format(4, &[9, 8, 7])),
        Seed::refused("body-with-one-version-twice", in_format(3, &[6, 6, 7])),
        Seed::refused("body-with-its-current-version-twice", in_format(3, &[7, 6, 7])),
        Seed::refused("body-without-versions", in_format(3, &[])),
    ]
}
