//! Texts of a peer that is not trusted, bounded as they are read.

use serde::{Deserialize, Deserializer};

/// The most characters of a sentence that are kept.
const SENTENCE: usize = 512;
/// The most characters of a word, such as a version or the id of a key.
const WORD: usize = 64;
/// The most digits of a digest: SHA-512's.
const DIGITS: usize = 128;

/// Reads a sentence: one line, cut where it is longer than 512 characters.
pub(crate) fn sentence<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(line(&String::deserialize(deserializer)?, SENTENCE))
}

/// The same where there may be none.
pub(crate) fn optional_sentence<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.map(|text| line(&text, SENTENCE)))
}

/// Reads a word: one line, cut where it is longer than 64 characters.
pub(crate) fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(line(&String::deserialize(deserializer)?, WORD))
}

/// Reads the digits of a digest. Errors: anything but at most 128 hexadecimal digits.
pub(crate) fn digest<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    digits(String::deserialize(deserializer)?)
}

/// The same where there may be none.
pub(crate) fn optional_digest<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    Option::<String>::deserialize(deserializer)?
        .map(digits)
        .transpose()
}

/// Reads for how many days deleted objects are kept. Errors: anything but 7 to 90.
pub(crate) fn retention<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let days = u8::deserialize(deserializer)?;
    if (7..=90).contains(&days) {
        Ok(days)
    } else {
        Err(serde::de::Error::custom(
            "deleted objects are kept for 7 to 90 days",
        ))
    }
}

fn digits<E: serde::de::Error>(text: String) -> Result<String, E> {
    if text.len() <= DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(text)
    } else {
        Err(E::custom("a digest is at most 128 hexadecimal digits"))
    }
}

fn line(text: &str, most: usize) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(most).map(shown).collect()
}
