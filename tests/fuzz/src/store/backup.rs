//! Backups of secrets and of keys, in each of their formats. A caller who may restore chooses the bytes.

use std::sync::LazyLock;

use strongroom_core::Timestamp;
use strongroom_engine::{
    BackupBlob, CryptoKey, KeyFields, KeyMaterial, Secret, SecretValue,
    crypt::cipher::{self, Form},
    crypto_key::{
        release::ReleaseTerms,
        rotation::{KeyObject, RotationPolicy, RotationRules},
    },
    format::{codec::Encoder, encoded::Encoded as _, version as plaintext},
    object::{answer::Answer, request::WriteRequest, tasks::Tasks},
};
use strongroom_keys::{Curve, KeyOperation, PublicJwk};

use super::fixture::{BACKUP, NOW, VAULT, Vault, bytes, db, fields, fields_of};
use crate::{Seed, Verdict, input::chosen};

/// How the choices count: whole backups, what is behind the seal of a secret's in formats 1 to 4, and of a key's in formats 2
/// to 4.
const CHOICES: u8 = 8;
const FIRST_OF_KEYS: u16 = 5;

/// Where a backup says its kind: behind four bytes that say what it is, its format, the id of the vault and the number of the
/// key.
const KIND_AT: usize = 4 + 2 + 16 + 4;

/// The backups of secrets that the vault made.
static OF_SECRETS: LazyLock<[Vec<u8>; 4]> =
    LazyLock::new(|| [1, 2, 3, 4].map(|format| Secret::blob(format, &Secret::body(format, &[6, 7]))));

/// And those of keys.
static OF_KEYS: LazyLock<[Vec<u8>; 3]> =
    LazyLock::new(|| [2, 3, 4].map(|format| CryptoKey::blob(format, &CryptoKey::body(format, &[6, 7]))));

/// The first byte chooses: a whole backup, or what is behind the seal in one of the formats of one of the kinds.
///
/// - A backup is restored only where the vault made it, and as what it is: one byte that is another is refused, whichever.
/// - What a restore brings can be backed up, and the backup of that restored is the same one again.
pub fn backup_blob(input: &[u8]) -> Verdict {
    let Some((choice, input)) = input.split_first() else {
        return Verdict::Refused;
    };
    match u16::from(choice % CHOICES) {
        0 => whole::<Secret>(input, &*OF_SECRETS).or(whole::<CryptoKey>(input, &*OF_KEYS)),
        format if format < FIRST_OF_KEYS => sealed::<Secret>(format, input),
        format => sealed::<CryptoKey>(format - FIRST_OF_KEYS + 2, input),
    }
}

fn whole<K: Backed>(input: &[u8], genuine: &[Vec<u8>]) -> Verdict {
    let restored = restore::<K>(input);
    assert!(
        restored.is_none() || genuine.iter().any(|genuine| genuine == input),
        "a backup that the vault did not make is restored"
    );
    Verdict::taken_if(restored.is_some())
}

fn sealed<K: Backed>(format: u16, body: &[u8]) -> Verdict {
    let restored = restore::<K>(&K::blob(format, body));
    if let Some(vault) = &restored {
        let first = vault.backup::<K>(&db());
        let again = restore::<K>(first.as_bytes()).expect("a vault's own backup is restored");
        assert_eq!(
            again.backup::<K>(&db()),
            first,
            "a restore changes what it restores"
        );
    }
    Verdict::taken_if(restored.is_some())
}

/// A new vault with what `blob` brings, if it is taken.
fn restore<K: Tasks>(blob: &[u8]) -> Option<Vault> {
    let mut vault = Vault::new();
    let request = WriteRequest::<K>::Restore {
        blob: BackupBlob::new(blob),
    };
    match vault.write(&request) {
        Ok(Answer::Object(restored)) => {
            assert_eq!(restored.name, db(), "another object than the backup names");
            Some(vault)
        }
        Ok(other) => panic!("not an object: {other:?}"),
        Err(_) => None,
    }
}

/// A kind whose backups are made here as the vault makes them.
trait Backed: Tasks {
    /// The byte that stands for it.
    const BYTE: u8;

    /// A version with everything, and what is noted about the object.
    fn parts() -> (Encoder, Self::Object);

    /// A body with a version of each id, the last one current.
    fn body(format: u16, ids: &[u8]) -> Vec<u8> {
        let (version, object) = Self::parts();
        bytes(|body| {
            body.u32(u32::try_from(ids.len()).unwrap());
            for id in ids {
                body.array(&[*id; 16]).bytes(version.as_bytes());
            }
            if format > 3 {
                object.put(body);
            }
        })
    }

    /// The backup of `DB` with this body.
    fn blob(format: u16, body: &[u8]) -> Vec<u8> {
        let mut context = Encoder::record_of_format(*b"SRbk", format, VAULT);
        context.u32(1);
        if format > 1 {
            context.u8(Self::BYTE);
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
}

impl Backed for Secret {
    const BYTE: u8 = 1;

    fn parts() -> (Encoder, ()) {
        (
            plaintext::encode(&SecretValue::new("hunter2".into()), &fields()),
            (),
        )
    }
}

impl Backed for CryptoKey {
    const BYTE: u8 = 2;

    /// One that may leave the vault, and has a rotation policy.
    fn parts() -> (Encoder, KeyObject) {
        let fields = fields_of(KeyFields {
            public: PublicJwk::Ec {
                crv: Curve::P256,
                x: [7; 32].into(),
                y: [8; 32].into(),
            },
            operations: [KeyOperation::Sign, KeyOperation::Verify].into_iter().collect(),
            release: Some(ReleaseTerms {
                policy: br#"{"anyOf":[]}"#.to_vec().into(),
                is_immutable: true,
            }),
            is_part: false,
        });
        let material = KeyMaterial::new(b"hunter2".to_vec().into());
        let rotation = RotationPolicy {
            rules: RotationRules::default(),
            created: Timestamp::from_unix(7),
            updated: NOW,
        };
        let object = KeyObject {
            rotation: Some(rotation),
        };
        (plaintext::encode(&material, &fields), object)
    }
}

/// A backup in each format, altered ones, and bodies.
pub fn seeds() -> Vec<Seed> {
    let whole = |blob: &[u8]| chosen(0, blob);
    let altered = |blob: &[u8]| {
        let mut altered = blob.to_vec();
        altered[100] ^= 1;
        whole(&altered)
    };
    let mut as_secret = OF_KEYS[2].clone();
    assert_eq!(as_secret[KIND_AT], CryptoKey::BYTE);
    as_secret[KIND_AT] = Secret::BYTE;
    let of_secret = |format: u8, ids: &[u8]| chosen(format, &Secret::body(format.into(), ids));
    let of_key = |format: u8, ids: &[u8]| chosen(format + 3, &CryptoKey::body(format.into(), ids));
    vec![
        Seed::taken("blob-1", whole(&OF_SECRETS[0])),
        Seed::taken("blob-2", whole(&OF_SECRETS[1])),
        Seed::taken("blob-3", whole(&OF_SECRETS[2])),
        Seed::taken("blob-4", whole(&OF_SECRETS[3])),
        Seed::refused("altered", altered(&OF_SECRETS[2])),
        Seed::taken("body-1", of_secret(1, &[6])),
        Seed::taken("body-2", of_secret(2, &[6, 7])),
        Seed::taken("body-3", of_secret(3, &[9, 8, 7])),
        Seed::taken("body-4", of_secret(4, &[9, 8, 7])),
        Seed::refused("body-with-one-version-twice", of_secret(3, &[6, 6, 7])),
        Seed::refused("body-with-its-current-version-twice", of_secret(3, &[7, 6, 7])),
        Seed::refused("body-without-versions", of_secret(3, &[])),
        Seed::taken("key-blob-2", whole(&OF_KEYS[0])),
        Seed::taken("key-blob-3", whole(&OF_KEYS[1])),
        Seed::taken("key-blob-4", whole(&OF_KEYS[2])),
        Seed::refused("key-altered", altered(&OF_KEYS[2])),
        Seed::refused("key-as-a-secret", whole(&as_secret)),
        Seed::taken("key-body-2", of_key(2, &[6])),
        Seed::taken("key-body-3", of_key(3, &[6, 7])),
        Seed::taken("key-body-4", of_key(4, &[9, 8, 7])),
        Seed::refused("key-body-with-one-version-twice", of_key(4, &[6, 6, 7])),
        Seed::refused(
            "key-body-without-its-object",
            chosen(7, &CryptoKey::body(3, &[6])),
        ),
    ]
}
