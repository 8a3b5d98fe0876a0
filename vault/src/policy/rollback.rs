//! Whether the store is the one that was anchored, as far as the operator reported or the audit log shows.

use serde::{Deserialize, Serialize};
use strongroom_audit::Log;
use strongroom_wire::admin;

use super::{
    Policy,
    error::{AcceptError, Closed, CompareError, NotAccepted, NotAudited, PersistError},
    record,
};

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

impl Policy {
    /// Set while no data is answered because the store is not the one that was anchored.
    pub fn rollback(&self) -> Option<admin::Rollback> {
        match self.present().rollback {
            Rollback::None => None,
            Rollback::Detected { anchored } => Some(admin::Rollback::Detected { anchored }),
        }
    }

    /// Answers no data until the operator has compared the store with its anchor.
    pub fn await_comparison(&self) {
        self.enforce(|state| state.awaits_comparison = true);
    }

    /// Waits for that no longer. Returns whether it did wait.
    pub fn end_wait(&self) -> bool {
        let waited = self.present().awaits_comparison;
        if waited {
            self.enforce(|state| state.awaits_comparison = false);
        }
        waited
    }

    /// Whether the store may be an older one, as far as is known now: then nothing in it may be lost.
    pub fn is_in_doubt(&self) -> bool {
        self.check_store().is_err()
    }

    /// Checks that what no policy decides may be answered from the store.
    ///
    /// # Errors
    /// The store may be an older one.
    pub fn check_store(&self) -> Result<(), Closed> {
        self.present().check_store()
    }

    /// Answers no data from now on; false when that was so already. Blocks until the store says so.
    pub fn detect_rollback(&self, anchored: u64) -> Result<bool, PersistError> {
        let _change = self.changing();
        let (state, rollback) = (self.present(), Rollback::Detected { anchored });
        if state.rollback == rollback {
            // The operator reports it every few seconds: a commit each time would leave no time to accept a generation.
            return Ok(false);
        }
        // Closed first: a store that cannot be written is no reason to answer from it.
        self.enforce(|state| state.rollback = rollback);
        self.write(record::ROLLBACK, record::encode(&rollback)?)?;
        Ok(true)
    }

    /// Compares the store with `log`, which records writes after they are in the store: a log that knows a later one
    /// belongs to a later store. Answers no data then, and returns the generation of that write.
    pub fn compare_with_log(&self, log: &Log) -> Result<Option<u64>, CompareError> {
        let present = self.store.anchor().generation.0;
        match log.last_drained() {
            Some(last) if last.generation > present => {
                self.detect_rollback(last.generation)?;
                Ok(Some(last.generation))
            }
            Some(_) | None => Ok(None),
        }
    }

    /// Serves again from the store at exactly `generation`; good once. Runs `audit` when that may be, and serves only
    /// if it succeeds.
    pub fn accept_rollback(
        &self,
        generation: u64,
        audit: impl FnOnce() -> Result<(), NotAudited>,
    ) -> Result<(), AcceptError> {
        let _change = self.changing();
        let state = self.present();
        let present = self.store.anchor().generation.0;
        let rollback = state.rollback.accept(generation, present)?;
        audit()?;
        self.write(
            record::ROLLBACK,
            record::encode(&rollback).map_err(PersistError::from)?,
        )?;
        self.enforce(|state| state.rollback = rollback);
        Ok(())
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
