//! The one way bytes are encrypted: a key per record, AES-256-GCM, and a commitment to the key.
//!
//! ```text
//! HKDF-SHA256(key, salt: 32 random bytes, info: context) -> record key (32) | commitment (32)
//! sealed = version (1) | salt (32) | commitment (32) | AES-256-GCM(record key, nonce 0, aad: context, plaintext) | tag (16)
//! ```
//!
//! The version is 1. Another way to encrypt, with a random nonce perhaps, would be version 2, under keys derived for it.
//! Sealed bytes of older programs have no version: which form they have, the format of the record around them says.
//!
//! A record key seals once, so the nonce is constant. The commitment makes it infeasible to find bytes that open
//! under two keys, which GCM alone does not promise.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::OnceLock,
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, KeyType, Salt},
    hmac,
};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const SALT: usize = 32;
const COMMITMENT: usize = 32;
const TAG: usize = 16;

/// The version of this way to encrypt.
const VERSION: u8 = 1;

/// How much longer the sealed bytes are at most.
pub const OVERHEAD: usize = 1 + SALT + COMMITMENT + TAG;

/// Whether sealed bytes say how they were encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// They do not: older programs knew one way only.
    Unnumbered,
    /// Their first byte does.
    Numbered,
}

/// 32 bytes of key; wiped when dropped, and never printed.
#[derive(Clone, Default)]
pub struct KeyBytes(Zeroizing<[u8; 32]>);

impl KeyBytes {
    /// These bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyBytes(***)")
    }
}

impl Deref for KeyBytes {
    type Target = [u8; 32];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for KeyBytes {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

/// The bytes were sealed under another key, for another context, or were altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed bytes do not open")]
pub struct NotOpened;

/// Encrypts `plaintext` under `key` for `context`. `salt` must be fresh random bytes.
pub fn seal(
    form: Form,
    key: &[u8; 32],
    context: &[u8],
    salt: &[u8; 32],
    plaintext: &[u8],
) -> Result<Vec<u8>, NotOpened> {
    let DerivedKey { key, commitment, .. } = DerivedKey::derive(key, context, salt)?;
    let mut sealed = Vec::with_capacity(plaintext.len() + OVERHEAD);
    if form == Form::Numbered {
        sealed.push(VERSION);
    }
    sealed.extend_from_slice(salt);
    sealed.extend_from_slice(commitment.as_slice());
    let begin = sealed.len();
    sealed.extend_from_slice(plaintext);
    let body = sealed.get_mut(begin..).ok_or(NotOpened)?;
    let tag = key
        .seal_in_place_separate_tag(zero_nonce(), Aad::from(context), body)
        .map_err(|_| NotOpened)?;
    sealed.extend_from_slice(tag.as_ref());
    Ok(sealed)
}

/// Encrypts like [`seal`] where no random bytes are at hand: the salt is an HMAC of what is encrypted, so that equal
/// plaintexts are equal when sealed, and nothing else shows.
pub fn seal_deterministic(
    form: Form,
    key: &[u8; 32],
    context: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, NotOpened> {
    let salt_key = derive_key(key, b"strongroom salt 1")?;
    let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, salt_key.as_slice()));
    mac.update(&u64::try_from(context.len()).unwrap_or(u64::MAX).to_be_bytes());
    mac.update(context);
    mac.update(plaintext);
    let salt = mac.sign();
    seal(
        form,
        key,
        context,
        salt.as_ref().try_into().map_err(|_| NotOpened)?,
        plaintext,
    )
}

/// Undoes [`seal`].
pub fn open(
    form: Form,
    key: &[u8; 32],
    context: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
    let (salt, rest) = salt_of(form, sealed)?;
    DerivedKey::derive(key, context, salt)?.open(context, rest)
}

/// Undoes [`seal`] with the key that was derived for the same bytes before, where `remembered` has it. One memory serves one
/// `key`, and one `context` for each form: another one with the same salt is refused, since the body is authenticated with it.
pub fn open_again(
    form: Form,
    key: &[u8; 32],
    context: &[u8],
    sealed: &[u8],
    remembered: &RememberedKey,
) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
    let (salt, rest) = salt_of(form, sealed)?;
    match remembered.0.get() {
        Some((of, known)) if *of == form && known.salt == *salt => known.open(context, rest),
        Some(_) => DerivedKey::derive(key, context, salt)?.open(context, rest),
        None => {
            let derived = DerivedKey::derive(key, context, salt)?;
            let opened = derived.open(context, rest)?;
            // Another may have been as fast.
            let _ = remembered.0.set((form, derived));
            Ok(opened)
        }
    }
}

/// The key of a record that is opened again and again: deriving it takes as long as all the rest.
#[derive(Default)]
pub struct RememberedKey(OnceLock<(Form, DerivedKey)>);

impl Clone for RememberedKey {
    /// Remembers nothing: a copy is made to become something else.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for RememberedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RememberedKey(***)")
    }
}

/// The salt of sealed bytes, and what follows it.
fn salt_of(form: Form, sealed: &[u8]) -> Result<(&[u8; SALT], &[u8]), NotOpened> {
    let sealed = match form {
        Form::Numbered => sealed.strip_prefix(&[VERSION]).ok_or(NotOpened)?,
        Form::Unnumbered => sealed,
    };
    sealed.split_first_chunk().ok_or(NotOpened)
}

/// A key for `purpose`, derived from `key`.
pub fn derive_key(key: &[u8; 32], purpose: &[u8]) -> Result<KeyBytes, NotOpened> {
    let mut derived = KeyBytes::default();
    expand(key, purpose, &[0; SALT], derived.as_mut_slice())?;
    Ok(derived)
}

/// What one record is encrypted with.
struct DerivedKey {
    salt: [u8; SALT],
    commitment: Zeroizing<[u8; COMMITMENT]>,
    key: LessSafeKey,
}

impl DerivedKey {
    fn derive(key: &[u8; 32], context: &[u8], salt: &[u8; SALT]) -> Result<Self, NotOpened> {
        let mut derived = Zeroizing::new([0; 64]);
        expand(key, context, salt, derived.as_mut_slice())?;
        let (record_key, rest) = derived.split_first_chunk::<32>().ok_or(NotOpened)?;
        let commitment = rest.first_chunk::<COMMITMENT>().ok_or(NotOpened)?;
        let record_key = UnboundKey::new(&AES_256_GCM, record_key).map_err(|_| NotOpened)?;
        Ok(Self {
            salt: *salt,
            commitment: Zeroizing::new(*commitment),
            key: LessSafeKey::new(record_key),
        })
    }

    /// Opens what follows the salt.
    fn open(&self, context: &[u8], rest: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
        let (claimed, body) = rest.split_first_chunk::<COMMITMENT>().ok_or(NotOpened)?;
        let length = body.len().checked_sub(TAG).ok_or(NotOpened)?;
        if !bool::from(self.commitment.ct_eq(claimed)) {
            return Err(NotOpened);
        }
        let mut opened = Zeroizing::new(body.to_vec());
        self.key
            .open_in_place(zero_nonce(), Aad::from(context), opened.as_mut_slice())
            .map_err(|_| NotOpened)?;
        opened.truncate(length);
        Ok(opened)
    }
}

fn expand(key: &[u8; 32], info: &[u8], salt: &[u8; 32], out: &mut [u8]) -> Result<(), NotOpened> {
    let length = Length(out.len());
    let prk = Salt::new(HKDF_SHA256, salt).extract(key);
    prk.expand(&[info], length)
        .and_then(|okm| okm.fill(out))
        .map_err(|_| NotOpened)
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn zero_nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];
    const SALT_BYTES: [u8; 32] = [9; 32];
    const FORMS: [Form; 2] = [Form::Unnumbered, Form::Numbered];

    fn sealed(form: Form) -> Vec<u8> {
        seal(form, &KEY, b"context", &SALT_BYTES, b"hello").unwrap()
    }

    #[test]
    fn what_was_sealed_opens_in_its_form_only() {
        for form in FORMS {
            let opened = open(form, &KEY, b"context", &sealed(form)).unwrap();
            assert_eq!(opened.as_slice(), b"hello");
        }
        assert_eq!(sealed(Form::Numbered).len(), 5 + OVERHEAD);
        assert_eq!(sealed(Form::Numbered)[0], 1);
        let [unnumbered, numbered] = FORMS.map(sealed);
        assert_eq!(
            open(Form::Numbered, &KEY, b"context", &unnumbered),
            Err(NotOpened)
        );
        assert_eq!(
            open(Form::Unnumbered, &KEY, b"context", &numbered),
            Err(NotOpened)
        );
    }

    #[test]
    fn nothing_opens_under_another_key_or_context_or_after_a_flipped_bit() {
        for form in FORMS {
            let sealed = sealed(form);
            assert_eq!(open(form, &[8; 32], b"context", &sealed), Err(NotOpened));
            assert_eq!(open(form, &KEY, b"contexT", &sealed), Err(NotOpened));
            for index in 0..sealed.len() {
                let mut flipped = sealed.clone();
                flipped[index] ^= 1;
                assert_eq!(
                    open(form, &KEY, b"context", &flipped),
                    Err(NotOpened),
                    "byte {index}"
                );
            }
        }
    }

    #[test]
    fn bytes_that_the_cipher_alone_would_open_are_refused_by_what_they_say_of_their_key() {
        let (mine, other) = (sealed(Form::Unnumbered), [8; 32]);
        let theirs = seal(Form::Unnumbered, &other, b"context", &SALT_BYTES, b"hello").unwrap();
        // As an attacker who made a body that GCM opens under two keys: it can name one of them only.
        let mut mixed = mine.clone();
        mixed[SALT..SALT + COMMITMENT].copy_from_slice(&theirs[SALT..SALT + COMMITMENT]);
        let record_key = DerivedKey::derive(&KEY, b"context", &SALT_BYTES).unwrap().key;
        let mut body = mixed[SALT + COMMITMENT..].to_vec();
        let by_the_cipher = record_key.open_in_place(zero_nonce(), Aad::from(b"context"), &mut body);
        assert_eq!(by_the_cipher.unwrap(), b"hello");
        for key in [KEY, other] {
            assert_eq!(open(Form::Unnumbered, &key, b"context", &mixed), Err(NotOpened));
        }
    }

    #[test]
    fn a_remembered_key_opens_what_it_opened_and_nothing_that_was_altered_since() {
        for form in FORMS {
            let (remembered, mine) = (RememberedKey::default(), sealed(form));
            let other = seal(form, &KEY, b"context", &[1; 32], b"other").unwrap();
            let open = |sealed: &[u8]| open_again(form, &KEY, b"context", sealed, &remembered);
            let elsewhere = || open_again(form, &KEY, b"other", &mine, &remembered);
            assert_eq!(elsewhere(), Err(NotOpened));
            assert_eq!(open(&mine[..mine.len() - 1]), Err(NotOpened));
            for _ in 0..2 {
                assert_eq!(open(&mine).unwrap().as_slice(), b"hello");
                assert_eq!(open(&other).unwrap().as_slice(), b"other");
                assert_eq!(elsewhere(), Err(NotOpened));
            }
            for index in 0..mine.len() {
                let mut flipped = mine.clone();
                flipped[index] ^= 1;
                assert_eq!(open(&flipped), Err(NotOpened), "byte {index}");
            }
        }
    }

    #[test]
    fn no_key_is_printed() {
        let derived = DerivedKey::derive(&KEY, b"context", &SALT_BYTES).unwrap();
        let remembered = RememberedKey(OnceLock::from((Form::Numbered, derived)));
        let printed = format!("{:?} {remembered:?}", KeyBytes::new([0xab; 32]));
        assert_eq!(printed, "KeyBytes(***) RememberedKey(***)");
    }

    #[test]
    fn truncated_bytes_do_not_open() {
        for form in FORMS {
            let sealed = sealed(form);
            for length in 0..sealed.len() {
                assert_eq!(open(form, &KEY, b"context", &sealed[..length]), Err(NotOpened));
            }
        }
    }
}
