//! Random values, which nobody sees.

use aws_lc_rs::rand;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::{
    arguments::{Alphabet, GeneratedValue},
    encoding,
    failure::SecretFailure,
};

const ALNUM: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Every character of ASCII that is seen.
const ASCII: &[u8] =
    b"!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";

/// A new random value.
pub(super) fn value(wanted: GeneratedValue) -> Result<SecretString, SecretFailure> {
    match wanted.alphabet {
        Alphabet::Alnum => characters(ALNUM, wanted.length),
        Alphabet::Ascii => characters(ASCII, wanted.length),
        Alphabet::Hex => {
            let text = Zeroizing::new(hex::encode(&*bytes(wanted.length)?));
            Ok(text.as_str().into())
        }
        Alphabet::Base64 => Ok(encoding::encode_base64(&bytes(wanted.length)?).as_str().into()),
    }
}

fn bytes(count: usize) -> Result<Zeroizing<Vec<u8>>, SecretFailure> {
    let mut bytes = Zeroizing::new(vec![0; count]);
    rand::fill(&mut bytes).map_err(|_| SecretFailure::NoRandomBytes)?;
    Ok(bytes)
}

/// Characters of `alphabet`, each as likely as any other: a byte beyond the last whole alphabet is thrown away.
fn characters(alphabet: &[u8], count: usize) -> Result<SecretString, SecretFailure> {
    let whole = 256 - 256 % alphabet.len();
    let mut text = Zeroizing::new(String::with_capacity(count));
    while text.len() < count {
        let random = bytes(count)?;
        let usable = random
            .iter()
            .map(|byte| usize::from(*byte))
            .filter(|byte| *byte < whole);
        let drawn = usable.filter_map(|byte| alphabet.get(byte % alphabet.len()));
        let missing = count - text.len();
        text.extend(drawn.take(missing).map(|byte| char::from(*byte)));
    }
    Ok(text.as_str().into())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use secrecy::ExposeSecret as _;

    use super::*;

    fn made(length: usize, alphabet: Alphabet) -> String {
        let value = value(GeneratedValue { length, alphabet }).unwrap();
        value.expose_secret().to_owned()
    }

    #[test]
    fn a_value_has_its_length_and_no_character_beside_its_alphabet() {
        let alnum = made(100, Alphabet::Alnum);
        assert_eq!(alnum.len(), 100);
        assert!(alnum.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{alnum}");
        assert!(
            made(100, Alphabet::Ascii)
                .bytes()
                .all(|byte| byte.is_ascii_graphic())
        );
        let hex = made(16, Alphabet::Hex);
        assert!(
            hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{hex}"
        );
        assert_eq!(
            encoding::decode_base64(made(33, Alphabet::Base64).as_bytes())
                .unwrap()
                .len(),
            33
        );
    }

    #[test]
    fn no_two_values_are_the_same_and_every_character_comes() {
        assert_ne!(made(32, Alphabet::Alnum), made(32, Alphabet::Alnum));
        for (alphabet, size) in [(Alphabet::Alnum, 62), (Alphabet::Ascii, 94)] {
            let seen: HashSet<_> = made(4096, alphabet).bytes().collect();
            assert_eq!(seen.len(), size);
        }
    }
}
