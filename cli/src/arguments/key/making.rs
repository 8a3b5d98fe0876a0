//! `strongroom key create`.

use clap::Args;
use strongroom_keys::{Curve, KeyKind, KeyOperation, MlDsaSet};

use super::super::{about::About, choice::one_of};

/// What kind of key is made.
#[derive(Debug, Args)]
pub(crate) struct NewKeyArguments {
    /// The type: RSA, EC, oct (symmetric) or AKP (ML-DSA).
    #[arg(long = "type", value_name = "TYPE", value_parser = kind)]
    pub(crate) kind: KeyKind,
    /// The size in bits: of RSA 2048, 3072 or 4096, of oct 128, 192 or 256. Default: 2048 and 256.
    #[arg(long, value_name = "BITS")]
    pub(crate) size: Option<u32>,
    /// The curve of EC: P-256, P-384, P-521 or P-256K. Default: P-256.
    #[arg(long, value_parser = curve)]
    pub(crate) curve: Option<Curve>,
    /// The parameter set of AKP: ML-DSA-44, ML-DSA-65 or ML-DSA-87.
    #[arg(long, value_name = "SET", value_parser = parameter_set)]
    pub(crate) parameter_set: Option<MlDsaSet>,
    /// What the key may be used for, of encrypt, decrypt, sign, verify, wrapKey and unwrapKey, with commas between. Default:
    /// everything that the type can do, but for signing with oct.
    #[arg(long, value_name = "OPERATIONS", value_delimiter = ',', value_parser = operation)]
    pub(crate) ops: Option<Vec<KeyOperation>>,
    #[command(flatten)]
    pub(crate) about: About,
}

/// Reads a type of key.
pub(super) fn kind(text: &str) -> Result<KeyKind, String> {
    one_of(text, KeyKind::ALL, KeyKind::name)
}

fn curve(text: &str) -> Result<Curve, String> {
    one_of(text, Curve::ALL, Curve::name)
}

fn parameter_set(text: &str) -> Result<MlDsaSet, String> {
    one_of(text, MlDsaSet::ALL, MlDsaSet::name)
}

/// Reads one use of a key.
pub(super) fn operation(text: &str) -> Result<KeyOperation, String> {
    one_of(text, KeyOperation::ALL, KeyOperation::name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_others_are_refused_with_those_that_there_are() {
        assert_eq!(kind("rsa"), Ok(KeyKind::Rsa));
        assert_eq!(curve("p-256k"), Ok(Curve::P256K));
        assert_eq!(parameter_set("ml-dsa-65"), Ok(MlDsaSet::MlDsa65));
        assert_eq!(operation("wrapkey"), Ok(KeyOperation::WrapKey));
        assert_eq!(kind("DSA"), Err("it is one of RSA, EC, oct, AKP".to_owned()));
    }
}
