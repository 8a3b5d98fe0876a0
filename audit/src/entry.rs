//! A record serialised and hashed, ready to be chained: all the work that needs no lock.

use std::{
    io::{self, Write},
    time::SystemTime,
};

use serde::{Serialize, de::IgnoredAny};
use serde_json::ser::Formatter;

use crate::{
    chain::Hash,
    escape::Escaped,
    event::Event,
    record::{Record, shape as request},
    shape::{Happened, Shape},
};

/// Why stored bytes are not an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Not one line of printable ASCII that begins a JSON object.
    #[error("an audit entry is one line of printable ASCII that begins an object")]
    Form,
    /// Longer than [`Entry::LIMIT`].
    #[error("an audit entry of {0} bytes is longer than any of ours")]
    Size(usize),
}

/// The text of one record without its chain member and its closing brace, and the hash of that text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    body: Vec<u8>,
    leaf: Hash,
}

impl Entry {
    /// Bytes of the longest entry. Every text of a record is bounded, so none gets near.
    pub const LIMIT: usize = 32 * 1024;

    /// The entry of a request's record.
    pub fn new(record: &Record) -> Self {
        Self::sealed(request::body(record))
    }

    /// The entry of an event at `time`.
    pub fn event(time: SystemTime, event: &Event) -> Self {
        let happened = Happened::new(event.actor(), event);
        Self::of(&Shape::new("event", event.name(), time, happened))
    }

    /// The entry that [`Self::as_bytes`] gave, as kept in the store's outbox.
    pub fn from_bytes(body: Vec<u8>) -> Result<Self, EntryError> {
        if body.len() > Self::LIMIT {
            return Err(EntryError::Size(body.len()));
        }
        let is_line =
            body.iter().all(|byte| matches!(byte, b' '..=b'~')) && body.starts_with(b"{\"type\":\"");
        let is_object = serde_json::from_slice::<IgnoredAny>(&[&body, b"}".as_slice()].concat()).is_ok();
        if is_line && is_object {
            Ok(Self::sealed(body))
        } else {
            Err(EntryError::Form)
        }
    }

    /// The text to keep in the store's outbox.
    pub fn as_bytes(&self) -> &[u8] {
        &self.body
    }

    pub(crate) const fn leaf(&self) -> &Hash {
        &self.leaf
    }

    /// Serialises a struct. Our own shapes have string keys and a writer that cannot fail, so there is no error to tell.
    pub(crate) fn of(shape: &impl Serialize) -> Self {
        let mut body = Vec::with_capacity(1024);
        let mut serializer = serde_json::Serializer::with_formatter(&mut body, Ascii);
        let written = shape.serialize(&mut serializer);
        debug_assert!(written.is_ok(), "a shape of ours serialises");
        body.pop();
        Self::sealed(body)
    }

    fn sealed(body: Vec<u8>) -> Self {
        let leaf = Hash::leaf(&body);
        Self { body, leaf }
    }
}

/// Writes every character outside printable ASCII as an escape, so that no text can end a line or speak to a terminal.
struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        // Without an early end, so that the compiler looks at many bytes at once.
        if fragment
            .bytes()
            .fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'))
        {
            return writer.write_all(fragment.as_bytes());
        }
        for character in fragment.chars() {
            if matches!(character, ' '..='~') {
                write!(writer, "{character}")?;
            } else {
                write!(writer, "{}", Escaped(character))?;
            }
        }
        Ok(())
    }
}
