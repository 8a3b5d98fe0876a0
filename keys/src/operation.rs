//! What a key may be used for: the JWK member `key_ops`.

use std::{fmt, str::FromStr};

use crate::key_type::{KeyKind, UnknownName};

/// One use of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyOperation {
    /// Encrypt a plaintext.
    Encrypt,
    /// Decrypt a ciphertext.
    Decrypt,
    /// Sign a digest.
    Sign,
    /// Verify a signature.
    Verify,
    /// Encrypt another key.
    WrapKey,
    /// Decrypt another key.
    UnwrapKey,
    /// Receive a key that was wrapped by this one (BYOK).
    Import,
    /// Be exported.
    Export,
    /// Wrap a key for a trusted execution environment.
    SecureWrapKey,
    /// Unwrap a key in a trusted execution environment.
    SecureUnwrapKey,
}

impl KeyOperation {
    /// Every operation.
    pub const ALL: [Self; 10] = [
        Self::Encrypt,
        Self::Decrypt,
        Self::Sign,
        Self::Verify,
        Self::WrapKey,
        Self::UnwrapKey,
        Self::Import,
        Self::Export,
        Self::SecureWrapKey,
        Self::SecureUnwrapKey,
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Encrypt => "encrypt",
            Self::Decrypt => "decrypt",
            Self::Sign => "sign",
            Self::Verify => "verify",
            Self::WrapKey => "wrapKey",
            Self::UnwrapKey => "unwrapKey",
            Self::Import => "import",
            Self::Export => "export",
            Self::SecureWrapKey => "secureWrapKey",
            Self::SecureUnwrapKey => "secureUnwrapKey",
        }
    }

    /// What a new key of that kind is for when nobody says.
    pub const fn defaults(kind: KeyKind) -> &'static [Self] {
        match kind {
            KeyKind::Rsa => &[
                Self::Encrypt,
                Self::Decrypt,
                Self::Sign,
                Self::Verify,
                Self::WrapKey,
                Self::UnwrapKey,
            ],
            KeyKind::Ec | KeyKind::Akp => &[Self::Sign, Self::Verify],
            KeyKind::Oct => &[Self::Encrypt, Self::Decrypt, Self::WrapKey, Self::UnwrapKey],
        }
    }
}

impl FromStr for KeyOperation {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|operation| operation.name() == name)
            .ok_or(UnknownName)
    }
}

impl fmt::Display for KeyOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The operations of a key in the order in which they were given, each once. None is legal: such a key does nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyOperations(Vec<KeyOperation>);

impl KeyOperations {
    /// What a new key of that kind is for when nobody says.
    pub fn defaults(kind: KeyKind) -> Self {
        Self(KeyOperation::defaults(kind).to_vec())
    }

    /// Reads names. One that repeats an earlier one is left out, so that the list is never longer than
    /// [`KeyOperation::ALL`].
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownName> {
        let mut operations = Self::default();
        for name in names {
            operations.add(name.parse()?);
        }
        Ok(operations)
    }

    fn add(&mut self, operation: KeyOperation) {
        if !self.permits(operation) {
            self.0.push(operation);
        }
    }

    /// Whether the operation is one of them.
    pub fn permits(&self, operation: KeyOperation) -> bool {
        self.0.contains(&operation)
    }

    /// The operations in order.
    pub fn as_slice(&self) -> &[KeyOperation] {
        &self.0
    }
}

impl FromIterator<KeyOperation> for KeyOperations {
    fn from_iter<I: IntoIterator<Item = KeyOperation>>(given: I) -> Self {
        let mut operations = Self::default();
        for operation in given {
            operations.add(operation);
        }
        operations
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for operation in KeyOperation::ALL {
            assert_eq!(operation.to_string().parse(), Ok(operation));
        }
        assert_eq!("wrapkey".parse::<KeyOperation>(), Err(UnknownName));
    }

    #[test]
    fn operations_keep_the_order_in_which_they_were_given_and_come_once() {
        let operations = KeyOperations::parse(["decrypt", "encrypt", "decrypt"]).unwrap();
        let expected = [KeyOperation::Decrypt, KeyOperation::Encrypt];
        assert_eq!(operations.as_slice(), expected);
        assert_eq!(expected.into_iter().collect::<KeyOperations>(), operations);
        assert!(!operations.permits(KeyOperation::Sign));
        assert_eq!(KeyOperations::parse(["decrypt", "nothing"]), Err(UnknownName));
        assert_eq!(KeyOperations::parse([]).unwrap().as_slice(), []);
    }

    #[test]
    fn every_kind_of_key_is_good_for_something_by_itself() {
        for kind in KeyKind::ALL {
            assert!(!KeyOperations::defaults(kind).as_slice().is_empty());
        }
    }
}
