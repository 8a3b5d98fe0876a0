//! Cryptographic keys: their private part never leaves the vault, and what describes them is their public part.

pub mod period;
pub mod release;
pub mod rotation;

use std::{convert::Infallible, fmt};

use strongroom_audit::Event;
use strongroom_core::{ObjectKind, ObjectName, Timestamp};
use strongroom_keys::{Curve, KeyOperation, KeyOperations, MlDsaSet, OctSize, PublicJwk};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use self::{
    period::Period,
    release::ReleaseTerms,
    rotation::{KeyObject, RotationPolicy, RotationRules, Trigger},
};
use crate::{
    format::{
        codec::{CodecError, Decoder, Encoder},
        encoded::Encoded,
        task::Due,
    },
    object::{
        answer, error, expiry, kind::Kind, limits::ObjectLimits, request, tasks::Tasks,
        transaction::Transaction, view::HeadFieldsOf,
    },
};

/// A version of a key.
pub type KeyBundle = answer::Bundle<CryptoKey>;

/// A change of a key.
pub type KeyWriteRequest = request::WriteRequest<CryptoKey>;

/// The kind of cryptographic keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CryptoKey {}

impl Kind for CryptoKey {
    const KIND: ObjectKind = ObjectKind::Keys;
    // As the real service: only what uses the private part is refused.
    const READ_WHEN_DISABLED: bool = true;
    const SHOWS_CONTENT: bool = false;

    type Content = KeyMaterial;
    type Fields = KeyFields;
    type Patch = KeyPatch;
    type Object = KeyObject;
    type Amendment = RotationRules;
    type Own = Infallible;

    fn is_managed(fields: &KeyFields) -> bool {
        fields.is_part
    }

    fn own_grows(request: &Infallible) -> bool {
        match *request {}
    }

    fn check_content(_: &ObjectLimits, material: &KeyMaterial) -> Result<(), error::BadParameter> {
        // A provider made it, and its forms are bounded.
        if material.expose().len() > strongroom_keys::limits::SEALED {
            return Err(error::BadParameter::ValueTooLarge(
                strongroom_keys::limits::SEALED,
            ));
        }
        Ok(())
    }

    fn check_fields(_: &ObjectLimits, _: &KeyFields) -> Result<(), error::BadParameter> {
        Ok(())
    }

    fn check_patch(fields: &KeyFields, patch: &KeyPatch) -> Result<(), error::BadParameter> {
        if patch
            .exportable
            .is_some_and(|given| given != fields.release.is_some())
        {
            return Err(error::BadParameter::ExportableChange);
        }
        match (&patch.release, &fields.release) {
            (Some(_), None) => Err(error::BadParameter::NotExportable),
            (Some(_), Some(before)) if before.is_immutable => {
                Err(error::BadParameter::ImmutableReleasePolicy)
            }
            (None, _) | (Some(_), Some(_)) => Ok(()),
        }
    }

    fn patch(fields: &mut KeyFields, patch: &KeyPatch) {
        if let Some(operations) = &patch.operations {
            fields.operations.clone_from(operations);
        }
        if let Some(terms) = &patch.release {
            fields.release = Some(terms.clone());
        }
    }

    fn may_grow(patch: &KeyPatch) -> bool {
        let operations = patch.operations.as_ref();
        patch.release.is_some() || operations.is_some_and(|operations| !operations.as_slice().is_empty())
    }

    fn amend(object: &mut KeyObject, rules: &RotationRules, now: Timestamp) {
        let created = object.rotation.as_ref().map_or(now, |before| before.created);
        object.rotation = Some(RotationPolicy {
            rules: rules.clone(),
            created,
            updated: now,
        });
    }

    fn answer_to_set(_: &KeyMaterial) -> Option<KeyMaterial> {
        None
    }
}

/// The server makes a new version, as the rotation policy says.
pub const ROTATE: u8 = 1;

impl Tasks for CryptoKey {
    fn apply_own(
        _: &mut Transaction<'_>,
        request: &Infallible,
    ) -> Result<answer::Answer<Self>, error::ObjectError> {
        match *request {}
    }

    fn due_of(head: &HeadFieldsOf<Self>) -> Vec<Due> {
        let (rules, current) = (head.object.rules(), &head.current);
        let before_expiry = |period: &Period| current.expires.and_then(|end| period.before(end));
        let rotate = rules.rotate.as_ref().and_then(|trigger| match trigger {
            Trigger::AfterCreation(period) => period.after(current.created),
            Trigger::BeforeExpiry(period) => before_expiry(period),
        });
        let rotate = expiry::own::<Self>(head, ROTATE, rotate);
        let end = expiry::due_of::<Self>(head, before_expiry(&rules.notify));
        rotate.into_iter().chain(end).collect()
    }

    fn is_the_servers(number: u8) -> bool {
        number == ROTATE
    }

    fn perform(
        number: u8,
        transaction: &mut Transaction<'_>,
        name: &ObjectName,
    ) -> Result<Option<Event>, error::ObjectError> {
        expiry::perform::<Self>(number, transaction, name)
    }
}

/// What a key notes about a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFields {
    /// The public part.
    pub public: PublicJwk,
    /// What the key may be used for.
    pub operations: KeyOperations,
    /// On what terms it may leave the vault; none where it never does.
    pub release: Option<ReleaseTerms>,
    /// Whether it is the key of a certificate.
    pub is_part: bool,
}

/// Which fields of a version an update changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyPatch {
    /// What the key may be used for from now on; none where that stays.
    pub operations: Option<KeyOperations>,
    /// What it is said to be: it cannot become exportable, or cease to be.
    pub exportable: Option<bool>,
    /// On what terms it may leave the vault from now on; none where they stay.
    pub release: Option<ReleaseTerms>,
}

/// The kinds of public key, as they are stored.
const RSA: u8 = 1;
const EC: u8 = 2;
const OCT: u8 = 3;
const AKP: u8 = 4;

/// What is added to the kind of one that is exportable: its terms follow. A program that does not know them refuses it.
const EXPORTABLE: u8 = 0x80;

/// What is added to the kind of one that is the key of a certificate.
const PART: u8 = 0x40;

impl Encoded for KeyFields {
    fn put(&self, encoder: &mut Encoder) {
        let exportable = if self.release.is_some() { EXPORTABLE } else { 0 };
        let flag = exportable | if self.is_part { PART } else { 0 };
        match &self.public {
            PublicJwk::Rsa { n, e } => encoder.u8(RSA | flag).bytes(n).bytes(e),
            PublicJwk::Ec { crv, x, y } => encoder.u8(EC | flag).text(crv.name()).bytes(x).bytes(y),
            PublicJwk::Oct(size) => encoder
                .u8(OCT | flag)
                .u16(u16::try_from(size.bits()).unwrap_or_default()),
            PublicJwk::Akp { alg, public } => encoder.u8(AKP | flag).text(alg.name()).bytes(public),
        };
        let operations = self.operations.as_slice();
        encoder.u8(u8::try_from(operations.len()).unwrap_or(u8::MAX));
        for operation in operations {
            encoder.text(operation.name());
        }
        if let Some(terms) = &self.release {
            terms.put(encoder);
        }
    }

    fn take(decoder: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let kind = decoder.u8()?;
        let public = match kind & !(EXPORTABLE | PART) {
            RSA => PublicJwk::Rsa {
                n: decoder.bytes()?.into(),
                e: decoder.bytes()?.into(),
            },
            EC => PublicJwk::Ec {
                crv: named::<Curve>(decoder)?,
                x: decoder.bytes()?.into(),
                y: decoder.bytes()?.into(),
            },
            OCT => {
                let size = OctSize::from_bits(usize::from(decoder.u16()?));
                PublicJwk::Oct(size.ok_or(CodecError::Field)?)
            }
            AKP => PublicJwk::Akp {
                alg: named::<MlDsaSet>(decoder)?,
                public: decoder.bytes()?.into(),
            },
            _ => return Err(CodecError::Field),
        };
        let count = usize::from(decoder.u8()?);
        let mut operations = Vec::new();
        for _ in 0..count {
            operations.push(named::<KeyOperation>(decoder)?);
        }
        let operations: KeyOperations = operations.into_iter().collect();
        // One that is there twice would have a second encoding.
        if operations.as_slice().len() != count {
            return Err(CodecError::Field);
        }
        let is_exportable = kind & EXPORTABLE != 0;
        let release = is_exportable.then(|| ReleaseTerms::take(decoder)).transpose()?;
        Ok(Self {
            public,
            operations,
            release,
            is_part: kind & PART != 0,
        })
    }

    fn room(&self) -> usize {
        let public = match &self.public {
            PublicJwk::Rsa { n, e } => n.len() + e.len(),
            PublicJwk::Ec { x, y, .. } => x.len() + y.len(),
            PublicJwk::Oct(_) => 0,
            PublicJwk::Akp { public, .. } => public.len(),
        };
        let release = self.release.as_ref().map_or(0, ReleaseTerms::room);
        32 + public + 24 * self.operations.as_slice().len() + release
    }
}

fn named<T: std::str::FromStr>(decoder: &mut Decoder<'_>) -> Result<T, CodecError> {
    decoder.text()?.parse().map_err(|_| CodecError::Field)
}

/// The private part of a key in the form that its provider reads. Wiped when dropped, masked in Debug, without Display
/// and Clone.
pub struct KeyMaterial(Zeroizing<Vec<u8>>);

impl KeyMaterial {
    /// Takes over what a provider made.
    pub const fn new(sealed: Zeroizing<Vec<u8>>) -> Self {
        Self(sealed)
    }

    /// The bytes themselves, for the provider.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl Encoded for KeyMaterial {
    fn put(&self, encoder: &mut Encoder) {
        encoder.bytes(&self.0);
    }

    fn take(decoder: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Ok(Self(Zeroizing::new(decoder.bytes()?.to_vec())))
    }

    fn room(&self) -> usize {
        4 + self.0.len()
    }
}

impl PartialEq for KeyMaterial {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for KeyMaterial {}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyMaterial(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::error::BadParameter;

    fn fields(public: PublicJwk) -> KeyFields {
        KeyFields {
            operations: KeyOperations::defaults(public.kind()),
            public,
            release: None,
            is_part: false,
        }
    }

    fn encoded(fields: &KeyFields) -> Vec<u8> {
        let mut encoder = Encoder::with_capacity(fields.room());
        fields.put(&mut encoder);
        assert!(encoder.as_bytes().len() <= fields.room());
        encoder.into_bytes()
    }

    #[test]
    fn every_kind_of_public_part_is_read_as_it_was_written() {
        let bytes = |length| vec![7; length].into_boxed_slice();
        for public in [
            PublicJwk::Rsa {
                n: bytes(512),
                e: bytes(3),
            },
            PublicJwk::Ec {
                crv: Curve::P256K,
                x: bytes(32),
                y: bytes(32),
            },
            PublicJwk::Oct(OctSize::Bits192),
            PublicJwk::Akp {
                alg: MlDsaSet::MlDsa87,
                public: bytes(2592),
            },
        ] {
            let fields = fields(public);
            let bytes = encoded(&fields);
            let mut decoder = Decoder::new(&bytes);
            assert_eq!(KeyFields::take(&mut decoder).unwrap(), fields);
            decoder.finish().unwrap();
        }
    }

    #[test]
    fn the_terms_of_an_exportable_key_are_read_as_they_were_written() {
        for is_immutable in [false, true] {
            let mut fields = fields(PublicJwk::Oct(OctSize::Bits256));
            fields.release = Some(ReleaseTerms {
                policy: b"{}".as_slice().into(),
                is_immutable,
            });
            let bytes = encoded(&fields);
            let mut decoder = Decoder::new(&bytes);
            assert_eq!(KeyFields::take(&mut decoder).unwrap(), fields);
            decoder.finish().unwrap();
        }
    }

    #[test]
    fn what_is_said_of_leaving_the_vault_must_fit_what_the_key_is() {
        let terms = |is_immutable| ReleaseTerms {
            policy: b"{}".as_slice().into(),
            is_immutable,
        };
        let (kept, open, immutable) = (None, Some(terms(false)), Some(terms(true)));
        let said = |exportable, release: Option<ReleaseTerms>| KeyPatch {
            exportable,
            release,
            ..KeyPatch::default()
        };
        for (before, patch, expected) in [
            (&kept, said(None, None), Ok(())),
            (&kept, said(Some(false), None), Ok(())),
            (&open, said(Some(true), None), Ok(())),
            (&open, said(None, immutable.clone()), Ok(())),
            (&kept, said(Some(true), None), Err(BadParameter::ExportableChange)),
            (
                &open,
                said(Some(false), None),
                Err(BadParameter::ExportableChange),
            ),
            (&kept, said(None, open.clone()), Err(BadParameter::NotExportable)),
            (
                &immutable,
                said(None, immutable.clone()),
                Err(BadParameter::ImmutableReleasePolicy),
            ),
        ] {
            let mut fields = fields(PublicJwk::Oct(OctSize::Bits256));
            fields.release.clone_from(before);
            assert_eq!(
                CryptoKey::check_patch(&fields, &patch),
                expected,
                "{before:?} {patch:?}"
            );
        }
    }

    #[test]
    fn an_operation_that_is_stored_twice_is_refused() {
        let mut fields = fields(PublicJwk::Oct(OctSize::Bits128));
        fields.operations = [KeyOperation::Sign].into_iter().collect();
        let mut bytes = encoded(&fields);
        let operation = bytes.split_off(bytes.len() - 8);
        assert_eq!(&operation[4..], b"sign");
        *bytes.last_mut().unwrap() = 2;
        bytes.extend_from_slice(&operation);
        bytes.extend_from_slice(&operation);
        let taken = KeyFields::take(&mut Decoder::new(&bytes));
        assert_eq!(taken.unwrap_err(), CodecError::Field);
    }

    #[test]
    fn material_cannot_be_seen_in_debug_output() {
        let material = KeyMaterial::new(Zeroizing::new(b"hunter2".to_vec()));
        assert!(!format!("{material:?}").contains("hunter"));
    }
}
