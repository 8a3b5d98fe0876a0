//! Kinds of objects whose content and fields a test can make and compare: secrets, keys, and a kind of the tests' own. That
//! has binary content, other fields than a secret's, a task of its own, and an answer to a set that shows no content.

use std::convert::Infallible;

use strongroom_audit::Event;
use strongroom_core::{ObjectKind, ObjectName, Timestamp};
use strongroom_engine::{
    BadParameter, CryptoKey, KeyFields, KeyMaterial, ObjectError, ObjectLimits, Secret, SecretFields,
    SecretValue,
    crypto_key::{
        release::ReleaseTerms,
        rotation::{RotationRules, Trigger},
    },
    format::{
        codec::{CodecError, Decoder, Encoder},
        encoded::Encoded,
        head::HeadFields,
        task::{Due, Task},
    },
    kinds::EVERY_KIND,
    object::{
        answer::Answer,
        keeper::{KeeperOf, Kinds},
        kind::Kind,
        tasks::Tasks,
        transaction::Transaction,
    },
};
use strongroom_keys::{Curve, KeyOperation, PublicJwk, limits::SEALED};

/// A vault that keeps secrets and objects of the tests' own kind.
pub const BOTH: Kinds = Kinds::new(&[&KeeperOf::<Secret>::NEW, &KeeperOf::<Sealing>::NEW]);

/// The kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealing {}

/// Bytes that are no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Material(pub Vec<u8>);

/// What lists show of a version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shape {
    pub bits: u32,
    pub curve: Option<u8>,
}

/// Which curve an update writes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewCurve(pub Option<u8>);

/// When the server has something to do for the object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan(pub Option<Timestamp>);

impl Encoded for Plan {
    fn put(&self, encoder: &mut Encoder) {
        encoder.option(self.0, |e, at| {
            e.time(at);
        });
    }

    fn take(decoder: &mut Decoder<'_>) -> Result<Self, CodecError> {
        decoder.option(Decoder::time).map(Self)
    }

    fn room(&self) -> usize {
        9
    }
}

impl Encoded for Material {
    fn put(&self, encoder: &mut Encoder) {
        encoder.bytes(&self.0);
    }

    fn take(decoder: &mut Decoder<'_>) -> Result<Self, CodecError> {
        decoder.bytes().map(|bytes| Self(bytes.to_vec()))
    }

    fn room(&self) -> usize {
        4 + self.0.len()
    }
}

impl Encoded for Shape {
    fn put(&self, encoder: &mut Encoder) {
        encoder.u32(self.bits).option(self.curve, |e, curve| {
            e.u8(curve);
        });
    }

    fn take(decoder: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            bits: decoder.u32()?,
            curve: decoder.option(Decoder::u8)?,
        })
    }

    fn room(&self) -> usize {
        6
    }
}

impl Kind for Sealing {
    const KIND: ObjectKind = ObjectKind::Keys;

    type Content = Material;
    type Fields = Shape;
    type Patch = NewCurve;
    type Object = Plan;
    type Amendment = Plan;
    type Own = Infallible;

    fn own_grows(request: &Infallible) -> bool {
        match *request {}
    }

    fn check_content(limits: &ObjectLimits, content: &Material) -> Result<(), BadParameter> {
        if content.0.len() > limits.value_bytes {
            return Err(BadParameter::ValueTooLarge(limits.value_bytes));
        }
        Ok(())
    }

    fn check_fields(_: &ObjectLimits, _: &Shape) -> Result<(), BadParameter> {
        Ok(())
    }

    fn patch(fields: &mut Shape, patch: &NewCurve) {
        fields.curve = patch.0.or(fields.curve);
    }

    fn may_grow(patch: &NewCurve) -> bool {
        patch.0.is_some()
    }

    fn amend(object: &mut Plan, amendment: &Plan, _: Timestamp) {
        object.clone_from(amendment);
    }

    fn answer_to_set(_: &Material) -> Option<Material> {
        None
    }
}

impl Tasks for Sealing {
    fn apply_own(_: &mut Transaction<'_>, request: &Infallible) -> Result<Answer<Self>, ObjectError> {
        match *request {}
    }

    /// A version that expires is looked at when it does; what is planned is the server's.
    fn due_of(head: &HeadFields<Shape, Plan>) -> Vec<Due> {
        let due = |at, number| Due {
            at,
            kind: Self::KIND,
            name: head.name.clone(),
            task: Task::Own(number),
        };
        let looked_at = head.current.expires.map(|at| due(at, 7));
        let planned = head.object.0.map(|at| due(at, 8));
        looked_at.into_iter().chain(planned).collect()
    }

    fn is_the_servers(number: u8) -> bool {
        number == 8
    }

    fn perform(number: u8, _: &mut Transaction<'_>, _: &ObjectName) -> Result<Option<Event>, ObjectError> {
        assert_eq!(number, 7);
        Ok(Some(Event::RollbackAccepted { generation: 7 }))
    }
}

/// A kind whose content and fields a test can make and compare.
pub trait Sample: Tasks<Patch: Default> {
    /// What a vault keeps that has objects of this kind.
    const KINDS: Kinds;

    /// Content that stands for `text`, as far as the kind has room for it.
    fn content(text: &str) -> Self::Content;

    /// The text that content stands for.
    fn text(content: &Self::Content) -> String;

    /// Fields with something in them, or without, of a version whose content stands for `text`.
    fn fields(text: &str, tagged: bool) -> Self::Fields;

    /// What can be said anew of an object, where there is anything: due in more than two years.
    fn amendment(years: u8) -> Option<Self::Amendment>;
}

impl Sample for Sealing {
    const KINDS: Kinds = BOTH;

    fn content(text: &str) -> Material {
        // Not UTF-8, and with zeros.
        Material([&[0xff, 0], text.as_bytes()].concat())
    }

    fn text(content: &Material) -> String {
        String::from_utf8(content.0[2..].to_vec()).unwrap()
    }

    fn fields(_: &str, tagged: bool) -> Shape {
        Shape {
            bits: 2_048,
            curve: tagged.then_some(3),
        }
    }

    fn amendment(years: u8) -> Option<Plan> {
        Some(Plan(Some(Timestamp::from_unix(4_000_000_000 + u64::from(years)))))
    }
}

impl Sample for CryptoKey {
    const KINDS: Kinds = EVERY_KIND;

    fn content(text: &str) -> KeyMaterial {
        let mut bytes = text.as_bytes().to_vec();
        bytes.truncate(SEALED);
        KeyMaterial::new(bytes.into())
    }

    fn text(content: &KeyMaterial) -> String {
        String::from_utf8(content.expose().to_vec()).unwrap()
    }

    /// Versions of about every other text may leave the vault. The terms are no secret, so nothing of the text is in them.
    fn fields(text: &str, tagged: bool) -> KeyFields {
        let is_exportable = text.bytes().next().is_some_and(|first| first % 2 == 1);
        let release = is_exportable.then(|| ReleaseTerms {
            policy: format!(r#"{{"claim":"{}"}}"#, text.len()).into_bytes().into(),
            is_immutable: tagged,
        });
        let operations = if tagged {
            vec![KeyOperation::Sign, KeyOperation::Verify]
        } else {
            Vec::new()
        };
        KeyFields {
            public: PublicJwk::Ec {
                crv: Curve::P256,
                x: [7; 32].into(),
                y: [8; 32].into(),
            },
            operations: operations.into_iter().collect(),
            release,
            is_part: false,
        }
    }

    fn amendment(years: u8) -> Option<RotationRules> {
        let period = format!("P{}Y", 3 + u32::from(years)).parse().unwrap();
        Some(RotationRules {
            rotate: Some(Trigger::AfterCreation(period)),
            ..RotationRules::default()
        })
    }
}

impl Sample for Secret {
    const KINDS: Kinds = EVERY_KIND;

    fn content(text: &str) -> SecretValue {
        SecretValue::new(text.to_owned())
    }

    fn text(content: &SecretValue) -> String {
        content.expose().to_owned()
    }

    fn fields(_: &str, tagged: bool) -> SecretFields {
        SecretFields {
            content_type: tagged.then(|| "text".to_owned()),
            part: None,
        }
    }

    fn amendment(_: u8) -> Option<Infallible> {
        None
    }
}
