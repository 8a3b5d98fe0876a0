//! Reading lines back: where each ends, and whether it is what was written.

use std::io::{self, BufRead, Read};

use serde::Deserialize;

use crate::{
    chain::{Hash, Link, Place, SEPARATOR},
    entry::Entry,
};

/// Why a complete line is not a record of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// No chain member in the exact form that is written.
    #[error("its form is not that of a record")]
    Form,
    /// The text is not the one that was hashed.
    #[error("its text does not match its hash")]
    Leaf,
    /// The place in the chain is not the one that was hashed.
    #[error("its place in the chain does not match its hash")]
    Link,
}

/// One line's bytes, with the newline if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawLine {
    pub(crate) bytes: Vec<u8>,
}

impl RawLine {
    /// Whether it ends in a newline: the last line of a log that was being written may not.
    pub(crate) fn is_complete(&self) -> bool {
        self.bytes.ends_with(b"\n")
    }

    /// The record's text and its link, if both are exactly what was written.
    pub(crate) fn parse(&self) -> Result<(&str, Link), LineError> {
        let text = str::from_utf8(&self.bytes).map_err(|_| LineError::Form)?;
        let at = text.rfind(SEPARATOR).ok_or(LineError::Form)?;
        let (body, tail) = text.split_at_checked(at).ok_or(LineError::Form)?;
        let json = tail
            .strip_prefix(",\"chain\":")
            .and_then(|rest| rest.strip_suffix("}\n"))
            .ok_or(LineError::Form)?;
        let shape: Shape = serde_json::from_str(json).map_err(|_| LineError::Form)?;
        let (link, hash) = (shape.link(), shape.hash);
        if link.tail(hash).to_string() != tail {
            return Err(LineError::Form);
        }
        match (Hash::leaf(body.as_bytes()) == link.leaf, link.hash() == hash) {
            (false, _) => Err(LineError::Leaf),
            (true, false) => Err(LineError::Link),
            (true, true) => Ok((body, link)),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    sequence: u64,
    previous: Hash,
    leaf: Hash,
    generation: Option<u64>,
    index: Option<u32>,
    hash: Hash,
}

impl Shape {
    fn link(&self) -> Link {
        let place = self
            .generation
            .zip(self.index)
            .map(|(generation, index)| Place { generation, index });
        Link {
            sequence: self.sequence,
            previous: self.previous,
            leaf: self.leaf,
            place,
        }
    }
}

/// The next line, or none at the end. A line longer than any of ours comes in pieces, none of which parses.
pub(crate) fn next_line(reader: &mut impl BufRead) -> io::Result<Option<RawLine>> {
    const LONGEST: u64 = Entry::LIMIT as u64 + 1024;
    let mut bytes = Vec::new();
    let read = reader.by_ref().take(LONGEST).read_until(b'\n', &mut bytes)?;
    Ok((read > 0).then_some(RawLine { bytes }))
}
