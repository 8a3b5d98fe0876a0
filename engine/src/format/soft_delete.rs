//! What a vault does with deleted objects. It is the vault's for life, so it is in the store.

use std::time::Duration;

use super::codec::{CodecError, Decoder, Encoder};

/// What happens to deleted objects.
///
/// A vault stores the settings of its first start. At a later start it takes one change from the settings: it switches purge
/// protection on, and never off again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoftDelete {
    retention_days: u8,
    purge_protection: bool,
}

/// The retention is outside 7 to 90 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("deleted objects are kept for 7 to 90 days, not {0}")]
pub struct RetentionError(pub u8);

impl SoftDelete {
    /// Deleted objects stay recoverable for `retention_days` (7 to 90); with `purge_protection` nobody can purge
    /// them earlier.
    pub const fn new(retention_days: u8, purge_protection: bool) -> Result<Self, RetentionError> {
        if retention_days < 7 || retention_days > 90 {
            return Err(RetentionError(retention_days));
        }
        Ok(Self {
            retention_days,
            purge_protection,
        })
    }

    /// How many days a deleted object stays recoverable: `recoverableDays`.
    pub const fn retention_days(self) -> u8 {
        self.retention_days
    }

    /// How long a deleted object stays recoverable.
    pub const fn retention(self) -> Duration {
        Duration::from_hours(self.retention_days as u64 * 24)
    }

    /// Whether purging before the retention's end is refused.
    pub const fn purge_protection(self) -> bool {
        self.purge_protection
    }

    /// The settings of a vault that has stored `self` and is started with `told`: the vault switches purge protection on where
    /// `told` has it and the same retention. With another retention `told` is meant for another vault, and what it switched
    /// on could not be taken back.
    #[must_use]
    pub const fn told(self, told: Self) -> Self {
        Self {
            retention_days: self.retention_days,
            purge_protection: self.purge_protection
                || told.purge_protection && told.retention_days == self.retention_days,
        }
    }

    /// Writes the fields.
    pub(crate) fn put(self, fields: &mut Encoder) {
        fields.u8(self.retention_days).bool(self.purge_protection);
    }

    /// Reads what [`Self::put`] wrote.
    pub(crate) fn take(fields: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let (days, is_protected) = (fields.u8()?, fields.bool()?);
        Self::new(days, is_protected).map_err(|RetentionError(_)| CodecError::Field)
    }
}

impl Default for SoftDelete {
    fn default() -> Self {
        Self {
            retention_days: 90,
            purge_protection: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retention_outside_7_to_90_days_is_refused() {
        assert_eq!(SoftDelete::new(6, false), Err(RetentionError(6)));
        assert_eq!(SoftDelete::new(91, false), Err(RetentionError(91)));
        for days in [6, 91] {
            let mut fields = Encoder::with_capacity(2);
            fields.u8(days).bool(true);
            let read = SoftDelete::take(&mut Decoder::new(fields.as_bytes()));
            assert_eq!(read, Err(CodecError::Field), "{days}");
        }
    }

    #[test]
    fn a_vault_takes_purge_protection_on_and_nothing_else() {
        let of = |days, is_protected| SoftDelete::new(days, is_protected).unwrap();
        for (kept, told, then) in [
            (of(30, false), of(30, false), of(30, false)),
            (of(30, false), of(30, true), of(30, true)),
            (of(30, true), of(30, false), of(30, true)),
            (of(30, true), of(90, false), of(30, true)),
            (of(30, false), of(7, false), of(30, false)),
            (of(30, false), of(90, true), of(30, false)),
        ] {
            assert_eq!(kept.told(told), then, "{kept:?} {told:?}");
        }
    }
}
