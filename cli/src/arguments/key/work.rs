//! What keys do: `strongroom key sign`, `verify`, `encrypt`, `decrypt`, `wrap` and `unwrap`.

use std::path::PathBuf;

use clap::Args;
use strongroom_client::vault::Octets;
use strongroom_core::{ObjectName, Version};
use strongroom_keys::Algorithm;

use crate::encoding;

/// The key that a command is about.
#[derive(Debug, Args)]
pub(crate) struct KeyVersion {
    /// The name of the key.
    pub(crate) name: ObjectName,
    /// The version; the current one by default.
    #[arg(long)]
    pub(crate) version: Option<Version>,
}

/// What a key works on.
#[derive(Debug, Args)]
pub(crate) struct DataArguments {
    /// The file that holds the data; `-` or nothing is standard input.
    #[arg(long, short = 'f', visible_alias = "file", value_name = "PATH")]
    pub(crate) from_file: Option<PathBuf>,
    /// Reads the data as base64 or base64url.
    #[arg(long)]
    pub(crate) base64: bool,
}

/// What is signed, and how.
#[derive(Debug, Args)]
pub(crate) struct SignedArguments {
    #[command(flatten)]
    pub(crate) key: KeyVersion,
    /// The algorithm, as RS256, PS256, ES256, ES256K, HS256 or ML-DSA-65.
    #[arg(long, value_parser = algorithm)]
    pub(crate) algorithm: Algorithm,
    /// The digest of the data in hexadecimal or base64, in the place of the data.
    #[arg(long, conflicts_with_all = ["from_file", "base64"])]
    pub(crate) digest: Option<String>,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// `strongroom key sign`.
#[derive(Debug, Args)]
pub(crate) struct SignArguments {
    #[command(flatten)]
    pub(crate) signed: SignedArguments,
    /// Prints the signature to a terminal although that would obey it.
    #[arg(long)]
    pub(crate) raw: bool,
}

/// `strongroom key verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    pub(crate) signed: SignedArguments,
    /// The signature, in base64 or base64url.
    #[arg(long, value_name = "BASE64", value_parser = octets, required_unless_present = "signature_file")]
    pub(crate) signature: Option<Octets>,
    /// The file that holds the signature: its bytes, or what `sign -o json` printed.
    #[arg(long, value_name = "PATH", conflicts_with = "signature")]
    pub(crate) signature_file: Option<PathBuf>,
}

/// What stands beside a ciphertext, in base64 or base64url.
#[derive(Debug, Default, Args)]
pub(crate) struct CipherParts {
    /// The initialisation vector of AES-CBC, 16 bytes in base64; to decrypt, also that of AES-GCM.
    #[arg(long, value_name = "BASE64", value_parser = octets)]
    pub(crate) iv: Option<Octets>,
    /// The tag of AES-GCM to decrypt with, in base64.
    #[arg(long, value_name = "BASE64", value_parser = octets)]
    pub(crate) tag: Option<Octets>,
    /// The additional data of AES-GCM, in base64: it is authenticated, and not encrypted.
    #[arg(long, value_name = "BASE64", value_parser = octets)]
    pub(crate) aad: Option<Octets>,
}

/// `strongroom key wrap`.
#[derive(Debug, Args)]
pub(crate) struct WrapArguments {
    #[command(flatten)]
    pub(crate) key: KeyVersion,
    /// The algorithm, as RSA-OAEP-256 or A256KW.
    #[arg(long, value_parser = algorithm)]
    pub(crate) algorithm: Algorithm,
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// Prints the result to a terminal although that would obey it.
    #[arg(long)]
    pub(crate) raw: bool,
}

/// `strongroom key encrypt`.
#[derive(Debug, Args)]
pub(crate) struct CipherArguments {
    #[command(flatten)]
    pub(crate) key: KeyVersion,
    /// The algorithm, as RSA-OAEP-256, A256GCM or A256CBCPAD.
    #[arg(long, value_parser = algorithm)]
    pub(crate) algorithm: Algorithm,
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// The initialisation vector of AES-CBC, 16 bytes in base64, which must not be used twice.
    #[arg(long, value_name = "BASE64", value_parser = octets)]
    pub(crate) iv: Option<Octets>,
    /// The additional data of AES-GCM, in base64: it is authenticated, and not encrypted.
    #[arg(long, value_name = "BASE64", value_parser = octets)]
    pub(crate) aad: Option<Octets>,
    /// Prints the result to a terminal although that would obey it.
    #[arg(long)]
    pub(crate) raw: bool,
}

/// `strongroom key unwrap`.
#[derive(Debug, Args)]
pub(crate) struct UnwrapArguments {
    #[command(flatten)]
    pub(crate) key: KeyVersion,
    /// The algorithm, where no document names it.
    #[arg(long, value_parser = algorithm)]
    pub(crate) algorithm: Option<Algorithm>,
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// Prints the result to a terminal although that would obey it.
    #[arg(long)]
    pub(crate) raw: bool,
}

/// `strongroom key decrypt`.
#[derive(Debug, Args)]
pub(crate) struct DecipherArguments {
    #[command(flatten)]
    pub(crate) unwrap: UnwrapArguments,
    #[command(flatten)]
    pub(crate) parts: CipherParts,
}

fn algorithm(text: &str) -> Result<Algorithm, String> {
    let found = Algorithm::ALL
        .into_iter()
        .find(|one| one.name().eq_ignore_ascii_case(text));
    found.ok_or_else(|| {
        let names: Vec<_> = Algorithm::ALL.iter().map(|one| one.name()).collect();
        format!("it is one of {}", names.join(", "))
    })
}

fn octets(text: &str) -> Result<Octets, String> {
    encoding::decode_base64(text.as_bytes())
        .map(Octets::from)
        .ok_or_else(|| "it is not base64 or base64url".to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn algorithms_are_read_in_any_case_of_which_no_two_differ_in_case_alone() {
        let names: HashSet<_> = Algorithm::ALL
            .iter()
            .map(|one| one.name().to_ascii_lowercase())
            .collect();
        assert_eq!(names.len(), Algorithm::ALL.len());
        assert_eq!(
            algorithm("rsa-oaep-256"),
            Ok(Algorithm::RsaOaep256),
            "{:?}",
            algorithm("rsa-oaep-256")
        );
        assert!(algorithm("RSNULL").unwrap_err().contains("RS256, RS384"));
    }
}
