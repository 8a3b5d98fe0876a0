//! `strongroom key import`.

use std::path::PathBuf;

use clap::Args;
use strongroom_keys::{KeyKind, KeyOperation};

use super::{
    super::about::About,
    making::{kind, operation},
};

/// What is imported.
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// The file that holds the key; `-` or nothing is standard input.
    #[arg(long, short = 'f', visible_alias = "file", value_name = "PATH")]
    pub(crate) from_file: Option<PathBuf>,
    /// The type that the key must have: RSA, EC, oct (symmetric) or AKP (ML-DSA). With oct, the file may also hold the 16, 24
    /// or 32 bytes of the key as they are.
    #[arg(long = "type", value_name = "TYPE", value_parser = kind)]
    pub(crate) kind: Option<KeyKind>,
    /// Reads the bytes of a symmetric key as base64 or base64url; needs `--type oct`.
    #[arg(long, requires = "kind")]
    pub(crate) base64: bool,
    /// What the key may be used for, of encrypt, decrypt, sign, verify, wrapKey and unwrapKey, with commas between. Default:
    /// what a JWK says in `key_ops`; without that, everything that the type can do, but for signing with oct.
    #[arg(long, value_name = "OPERATIONS", value_delimiter = ',', value_parser = operation)]
    pub(crate) ops: Option<Vec<KeyOperation>>,
    #[command(flatten)]
    pub(crate) about: About,
}
