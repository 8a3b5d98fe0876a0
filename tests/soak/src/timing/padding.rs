//! What a caller learns of a padding from the time of a decryption: nothing that the answer does not say.
//!
//! The key itself is asked, in this process, where nothing hides a difference. `RSA1_5` answers a bad padding with other
//! bytes, so it must take as long as a good one. Of PKCS#7 the answer says that it is bad, and must not say where.

use std::{hint::black_box, time::Instant};

use anyhow::{Context as _, Result, anyhow};
use fastrand::Rng;
use strongroom_keys::{
    Algorithm, Ciphertext, Key, KeyError, KeyProvider as _, KeySpec, KeyType, OctSize, Plaintext, RsaSize,
    Software,
};
use zeroize::Zeroizing;

use super::{
    Judge, WARM_UP,
    welch::{Comparison, compare},
};

/// Ciphertexts of each class.
const CIPHERTEXTS: usize = 64;

/// How many decryptions with AES take as long as one with RSA, about.
const SLOWER: usize = 16;

/// The fewest decryptions with RSA that are compared.
const LEAST: usize = 200;

const IV: [u8; 16] = [0x4d; 16];
const CBC_PAD: Algorithm = Algorithm::AesCbcPad(OctSize::Bits256);
const CBC: Algorithm = Algorithm::AesCbc(OctSize::Bits256);

/// What is done with a ciphertext of one of the classes.
type Decrypt = fn(&Key, usize, &[u8]) -> usize;

/// Two classes of ciphertexts, decrypted in one way.
struct Case<'a> {
    title: &'static str,
    key: &'a Key,
    classes: &'a [Vec<Vec<u8>>; 2],
    decrypt: Decrypt,
    samples: usize,
    /// Whether there is a difference, which must be found.
    is_control: bool,
}

/// Compares what must take the same time, and what must not.
pub(super) fn measure(judge: &mut Judge<'_>, samples: usize, seed: u64) -> Result<()> {
    let mut random = Rng::with_seed(seed ^ 0x7061_6464);
    let (rsa, aes) = (
        generate(KeyType::Rsa(RsaSize::Bits2048))?,
        generate(KeyType::Oct(OctSize::Bits256))?,
    );
    let pkcs1 = rsa_ciphertexts(&rsa, &mut random)?;
    let pkcs7 = cbc_ciphertexts(&aes, [bad_at(1), bad_at(15)], &mut random)?;
    let slower = (samples / SLOWER).max(LEAST);
    let cases = [
        Case {
            title: "RSA1_5: a good padding and a bad one",
            key: &rsa,
            classes: &pkcs1,
            decrypt: unwrap_rsa,
            samples: slower,
            is_control: false,
        },
        Case {
            title: "CBCPAD: bad in the last byte but one, and in the first",
            key: &aes,
            classes: &pkcs7,
            decrypt: decrypt_cbc,
            samples,
            is_control: false,
        },
        Case {
            title: "RSA1_5, with something more to do for a bad padding",
            key: &rsa,
            classes: &pkcs1,
            decrypt: unwrap_rsa_and_tell,
            samples: slower,
            is_control: true,
        },
        Case {
            title: "CBC, with a check of the padding that ends where it is bad",
            key: &aes,
            classes: &pkcs7,
            decrypt: decrypt_cbc_and_tell,
            samples,
            is_control: true,
        },
    ];
    for case in &cases {
        let found = sample(case, &mut random)?;
        judge.note(case.title, &found, case.is_control.then_some(samples));
    }
    Ok(())
}

fn generate(key_type: KeyType) -> Result<Key> {
    let made = Software.generate(KeySpec::new(key_type));
    made.map_err(|error| anyhow!("no key: {}", error.sentence("")))
}

/// Messages of every length with a good padding, and numbers below the modulus, whose padding is bad: what they decrypt to
/// is of any length too.
fn rsa_ciphertexts(key: &Key, random: &mut Rng) -> Result<[Vec<Vec<u8>>; 2]> {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for _ in 0..CIPHERTEXTS {
        let message: Vec<u8> = (0..random.usize(0..=245)).map(|_| random.u8(..)).collect();
        good.push(wrapped(key, Algorithm::Rsa15, &message)?);
        bad.push(wrapped(key, Algorithm::RsaOaep, &[random.u8(..); 32])?);
    }
    Ok([good, bad])
}

fn wrapped(key: &Key, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>> {
    let wrapped = key.wrap_key(algorithm, message);
    wrapped.map_err(|error| anyhow!("not wrapped: {}", error.sentence("")))
}

/// A padding of sixteen bytes of which the one at this distance from the end is another.
fn bad_at(distance: usize) -> [u8; 16] {
    std::array::from_fn(|index| if index + distance == 15 { 0 } else { 16 })
}

/// Data with one of these last blocks.
fn cbc_ciphertexts(key: &Key, last: [[u8; 16]; 2], random: &mut Rng) -> Result<[Vec<Vec<u8>>; 2]> {
    let mut classes = [Vec::new(), Vec::new()];
    for _ in 0..CIPHERTEXTS {
        for (class, last) in classes.iter_mut().zip(last) {
            let mut data: Vec<u8> = (0..48).map(|_| random.u8(..)).collect();
            data.extend_from_slice(&last);
            let plaintext = Plaintext {
                iv: Some(&IV),
                ..Plaintext::new(&data)
            };
            let encrypted = key.encrypt(CBC, plaintext);
            class.push(
                encrypted
                    .map_err(|error| anyhow!("not encrypted: {}", error.sentence("")))?
                    .value,
            );
        }
    }
    Ok(classes)
}

fn unwrap_rsa(key: &Key, _: usize, ciphertext: &[u8]) -> usize {
    length(key.unwrap_key(Algorithm::Rsa15, ciphertext))
}

/// A planted difference: the second class has some microseconds more to do.
fn unwrap_rsa_and_tell(key: &Key, class: usize, ciphertext: &[u8]) -> usize {
    let mut length = unwrap_rsa(key, class, ciphertext);
    for _ in 0..class * 40 {
        length = black_box(ciphertext)
            .iter()
            .fold(length, |sum, byte| sum ^ usize::from(*byte));
    }
    length
}

fn decrypt_cbc(key: &Key, _: usize, ciphertext: &[u8]) -> usize {
    length(key.decrypt(CBC_PAD, of_cbc(ciphertext)))
}

/// A planted difference: a check that stops at the first byte that is bad.
fn decrypt_cbc_and_tell(key: &Key, _: usize, ciphertext: &[u8]) -> usize {
    let decrypted = key.decrypt(CBC, of_cbc(ciphertext)).unwrap_or_default();
    let last = decrypted.last().copied().unwrap_or_default();
    let padding = decrypted.iter().rev().take(usize::from(last));
    padding.take_while(|byte| **black_box(byte) == last).count()
}

const fn of_cbc(value: &[u8]) -> Ciphertext<'_> {
    Ciphertext {
        value,
        iv: Some(&IV),
        tag: None,
        aad: None,
    }
}

/// Something that depends on the whole result. It is dropped, and wiped, in the time that is measured.
fn length(result: Result<Zeroizing<Vec<u8>>, KeyError>) -> usize {
    result.map_or(usize::MAX, |bytes| bytes.len())
}

/// Times decryptions of both classes in a random order. Every ciphertext is decrypted at the same place of the memory: the
/// places of two sets of them can make a nanosecond, which is more than the test needs to see a difference.
fn sample(case: &Case<'_>, random: &mut Rng) -> Result<Comparison> {
    let mut times = [Vec::with_capacity(case.samples), Vec::with_capacity(case.samples)];
    let mut warm_up = WARM_UP.min(case.samples);
    let mut place = Vec::new();
    while times.iter().any(|times| times.len() < case.samples) {
        let class = usize::from(random.bool());
        let ciphertexts = case.classes.get(class).context("no class")?;
        let ciphertext = random.choice(ciphertexts).context("no ciphertext")?;
        place.clear();
        place.extend_from_slice(ciphertext);
        let begun = Instant::now();
        black_box((case.decrypt)(case.key, class, black_box(&place)));
        let time = begun.elapsed();
        if warm_up > 0 {
            warm_up -= 1;
        } else if let Some(times) = times.get_mut(class) {
            times.push(time.as_secs_f64() * 1e9);
        }
    }
    let [first, second] = times;
    compare(&first, &second).with_context(|| format!("{}: nothing to compare", case.title))
}
