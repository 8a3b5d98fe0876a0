//! What a version says: the fields of its sealed body, and of the copy that its head holds for lists.

use zeroize::Zeroizing;

use crate::{
    answer::Attributes,
    codec::{CodecError, Decoder, Encoder},
    limits::SoftDelete,
    request::{AttributesPatch, Tags},
    time::Timestamp,
    value::SecretValue,
};

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

    /// The attributes as answered by a vault with these rules.
    pub(crate) const fn attributes(&self, rules: SoftDelete) -> Attributes {
        Attributes {
            enabled: self.enabled,
            not_before: self.not_before,
            expires: self.expires,
            created: self.created,
            updated: self.updated,
            recovery_level: rules.recovery_level(),
            recoverable_days: rules.retention_days(),
        }
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

/// The plaintext of a version's body, in memory that is wiped.
pub(crate) fn encode(value: &SecretValue, fields: &VersionFields) -> Encoder {
    let mut encoder = Encoder::with_capacity(value.len() + 4 + fields.encoded_size());
    encoder.text(value.expose());
    fields.encode(&mut encoder);
    encoder
}

/// Undoes [`encode`].
pub(crate) fn decode(plaintext: &[u8]) -> Result<(SecretValue, VersionFields), CodecError> {
    let mut decoder = Decoder::new(plaintext);
    let value = SecretValue::from(Zeroizing::new(decoder.text()?.to_owned()));
    let fields = VersionFields::decode(&mut decoder)?;
    decoder.finish()?;
    Ok((value, fields))
}
