//! The password of a file.

use std::iter;

use zeroize::Zeroizing;

/// A password, or none.
#[derive(Clone, Copy)]
pub(super) struct Password<'a> {
    text: &'a str,
    /// Whether PKCS#12's own derivation hashes the end of the text too.
    is_there: bool,
}

impl<'a> Password<'a> {
    /// The password that somebody types.
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, is_there: true }
    }

    /// The passwords that somebody may mean. Programs differ on an empty one: most hash the two zeros at its end, others nothing.
    pub(super) fn candidates(text: Option<&'a str>) -> impl Iterator<Item = Self> {
        let text = text.unwrap_or_default();
        let absent = Self {
            text,
            is_there: false,
        };
        iter::once(Self::new(text)).chain(text.is_empty().then_some(absent))
    }

    /// In UTF-8, as PBES2 takes it.
    pub(super) const fn as_bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    /// In UTF-16 with two zeros at the end, as PKCS#12's own derivation takes it (RFC 7292, B.1).
    pub(super) fn to_utf16(self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 * self.text.len() + 2));
        bytes.extend(self.text.encode_utf16().flat_map(u16::to_be_bytes));
        if self.is_there {
            bytes.extend([0, 0]);
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_password_is_tried_as_one_that_is_absent_too() {
        let forms = |text| {
            Password::candidates(text)
                .map(|password| password.to_utf16().to_vec())
                .collect::<Vec<_>>()
        };
        for empty in [None, Some("")] {
            assert_eq!(forms(empty), [vec![0, 0], vec![]]);
        }
        assert_eq!(forms(Some("a😀")), [[0, b'a', 0xd8, 0x3d, 0xde, 0, 0, 0]]);
    }
}
