//! Small records of the server's own that are encrypted: contacts of people, and what else the volume's reader must not see.
//!
//! They are sealed with a backup key, each of which is kept for as long as the vault lives, under a context that no backup has:
//! it holds the vault and the name of the record, so that neither opens in the place of another.

use zeroize::Zeroizing;

use super::{
    cipher::{self, Form, KeyBytes},
    keyring::Keyring,
};
use crate::format::{
    codec::{CodecError, Encoder},
    record::Record as _,
    records::SealedRecord,
};

/// The format of the context.
const FORMAT: u16 = 1;

/// Encrypts `plaintext` as the record `name`. `salt` must be fresh random bytes.
///
/// # Errors
/// The keyring has no backup key, or no key can be derived.
pub fn seal(
    keyring: &Keyring,
    name: &str,
    salt: &KeyBytes,
    plaintext: &[u8],
) -> Result<SealedRecord, CodecError> {
    let (number, key) = keyring.current_backup().ok_or(CodecError::Field)?;
    let context = context(keyring, number, name);
    let sealed = cipher::seal(Form::Numbered, key, context.as_bytes(), salt, plaintext);
    Ok(SealedRecord {
        backup_key: number,
        sealed: sealed.map_err(|_| CodecError::Proof)?,
    })
}

/// Undoes [`seal`].
///
/// # Errors
/// The record is of another vault or another name, or was altered.
pub fn open(keyring: &Keyring, name: &str, record: &SealedRecord) -> Result<Zeroizing<Vec<u8>>, CodecError> {
    let number = record.backup_key;
    let key = keyring.backup(number).ok_or(CodecError::Field)?;
    let context = context(keyring, number, name);
    cipher::open(Form::Numbered, key, context.as_bytes(), &record.sealed).map_err(|_| CodecError::Proof)
}

fn context(keyring: &Keyring, number: u32, name: &str) -> Encoder {
    let mut context = Encoder::record_of_format(SealedRecord::MAGIC, FORMAT, keyring.vault());
    context.u32(number).text(name);
    context
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{crypt::keyring::KeyringSeeds, format::id::VaultId};

    const SALT: [u8; 32] = [9; 32];

    fn keyring(vault: u8, backup: u8) -> Keyring {
        let seeds = KeyringSeeds {
            term: KeyBytes::new([1; 32]),
            backup: KeyBytes::new([backup; 32]),
            root: KeyBytes::new([3; 32]),
        };
        Keyring::new(VaultId::from_bytes([vault; 16]), seeds).unwrap()
    }

    fn sealed() -> SealedRecord {
        seal(&keyring(1, 2), "contacts", &KeyBytes::new(SALT), b"a@b.example").unwrap()
    }

    #[test]
    fn a_record_opens_in_its_place_and_holds_no_plaintext() {
        let record = sealed();
        assert!(!record.sealed.windows(3).any(|window| window == b"a@b"));
        let opened = open(&keyring(1, 2), "contacts", &record).unwrap();
        assert_eq!(opened.as_slice(), b"a@b.example");
    }

    #[test]
    fn a_record_opens_after_a_term_was_added_and_the_older_ones_were_destroyed() {
        let next = keyring(1, 2).with_term(KeyBytes::new([7; 32])).unwrap();
        let next = next.without_terms(1).unwrap();
        assert!(open(&next, "contacts", &sealed()).is_ok());
    }

    #[test]
    fn a_record_opens_under_no_other_name_vault_key_or_number() {
        let record = sealed();
        assert_eq!(open(&keyring(1, 2), "issuers", &record), Err(CodecError::Proof));
        assert_eq!(open(&keyring(4, 2), "contacts", &record), Err(CodecError::Proof));
        assert_eq!(open(&keyring(1, 5), "contacts", &record), Err(CodecError::Proof));
        let other = SealedRecord {
            backup_key: 2,
            ..record
        };
        assert_eq!(open(&keyring(1, 2), "contacts", &other), Err(CodecError::Field));
    }

    #[test]
    fn a_record_with_one_flipped_byte_is_refused() {
        let record = sealed();
        for index in 0..record.sealed.len() {
            let mut flipped = record.clone();
            flipped.sealed[index] ^= 1;
            let opened = open(&keyring(1, 2), "contacts", &flipped);
            assert_eq!(opened, Err(CodecError::Proof), "byte {index}");
        }
    }
}
