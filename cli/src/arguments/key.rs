//! `strongroom key`.

mod import;
mod making;
mod rotation;
mod work;

use clap::{Args, Subcommand};
use strongroom_client::vault::Keys;
use strongroom_core::ObjectName;

use super::{about::AboutChange, life::LifeCommand, selection::Selection};
pub(crate) use import::ImportArguments;
pub(crate) use making::NewKeyArguments;
use making::operation;
pub(crate) use rotation::PolicyChange;
pub(crate) use work::{
    CipherArguments, CipherParts, DataArguments, DecipherArguments, KeyVersion, SignArguments,
    SignedArguments, UnwrapArguments, VerifyArguments, WrapArguments,
};

/// Which vault, as whom, and what to do.
#[derive(Debug, Args)]
pub(crate) struct KeyArguments {
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
    #[command(flatten)]
    pub(crate) selection: Selection,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Makes a new version of a key, in the vault.
    Create {
        /// The name of the key.
        name: ObjectName,
        #[command(flatten)]
        new: NewKeyArguments,
    },
    /// Imports a private or symmetric key that was made elsewhere, as a new version.
    ///
    /// Reads PEM (PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY), a JWK, or with `--type oct` the bytes of a symmetric key.
    /// The key is checked here before it is sent, and goes to the vault alone.
    Import {
        /// The name of the key.
        name: ObjectName,
        #[command(flatten)]
        import: ImportArguments,
    },
    /// Prints the public part of a key and what is known about it.
    Show {
        #[command(flatten)]
        key: KeyVersion,
    },
    /// Changes what is known about a version: its uses, dates, labels, and whether it is enabled.
    Update {
        #[command(flatten)]
        key: KeyVersion,
        /// What the version may be used for from now on, instead of what it was.
        #[arg(long, value_name = "OPERATIONS", value_delimiter = ',', value_parser = operation)]
        ops: Option<Vec<strongroom_keys::KeyOperation>>,
        #[command(flatten)]
        change: AboutChange,
    },
    /// Makes a new version of the same type, in the vault.
    Rotate {
        /// The name of the key.
        name: ObjectName,
    },
    /// Prints when a key rotates by itself, or changes that.
    ///
    /// With flags it reads the policy, changes what they name, and sets it; with --from-file it puts another one in its
    /// place as a whole. Periods are years, months, weeks and days, as P2Y, P18M or P90D.
    Policy {
        /// The name of the key.
        name: ObjectName,
        #[command(flatten)]
        change: PolicyChange,
    },
    /// Signs data with a key, and prints the signature.
    ///
    /// The digest is computed here, so that the data may be of any size and does not leave this machine. HMAC and ML-DSA
    /// sign the data itself, up to 64 KiB of it, in the vault.
    Sign(SignArguments),
    /// Says whether a signature of data is valid; exits with 1 where it is not.
    Verify(VerifyArguments),
    /// Encrypts data with a key.
    ///
    /// With AES-GCM the result is more than one value: -o json prints the document that `decrypt` takes back.
    Encrypt(CipherArguments),
    /// Decrypts data with a key, and prints it as it is.
    ///
    /// Takes the document that `encrypt -o json` printed, which names the algorithm and the version, or the encrypted data
    /// alone.
    Decrypt(DecipherArguments),
    /// Encrypts another key with a key.
    Wrap(WrapArguments),
    /// Decrypts another key with a key, and prints it as it is.
    ///
    /// Takes the document that `wrap -o json` printed, which names the algorithm and the version, or the wrapped key alone.
    Unwrap(UnwrapArguments),
    #[command(flatten)]
    Life(LifeCommand<Keys>),
}
