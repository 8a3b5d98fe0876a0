//! Where the value of a new version comes from.

use std::{convert::Infallible, path::PathBuf};

use clap::Args;
use secrecy::SecretString;

use super::{super::choice::one_of, place::KubernetesKey};

/// The most characters, or random bytes, of a generated value.
const MOST_GENERATED: usize = 4096;

/// Exactly one of these says it; none is the terminal, or standard input.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct ValueFlags {
    /// The file that holds the value; `-` is standard input.
    #[arg(long, short = 'f', value_name = "PATH")]
    pub(crate) from_file: Option<PathBuf>,
    /// Sets many secrets: a file of lines NAME=VALUE, an underscore of a name becomes a dash. One request each.
    #[cfg(unix)]
    #[arg(long, value_name = "PATH", conflicts_with_all = ["if_version", "trim_newline"])]
    pub(crate) from_env_file: Option<PathBuf>,
    /// A Kubernetes Secret of the cluster of the kubeconfig, which you need the right to get. The key may be left out where it
    /// has but one.
    #[arg(long, value_name = "NAMESPACE/NAME[:KEY]")]
    pub(crate) from_secret: Option<KubernetesKey>,
    /// The value itself. Every process of this machine sees it, and the shell keeps it in its history: for tests alone.
    #[arg(long, value_name = "VALUE", value_parser = secret)]
    pub(crate) from_literal: Option<SecretString>,
    /// Makes a random value, which is not printed: so many characters of alnum (the default) or ascii, or so many random bytes
    /// in hex or base64 [without a number: 32].
    #[arg(
        long,
        value_name = "LENGTH[:alnum|hex|base64|ascii]",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "32",
        value_parser = generated
    )]
    pub(crate) generate: Option<GeneratedValue>,
}

/// A random value that is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GeneratedValue {
    /// How many characters, or bytes.
    pub(crate) length: usize,
    pub(crate) alphabet: Alphabet,
}

/// How random bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alphabet {
    /// Letters and digits.
    Alnum,
    /// Hexadecimal digits, two a byte.
    Hex,
    /// Base64 with padding.
    Base64,
    /// Every character of ASCII that is seen.
    Ascii,
}

impl Alphabet {
    const ALL: [Self; 4] = [Self::Alnum, Self::Hex, Self::Base64, Self::Ascii];

    const fn name(self) -> &'static str {
        match self {
            Self::Alnum => "alnum",
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Ascii => "ascii",
        }
    }
}

#[allow(clippy::unnecessary_wraps, reason = "clap wants a result")]
fn secret(text: &str) -> Result<SecretString, Infallible> {
    Ok(text.into())
}

fn generated(text: &str) -> Result<GeneratedValue, String> {
    let (length, alphabet) = text.split_once(':').unwrap_or((text, Alphabet::Alnum.name()));
    let length = length
        .parse()
        .ok()
        .filter(|length| (1..=MOST_GENERATED).contains(length))
        .ok_or_else(|| format!("the length is a number from 1 to {MOST_GENERATED}"))?;
    Ok(GeneratedValue {
        length,
        alphabet: one_of(alphabet, Alphabet::ALL, Alphabet::name)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_value_has_a_length_and_an_alphabet() {
        let of = |length, alphabet| Ok(GeneratedValue { length, alphabet });
        assert_eq!(generated("32"), of(32, Alphabet::Alnum));
        assert_eq!(generated("16:hex"), of(16, Alphabet::Hex));
        for text in ["", "0", "4097", "-1", "32:", "32:words", "hex"] {
            assert!(generated(text).is_err(), "{text}");
        }
    }
}
