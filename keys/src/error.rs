//! Why an operation on a key was refused.

use crate::{
    algorithm::Algorithm,
    key_type::{KeyKind, KeyType},
    member::Member,
    operation::KeyOperation,
};

mod sentence;

/// Why an operation was refused, or failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyError {
    /// The algorithm needs another type, curve or size of key.
    Incompatible {
        /// The algorithm.
        algorithm: Algorithm,
        /// What the key is.
        key: KeyType,
    },
    /// The algorithm does nothing of that kind.
    WrongOperation {
        /// The algorithm.
        algorithm: Algorithm,
        /// The operation.
        operation: KeyOperation,
    },
    /// A member has another length than the one that it must have.
    Length {
        /// The member.
        member: Member,
        /// Its bytes.
        length: usize,
        /// The algorithm.
        algorithm: Algorithm,
        /// The bytes that it needs.
        needed: usize,
    },
    /// A member is not a whole number of blocks, or has too few of them.
    Blocks {
        /// The member.
        member: Member,
        /// Its bytes.
        length: usize,
        /// The algorithm.
        algorithm: Algorithm,
        /// The bytes of a block.
        block: usize,
        /// The fewest bytes.
        least: usize,
    },
    /// A member is too long.
    TooLong {
        /// The member.
        member: Member,
        /// Its bytes.
        length: usize,
        /// The algorithm.
        algorithm: Algorithm,
        /// The most bytes.
        most: usize,
    },
    /// The algorithm needs a member that the request lacks.
    Missing {
        /// The member.
        member: Member,
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// The request has a member which the service makes by itself.
    MadeByService {
        /// The member.
        member: Member,
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// The padding of OAEP is not what it must be: another key, or altered bytes.
    OaepPadding,
    /// The bytes do not decrypt: another key, altered bytes, tag, IV or additional data. The error does not say which.
    NotDecrypted,
    /// A key to generate or to import is none.
    BadKey(BadKey),
    /// Sealed bytes are not what [`crate::Key::to_bytes`] made.
    Damaged,
    /// The library failed, or the system has no random bytes.
    Failed,
}

/// Why a key cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadKey {
    /// A member that every key of that kind has is not there.
    Missing(Member, KeyKind),
    /// A member of another kind of key.
    Foreign(Member, KeyKind),
    /// A member is longer than any that means something, or longer than the key allows.
    TooLong(Member),
    /// No key of that kind has so many bits.
    Size(usize),
    /// The public exponent is even, 1, 3, or longer than 33 bits; or the kind of key has none.
    PublicExponent,
    /// The point is not on its curve.
    NotOnCurve,
    /// p or q is no prime, or both are the same.
    Primes,
    /// The private exponent is too small to be safe.
    SmallPrivateExponent,
    /// The members do not belong together.
    Inconsistent,
}

impl From<BadKey> for KeyError {
    fn from(bad: BadKey) -> Self {
        Self::BadKey(bad)
    }
}

impl KeyError {
    /// Whether the request is at fault, and not the service or its store.
    pub const fn is_bad_parameter(self) -> bool {
        match self {
            Self::Incompatible { .. }
            | Self::WrongOperation { .. }
            | Self::Length { .. }
            | Self::Blocks { .. }
            | Self::TooLong { .. }
            | Self::Missing { .. }
            | Self::MadeByService { .. }
            | Self::OaepPadding
            | Self::NotDecrypted
            | Self::BadKey(_) => true,
            Self::Damaged | Self::Failed => false,
        }
    }
}

impl std::error::Error for KeyError {}

impl std::error::Error for BadKey {}
