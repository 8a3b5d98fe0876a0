//! The keyring's file, in each of its formats.

use std::sync::LazyLock;

use strongroom_engine::{
    crypt::{
        cipher::{self, Form, KeyBytes},
        keyring::slots::{self, Slots},
        seal::{Seal, SealError},
    },
    format::codec::Encoder,
};
use zeroize::Zeroizing;

use super::fixture::{BACKUP, ROOT, SALT, TERM, VAULT, bytes, keyring};
use crate::{Seed, Verdict, input::chosen};

/// The key that seals the keys.
const FILE: [u8; 32] = [8; 32];

/// A seal with a key that is known.
struct KnownSeal;

impl Seal for KnownSeal {
    fn key_id(&self) -> &'static str {
        "seal-1"
    }

    fn used_by(&self) -> Option<&str> {
        None
    }

    fn wrap(&self, context: &[u8], salt: &[u8; 32], plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        Ok(cipher::seal(Form::Numbered, &[7; 32], context, salt, plaintext).unwrap())
    }

    fn unwrap(&self, context: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        cipher::open(Form::Numbered, &[7; 32], context, wrapped).map_err(|_| SealError::NotOpened {
            key_id: "seal-1".into(),
        })
    }
}

/// The files that the vault wrote, in each format.
static GENUINE: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    let mut context = Encoder::record(*b"SRkr", VAULT);
    context.text("seal-1");
    let wrapped = KnownSeal.wrap(context.as_bytes(), &SALT, &keys()).unwrap();
    let first = bytes(|file| {
        file.encoded(context.as_bytes()).bytes(&wrapped);
    });
    [first, slotted().seal(&keyring(), &SALT).unwrap()]
});

/// The first byte chooses: a whole file, or the keys behind the seal.
///
/// - Whatever a file holds beside, it opens to the keys that the vault sealed, or it does not open. Slots of other seals are
///   not under this one: a writer of the volume can add some, which open nothing and replace no key.
/// - Keys are taken only in their one encoding.
pub fn keyring_file(input: &[u8]) -> Verdict {
    let Some((choice, input)) = input.split_first() else {
        return Verdict::Refused;
    };
    if choice % 2 == 0 {
        let opened = slots::open(&KnownSeal, input);
        if let Ok(opened) = &opened {
            let again = slotted().seal(&opened.keyring, &SALT).unwrap();
            assert_eq!(again, GENUINE[1], "other keys than the vault's are opened");
        }
        return Verdict::of(&opened);
    }
    let file = file(input);
    let opened = slots::open(&KnownSeal, &file);
    if let Ok(opened) = &opened {
        let again = opened
            .slots
            .as_ref()
            .unwrap()
            .seal(&opened.keyring, &SALT)
            .unwrap();
        assert_eq!(again, file, "two encodings of one keyring");
    }
    Verdict::of(&opened)
}

fn slotted() -> Slots {
    Slots::new(VAULT, KeyBytes::new(FILE), &KnownSeal, &SALT).unwrap()
}

/// A file with these keys.
fn file(keys: &[u8]) -> Vec<u8> {
    let head = Encoder::record_of_format(*b"SRkr", 2, VAULT);
    let mut context = Encoder::record_of_format(*b"SRkr", 2, VAULT);
    context.text("slot").text("seal-1");
    let wrapped = KnownSeal.wrap(context.as_bytes(), &SALT, &FILE).unwrap();
    let sealed = cipher::seal(Form::Numbered, &FILE, head.as_bytes(), &SALT, keys).unwrap();
    bytes(|file| {
        file.encoded(head.as_bytes())
            .u32(1)
            .text("seal-1")
            .bytes(&wrapped);
        file.bytes(&sealed);
    })
}

/// The keys of [`keyring`].
fn keys() -> Vec<u8> {
    bytes(|keys| {
        keys.u32(1).u32(1).array(&TERM);
        keys.u32(1).u32(1).array(&BACKUP).array(&ROOT);
    })
}

/// A file in each format, one with a slot of somebody else's, an altered one, and keys.
pub fn seeds() -> Vec<Seed> {
    let [first, second] = &*GENUINE;
    let head = Encoder::record_of_format(*b"SRkr", 2, VAULT).into_bytes().len();
    let foreign = bytes(|file| {
        file.encoded(&second[..head])
            .u32(2)
            .text("seal-0")
            .bytes(b"nothing");
        file.encoded(&second[head + 4..]);
    });
    let mut altered = second.clone();
    *altered.last_mut().unwrap() ^= 1;
    let two_terms = bytes(|keys| {
        keys.u32(2).u32(1).array(&TERM).u32(5).array(&SALT);
        keys.u32(0).array(&ROOT);
    });
    let no_term = bytes(|keys| {
        keys.u32(0).u32(0).array(&ROOT);
    });
    vec![
        Seed::taken("file-1", chosen(0, first)),
        Seed::taken("file-2", chosen(0, second)),
        Seed::taken("foreign-slot", chosen(0, &foreign)),
        Seed::refused("altered", chosen(0, &altered)),
        Seed::taken("keys", chosen(1, &keys())),
        Seed::taken("two-terms", chosen(1, &two_terms)),
        Seed::refused("no-term", chosen(1, &no_term)),
    ]
}
