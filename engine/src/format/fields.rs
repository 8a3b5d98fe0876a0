//! What is written down about a version beside its value, and about the deletion of an object.

use strongroom_core::Timestamp;

use super::{
    codec::{CodecError, Decoder, Encoder},
    encoded::Encoded,
    tags::Tags,
};

/// What a request does to a field that may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Change<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is empty from now on.
    Clear,
    /// It is this from now on.
    Set(T),
}

impl<T> Change<T> {
    /// What the field is from now on, if the request gives it that.
    pub fn given(self) -> Option<T> {
        match self {
            Self::Keep | Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }

    /// The change of another field, to what `convert` makes of the value.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Change<U> {
        match self {
            Self::Keep => Change::Keep,
            Self::Clear => Change::Clear,
            Self::Set(value) => Change::Set(convert(value)),
        }
    }

    /// Makes the change to `field`.
    pub(crate) fn make(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value),
        }
    }
}

/// Attributes as a request gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AttributesPatch {
    /// Whether the version can be got; none if that is not given.
    pub enabled: Option<bool>,
    /// Not to be used before; secrets only inform of it.
    pub not_before: Change<Timestamp>,
    /// Not to be used after; secrets only inform of it.
    pub expires: Change<Timestamp>,
}

/// When an object was deleted, and when it goes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletion {
    /// `deletedDate`.
    pub deleted_date: Timestamp,
    /// `scheduledPurgeDate`.
    pub scheduled_purge_date: Timestamp,
}

/// Everything about a version but its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionFields<F> {
    /// What the kind of the object notes about a version.
    pub own: F,
    /// Whether it can be got.
    pub enabled: bool,
    /// `nbf`.
    pub not_before: Option<Timestamp>,
    /// `exp`.
    pub expires: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// When its attributes last changed.
    pub updated: Timestamp,
    /// The tags.
    pub tags: Tags,
}

impl<F> VersionFields<F> {
    /// Takes over what `patch` gives.
    pub(crate) fn patch(&mut self, patch: &AttributesPatch) {
        self.enabled = patch.enabled.unwrap_or(self.enabled);
        patch.not_before.make(&mut self.not_before);
        patch.expires.make(&mut self.expires);
    }
}

impl<F: Encoded> Encoded for VersionFields<F> {
    fn put(&self, encoder: &mut Encoder) {
        self.own.put(encoder);
        encoder.bool(self.enabled);
        for time in [self.not_before, self.expires] {
            encoder.option(time, |e, time| {
                e.time(time);
            });
        }
        encoder.time(self.created).time(self.updated).tags(&self.tags);
    }

    fn take(decoder: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            own: F::take(decoder)?,
            enabled: decoder.bool()?,
            not_before: decoder.option(Decoder::time)?,
            expires: decoder.option(Decoder::time)?,
            created: decoder.time()?,
            updated: decoder.time()?,
            tags: decoder.tags()?,
        })
    }

    fn room(&self) -> usize {
        let tags = self.tags.iter().map(|(name, value)| name.len() + value.len() + 8);
        64 + self.own.room() + tags.sum::<usize>()
    }
}
