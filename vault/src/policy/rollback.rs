//! Whether the store is the one that was anchored, as far as the operator reported.

use serde::{Deserialize, Serialize};

/// What the operator last reported of the store's age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "state")]
pub(super) enum Rollback {
    /// Nothing is wrong, or someone accepted it.
    #[default]
    None,
    /// The store is not the one anchored at this generation: no data is answered.
    Detected {
        /// The generation that was anchored.
        anchored: u64,
    },
}

/// Why an older store is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAccepted {
    /// There is nothing to accept: never detected, or accepted before.
    #[error("the vault has detected no rollback, so there is nothing to accept")]
    NotDetected,
    /// Another generation than the one in the store.
    #[error("generation {named} was accepted, but the store is at generation {present}")]
    OtherGeneration {
        /// The generation that the administrator accepts.
        named: u64,
        /// The generation in the store.
        present: u64,
    },
}

impl Rollback {
    /// Accepts the store at generation `named`, once, and only where that is the `present` generation: an administrator
    /// who accepts it has looked at it.
    pub(super) fn accept(self, named: u64, present: u64) -> Result<Self, NotAccepted> {
        match self {
            Self::None => Err(NotAccepted::NotDetected),
            Self::Detected { .. } if named != present => Err(NotAccepted::OtherGeneration { named, present }),
            Self::Detected { .. } => Ok(Self::None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exactly_the_present_generation_is_accepted_and_only_once() {
        let detected = Rollback::Detected { anchored: 9 };
        for named in [0, 6, 8, 9] {
            assert_eq!(
                detected.accept(named, 7),
                Err(NotAccepted::OtherGeneration { named, present: 7 })
            );
        }
        assert_eq!(detected.accept(7, 7), Ok(Rollback::None));
        assert_eq!(Rollback::None.accept(7, 7), Err(NotAccepted::NotDetected));
    }
}
