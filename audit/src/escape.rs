//! The one escape of the log: a character outside printable ASCII, so that no text can end a line or speak to a terminal.

use std::fmt;

/// A character as JSON escapes of its UTF-16 units.
pub(crate) struct Escaped(pub(crate) char);

impl fmt::Display for Escaped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .encode_utf16(&mut [0; 2])
            .iter()
            .try_for_each(|unit| write!(f, "\\u{unit:04x}"))
    }
}
