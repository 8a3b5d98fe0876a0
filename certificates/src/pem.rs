//! PEM (RFC 7468): several blocks, with text around them.
//!
//! It is read here and not by `pem-rfc7468`, which takes one block alone, in lines of one length, under a label of letters: the
//! files that users have break each of these rules. The `pem` crate takes them, but would leave copies of private keys in memory
//! that nobody wipes. It is written by `pem-rfc7468`, in a time that does not depend on the key.

use std::fmt;

use der::pem::{self, LineEnding};
use zeroize::Zeroizing;

use crate::encoding::decode_base64;

/// The label of a certificate.
pub const CERTIFICATE: &str = "CERTIFICATE";
/// The label of a private key in PKCS#8.
pub const PRIVATE_KEY: &str = "PRIVATE KEY";
/// The label of a private key in PKCS#8 that is encrypted.
pub const ENCRYPTED_PRIVATE_KEY: &str = "ENCRYPTED PRIVATE KEY";
/// The label of a private key in PKCS#1.
pub const RSA_PRIVATE_KEY: &str = "RSA PRIVATE KEY";
/// The label of a private key in SEC 1.
pub const EC_PRIVATE_KEY: &str = "EC PRIVATE KEY";

/// The most blocks of one text.
pub const MOST_BLOCKS: usize = 100;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// The longest label, in bytes.
const LONGEST_LABEL: usize = 40;
/// The header of a block that is encrypted in the old form of openssl (RFC 1421, 4.6.1.1).
const ENCRYPTED_HEADER: &str = "Proc-Type:";

/// A block.
pub struct Block<'a> {
    /// What the block says it holds.
    pub label: &'a str,
    /// What it holds.
    pub der: Zeroizing<Vec<u8>>,
}

/// Why a text is not PEM that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// It is longer than the caller allows.
    #[error("the PEM is too long")]
    TooLong,
    /// It has more than [`MOST_BLOCKS`].
    #[error("the PEM has more than {MOST_BLOCKS} blocks")]
    TooManyBlocks,
    /// A block does not end, ends as another, or has a label like no other program's.
    #[error("the PEM has a block with a first or last line that is broken")]
    Boundary,
    /// A block holds something other than base64.
    #[error("the PEM has a block that is not base64")]
    Base64,
    /// A private key is encrypted.
    #[error("the PEM has a private key that is encrypted")]
    Encrypted,
}

/// Why blocks cannot be written as PEM: a label has characters that none has, or they are too long.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the PEM cannot be written: {0}")]
pub struct PemWriteError(#[from] pem::Error);

/// Whether a text has blocks.
pub fn is_pem(text: &str) -> bool {
    text.contains(BEGIN)
}

/// The blocks of a text that has at most `longest` bytes.
///
/// Lines end as they like, in a block and around it; text around the blocks is passed over. The last line of a block must have
/// the label of the first.
pub fn read(text: &str, longest: usize) -> Result<Vec<Block<'_>>, PemError> {
    if text.len() > longest {
        return Err(PemError::TooLong);
    }
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        if blocks.len() == MOST_BLOCKS {
            return Err(PemError::TooManyBlocks);
        }
        let (label, after) = after.split_once(DASHES).ok_or(PemError::Boundary)?;
        let (body, after) = after.split_once(END).ok_or(PemError::Boundary)?;
        let end = after
            .strip_prefix(label)
            .and_then(|after| after.strip_prefix(DASHES));
        rest = end.filter(|_| is_label(label)).ok_or(PemError::Boundary)?;
        blocks.push(Block::read(label, body)?);
    }
    Ok(blocks)
}

/// Blocks of these labels and contents: lines of 64 columns that end with a line feed, the last one too.
pub fn write(blocks: &[(&str, &[u8])]) -> Result<Zeroizing<String>, PemWriteError> {
    let lengths = blocks
        .iter()
        .map(|(label, der)| pem::encapsulated_len(label, LineEnding::LF, der.len()))
        .sum::<Result<usize, pem::Error>>()?;
    // With its room at once, since a string that grows leaves a copy.
    let mut text = Zeroizing::new(String::with_capacity(lengths));
    for (label, der) in blocks {
        let block = Zeroizing::new(pem::encode_string(label, LineEnding::LF, der)?);
        text.push_str(&block);
    }
    Ok(text)
}

/// Whether a label is like those of other programs: what a broken line holds in the place of one could be the key.
fn is_label(label: &str) -> bool {
    let is_usual =
        |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b' ' | b'.' | b'#');
    label.len() <= LONGEST_LABEL && label.bytes().all(is_usual)
}

impl<'a> Block<'a> {
    fn read(label: &'a str, body: &str) -> Result<Self, PemError> {
        if label == ENCRYPTED_PRIVATE_KEY || body.contains(ENCRYPTED_HEADER) {
            return Err(PemError::Encrypted);
        }
        let der = decode_base64(body.as_bytes()).ok_or(PemError::Base64)?;
        Ok(Self { label, der })
    }
}

impl fmt::Debug for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block")
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: usize = 10_000;

    fn refusal(text: &str) -> PemError {
        read(text, LONGEST).unwrap_err()
    }

    #[test]
    fn blocks_are_found_among_text_whatever_ends_a_line() {
        for end in ["\n", "\r\n", " ", "\r", "\n\n", " \n\t"] {
            let text = format!(
                "Bag Attributes: x-----{end}-----BEGIN A B-----{end}AQ{end}ID{end}-----END A B-----{end}\
                 ü{end}-----BEGIN X509 CRL-----{end}-----END X509 CRL-----"
            );
            let blocks = read(&text, LONGEST).unwrap();
            let found: Vec<_> = blocks.iter().map(|block| (block.label, &block.der[..])).collect();
            assert_eq!(found, [("A B", &[1, 2, 3][..]), ("X509 CRL", &[])]);
        }
        assert_eq!(read("no block", LONGEST).unwrap().len(), 0);
    }

    #[test]
    fn broken_blocks_are_refused() {
        for text in [
            "-----BEGIN A",
            "-----BEGIN A-----",
            "-----BEGIN A-----AQID",
            "-----BEGIN A-----AQID-----END B-----",
            "-----BEGIN A-----AQID-----END A",
            "-----BEGIN a-----AQID-----END a-----",
            "-----BEGIN A-----AQID-----END A-----\n-----BEGIN A",
        ] {
            assert_eq!(refusal(text), PemError::Boundary, "{text}");
        }
        let long = "A".repeat(41);
        assert_eq!(
            refusal(&format!("-----BEGIN {long}-----AQID-----END {long}-----")),
            PemError::Boundary
        );
        for text in [
            "-----BEGIN A-----AQ*D-----END A-----",
            "-----BEGIN A-----A-----END A-----",
            "-----BEGIN A-----AQID\n-----BEGIN B-----AQID-----END A-----",
            "-----BEGIN A-----Comment: x\nAQID-----END A-----",
        ] {
            assert_eq!(refusal(text), PemError::Base64, "{text}");
        }
    }

    #[test]
    fn keys_that_are_encrypted_are_named_so() {
        for text in [
            "-----BEGIN ENCRYPTED PRIVATE KEY-----AQID-----END ENCRYPTED PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAQID-----END RSA PRIVATE KEY-----",
        ] {
            assert_eq!(refusal(text), PemError::Encrypted);
        }
    }

    #[test]
    fn length_and_blocks_are_bounded() {
        let block = "-----BEGIN A-----AQID-----END A-----";
        assert_eq!(read(block, block.len()).unwrap().len(), 1);
        assert_eq!(read(block, block.len() - 1).unwrap_err(), PemError::TooLong);
        assert_eq!(read(&block.repeat(100), LONGEST).unwrap().len(), 100);
        assert_eq!(refusal(&block.repeat(101)), PemError::TooManyBlocks);
    }

    #[test]
    fn what_is_written_has_lines_of_64_columns_and_a_last_line_feed() {
        let text = write(&[(PRIVATE_KEY, &[0; 49]), (CERTIFICATE, &[0; 48])]).unwrap();
        let full = "A".repeat(64);
        assert_eq!(
            *text,
            format!(
                "-----BEGIN PRIVATE KEY-----\n{full}\nAA==\n-----END PRIVATE KEY-----\n\
                 -----BEGIN CERTIFICATE-----\n{full}\n-----END CERTIFICATE-----\n"
            )
        );
        assert_eq!(text.capacity(), text.len(), "it did not grow");
        let blocks = read(&text, LONGEST).unwrap();
        assert_eq!((blocks[0].der.len(), blocks[1].der.len()), (49, 48));
        assert!(write(&[("-----", &[])]).is_err());
    }

    #[test]
    fn a_block_prints_its_label_alone() {
        let blocks = read("-----BEGIN A-----AQID-----END A-----", LONGEST).unwrap();
        assert_eq!(format!("{blocks:?}"), r#"[Block { label: "A", .. }]"#);
    }
}
