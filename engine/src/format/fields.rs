//! What is written down about a version beside its value, and about the deletion of an object.

use strongroom_core::Timestamp;

use super::{
    codec::{CodecError, Decoder, Encoder},
    tags::Tags,
};

/// Attributes as a request gives them; none means not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AttributesPatch {
    /// Whether the version can be got.
    pub enabled: Option<bool>,
    /// Not to be used before; informational for secrets.
    pub not_before: Option<Timestamp>,
    /// Not to be used after; informational for secrets.
    pub expires: Option<Timestamp>,
}

/// When a secret was deleted, and when it goes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletion {
    /// `deletedDate`.
    pub deleted_date: Timestamp,
    /// `scheduledPurgeDate`.
    pub scheduled_purge_date: Timestamp,
}

/// Everything about a version but its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionFields {
    /// What the value is.
    pub content_type: Option<String>,
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

impl VersionFields {
    /// Takes over what `patch` gives.
    pub(crate) fn patch(&mut self, patch: &AttributesPatch) {
        self.enabled = patch.enabled.unwrap_or(self.enabled);
        self.not_before = patch.not_before.or(self.not_before);
        self.expires = patch.expires.or(self.expires);
    }

    pub(crate) fn encode(&self, encoder: &mut Encoder) {
        encoder.option(self.content_type.as_deref(), |e, text| {
            e.text(text);
        });
        encoder.bool(self.enabled);
        for time in [self.not_before, self.expires] {
            encoder.option(time, |e, time| {
                e.time(time);
            });
        }
        encoder.time(self.created).time(self.updated).tags(&self.tags);
    }

    pub(crate) fn decode(decoder: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            content_type: decoder.option(|d| d.text().map(str::to_owned))?,
            enabled: decoder.bool()?,
            not_before: decoder.option(Decoder::time)?,
            expires: decoder.option(Decoder::time)?,
            created: decoder.time()?,
            updated: decoder.time()?,
            tags: decoder.tags()?,
        })
    }

    /// Room that the encoding fits into.
    pub(crate) fn encoded_size(&self) -> usize {
        let tags: usize = self
            .tags
            .iter()
            .map(|(name, value)| name.len() + value.len() + 8)
            .sum();
        64 + self.content_type.as_ref().map_or(0, String::len) + tags
    }
}
