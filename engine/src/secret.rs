//! Secrets: texts that leave the vault, and what describes them.

use std::{convert::Infallible, fmt};

use strongroom_audit::Event;
use strongroom_core::{ObjectKind, ObjectName, Timestamp, Version};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    format::{
        codec::{CodecError, Decoder, Encoder},
        encoded::Encoded,
        fields::Change,
        task::Due,
    },
    object::{
        answer, error, expiry,
        keeper::{KeeperOf, Kinds},
        kind::Kind,
        limits::{ObjectLimits, exceeds},
        request,
        tasks::Tasks,
        transaction::Transaction,
        view::HeadFieldsOf,
    },
};

/// A vault that keeps secrets and nothing else.
pub const SECRETS: Kinds = Kinds::new(&[&KeeperOf::<Secret>::NEW]);

/// The answer to a request about secrets.
pub type Answer = answer::Answer<Secret>;

/// A version of a secret.
pub type SecretBundle = answer::Bundle<Secret>;

/// One page of a list of secrets.
pub type ItemPage = answer::ItemPage<Secret>;

/// A change of a secret.
pub type WriteRequest = request::WriteRequest<Secret>;

/// The kind of secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret {}

impl Kind for Secret {
    const KIND: ObjectKind = ObjectKind::Secrets;

    type Content = SecretValue;
    type Fields = SecretFields;
    type Patch = SecretPatch;
    type Object = ();
    type Amendment = Infallible;
    type Own = Infallible;

    fn is_managed(fields: &SecretFields) -> bool {
        fields.part.is_some()
    }

    fn own_grows(request: &Infallible) -> bool {
        match *request {}
    }

    fn check_content(limits: &ObjectLimits, value: &SecretValue) -> Result<(), error::BadParameter> {
        if value.len() > limits.value_bytes {
            return Err(error::BadParameter::ValueTooLarge(limits.value_bytes));
        }
        Ok(())
    }

    fn check_fields(limits: &ObjectLimits, fields: &SecretFields) -> Result<(), error::BadParameter> {
        let limit = limits.content_type_chars;
        match &fields.content_type {
            Some(text) if exceeds(text, limit) => Err(error::BadParameter::ContentTypeTooLong(limit)),
            Some(_) | None => Ok(()),
        }
    }

    fn patch(fields: &mut SecretFields, patch: &SecretPatch) {
        patch.content_type.clone().make(&mut fields.content_type);
    }

    fn may_grow(patch: &SecretPatch) -> bool {
        matches!(patch.content_type, Change::Set(_))
    }

    fn amend((): &mut (), amendment: &Infallible, _: Timestamp) {
        match *amendment {}
    }

    fn answer_to_set(value: &SecretValue) -> Option<SecretValue> {
        Some(SecretValue::new(value.expose().to_owned()))
    }
}

impl Tasks for Secret {
    fn apply_own(
        _: &mut Transaction<'_>,
        request: &Infallible,
    ) -> Result<answer::Answer<Self>, error::ObjectError> {
        match *request {}
    }

    fn due_of(head: &HeadFieldsOf<Self>) -> Vec<Due> {
        let notice = head.current.expires.and_then(expiry::usual_notice);
        expiry::due_of::<Self>(head, notice).collect()
    }

    fn perform(
        number: u8,
        transaction: &mut Transaction<'_>,
        name: &ObjectName,
    ) -> Result<Option<Event>, error::ObjectError> {
        expiry::perform::<Self>(number, transaction, name)
    }
}

/// What a secret notes about a version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecretFields {
    /// What the value is, in the owner's words.
    pub content_type: Option<String>,
    /// What it is of a certificate, where it is part of one.
    pub part: Option<CertificatePart>,
}

/// A secret that is part of a certificate: its chain, and its private key where that may leave the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificatePart {
    /// The version of the certificate before this one; none where this is the first.
    pub previous: Option<Version>,
}

/// Which fields of a version an update changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecretPatch {
    /// What becomes of the content type.
    pub content_type: Change<String>,
}

/// What the first byte says is there. Programs that know of no certificates wrote and read the first of these alone, and
/// refuse the others.
const CONTENT_TYPE: u8 = 1;
const PART: u8 = 2;
const PREVIOUS: u8 = 4;

impl Encoded for SecretFields {
    fn put(&self, encoder: &mut Encoder) {
        let previous = self.part.and_then(|part| part.previous);
        let flag = |is_there: bool, flag| if is_there { flag } else { 0 };
        encoder.u8(flag(self.content_type.is_some(), CONTENT_TYPE)
            | flag(self.part.is_some(), PART)
            | flag(previous.is_some(), PREVIOUS));
        if let Some(text) = &self.content_type {
            encoder.text(text);
        }
        if let Some(previous) = previous {
            encoder.array(previous.as_bytes());
        }
    }

    fn take(decoder: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let flags = decoder.u8()?;
        let has = |flag| flags & flag != 0;
        if flags > CONTENT_TYPE | PART | PREVIOUS || has(PREVIOUS) && !has(PART) {
            return Err(CodecError::Field);
        }
        let content_type = has(CONTENT_TYPE).then(|| decoder.text().map(str::to_owned));
        let content_type = content_type.transpose()?;
        let previous = has(PREVIOUS).then(|| decoder.array().map(Version::from_bytes));
        let previous = previous.transpose()?;
        Ok(Self {
            content_type,
            part: has(PART).then_some(CertificatePart { previous }),
        })
    }

    fn room(&self) -> usize {
        24 + self.content_type.as_ref().map_or(0, String::len)
    }
}

impl Encoded for SecretValue {
    fn put(&self, encoder: &mut Encoder) {
        encoder.text(self.expose());
    }

    fn take(decoder: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let text = decoder.text()?;
        Ok(Self::from(Zeroizing::new(text.to_owned())))
    }

    fn room(&self) -> usize {
        4 + self.len()
    }
}

/// The value of a secret: text, as in Azure's API. Wiped when dropped, masked in Debug, without Display and Clone.
pub struct SecretValue(Zeroizing<String>);

impl SecretValue {
    /// Takes the text over; the caller keeps no copy.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. The caller answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the value is the empty text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Zeroizing<String>> for SecretValue {
    fn from(text: Zeroizing<String>) -> Self {
        Self(text)
    }
}

impl PartialEq for SecretValue {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for SecretValue {}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_be_seen_in_debug_output() {
        let shown = format!("{:?}", SecretValue::new("hunter2".into()));
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn fields_have_one_encoding_each_which_begins_as_it_did_before_there_were_certificates() {
        let previous = Some(Version::from_bytes([7; 16]));
        let parts = [
            None,
            Some(CertificatePart { previous: None }),
            Some(CertificatePart { previous }),
        ];
        for (part, flags) in parts.into_iter().zip([0, PART, PART | PREVIOUS]) {
            for (content_type, flag) in [(None, 0), (Some("text".to_owned()), CONTENT_TYPE)] {
                let fields = SecretFields { content_type, part };
                let mut encoder = Encoder::with_capacity(fields.room());
                fields.put(&mut encoder);
                assert!(encoder.as_bytes().len() <= fields.room());
                assert_eq!(encoder.as_bytes()[0], flags | flag);
                let mut decoder = Decoder::new(encoder.as_bytes());
                assert_eq!(SecretFields::take(&mut decoder).unwrap(), fields);
                decoder.finish().unwrap();
            }
        }
        for wrong in [PREVIOUS, PREVIOUS | CONTENT_TYPE, 8, 255] {
            let bytes = [&[wrong][..], &[0; 40]].concat();
            assert_eq!(
                SecretFields::take(&mut Decoder::new(&bytes)),
                Err(CodecError::Field)
            );
        }
    }
}
