//! `audit verify`: an audit log checked offline.

use strongroom_audit::{
    Hash, Head, Report,
    verify::{VerifyError, verify},
};

use crate::args::VerifyArgs;

/// Why a log cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `--head` is not `SEQUENCE:HEX`.
    #[error("--head is a record's sequence number and hash: SEQUENCE:HEX")]
    Head,
    /// The log cannot be read.
    #[error("cannot read the log")]
    Read(#[from] VerifyError),
}

/// What is found in the log that `args` name.
pub fn report(args: &VerifyArgs) -> Result<Report, Error> {
    let head = args
        .head
        .as_deref()
        .map(|text| head(text).ok_or(Error::Head))
        .transpose()?;
    Ok(verify(&args.dir, head)?)
}

fn head(text: &str) -> Option<Head> {
    let (sequence, hash) = text.split_once(':')?;
    Some(Head {
        sequence: sequence.parse().ok()?,
        hash: hash.parse::<Hash>().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_a_sequence_number_and_a_hash() {
        assert_eq!(head(&format!("7:{}", "ab".repeat(32))).unwrap().sequence, 7);
        for text in ["", "7", "7:", "x:00", "7:zz"] {
            assert!(head(text).is_none(), "{text}");
        }
    }
}
