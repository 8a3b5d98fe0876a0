//! The bodies of the operations that make and change keys.

use std::{convert::Infallible, str::FromStr};

use serde::de::MapAccess;
use strongroom_core::{ObjectName, Version};
use strongroom_engine::{AttributesPatch, Change, KeyPatch, Tags, crypto_key::release::ReleaseTerms};
use strongroom_keys::{
    Curve, KeyError, KeyKind, KeyOperations, KeySpec, Member as KeyMember, MlDsaSet, PrivateJwk,
    RequestedKey, UnknownName,
};
use strongroom_wire::octets::Octets;

use super::{
    super::{
        body::{
            AttributesBody, BodyError, Member, Members, Named, Names, Next, TagsBody, attributes, parse,
            replaced_tags, required,
        },
        call::CommandError,
    },
    release::ReleasePolicyBody,
};
use crate::{
    access::{
        Failure,
        keys::{NewKey, Origin},
    },
    keys::release::authority::Authorities,
};

/// What every body that makes or changes a key may hold beside the key itself.
#[derive(Default)]
struct Common {
    attributes: Change<KeyAttributesBody>,
    tags: Change<TagsBody>,
    release_policy: Change<ReleasePolicyBody>,
}

/// What is asked of a new key beside the key itself.
struct Asked {
    attributes: AttributesPatch,
    tags: Tags,
    release: Option<ReleaseTerms>,
}

impl Common {
    /// Takes the value of `name` if it is one of its members; otherwise gives it back.
    fn take<'m, 'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        value: Next<'m, A>,
    ) -> Result<Option<Next<'m, A>>, A::Error> {
        match name {
            "attributes" => value.read_object(Member::Attributes, &mut self.attributes)?,
            "tags" => value.read(Member::Tags, &mut self.tags)?,
            "release_policy" => value.read_object(Member::ReleasePolicy, &mut self.release_policy)?,
            _ => return Ok(Some(value)),
        }
        Ok(None)
    }

    /// Of a new key. One may leave the vault only on terms, and terms are for such a one.
    fn of_new(self, authorities: &Authorities) -> Result<Asked, BodyError> {
        let is_exportable = exportable(&self.attributes).unwrap_or_default();
        let release = match (is_exportable, self.release_policy.given()) {
            (false, None) => None,
            (true, Some(policy)) => Some(policy.into_terms(authorities)?),
            (true, None) => return Err(BodyError::Exportable),
            (false, Some(_)) => return Err(BodyError::ReleasePolicy),
        };
        Ok(Asked {
            attributes: attributes(self.attributes.map(|body| body.common)),
            tags: self.tags.given().unwrap_or_default().0,
            release,
        })
    }
}

fn exportable(attributes: &Change<KeyAttributesBody>) -> Option<bool> {
    match attributes {
        Change::Set(KeyAttributesBody {
            exportable: Change::Set(exportable),
            ..
        }) => Some(*exportable),
        Change::Set(_) | Change::Keep | Change::Clear => None,
    }
}

/// The attributes of a key.
#[derive(Default)]
struct KeyAttributesBody {
    common: AttributesBody,
    exportable: Change<bool>,
}

impl Members for KeyAttributesBody {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "exportable" => value.read(Member::Exportable, &mut self.exportable),
            _ => self.common.take(name, value),
        }
    }
}

/// The body of `CreateKey`.
#[derive(Default)]
pub(super) struct CreateBody {
    kind: Change<Named<KeyKind>>,
    key_size: Change<u32>,
    public_exponent: Change<u64>,
    curve: Change<Named<Curve>>,
    parameter_set: Change<Named<MlDsaSet>>,
    operations: Change<Names>,
    common: Common,
}

impl Members for CreateBody {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "kty" => value.read(Member::KeyType, &mut self.kind),
            "key_size" => value.read(Member::KeySize, &mut self.key_size),
            "public_exponent" => value.read(Member::PublicExponent, &mut self.public_exponent),
            "crv" => value.read(Member::Curve, &mut self.curve),
            "alg" => value.read(Member::ParameterSet, &mut self.parameter_set),
            "key_ops" => value.read(Member::Operations, &mut self.operations),
            _ => match self.common.take(name, value)? {
                Some(unknown) => unknown.skip(),
                None => Ok(()),
            },
        }
    }
}

impl CreateBody {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, BodyError> {
        parse(bytes)
    }

    /// The key that it asks for.
    pub(super) fn into_key(
        self,
        name: ObjectName,
        authorities: &Authorities,
    ) -> Result<NewKey, CommandError> {
        let kind = required(self.kind, Member::KeyType)?.0;
        let requested = RequestedKey {
            key_size: self.key_size.given().map(|bits| bits as usize),
            public_exponent: self.public_exponent.given(),
            curve: self.curve.given().map(|curve| curve.0),
            parameter_set: self.parameter_set.given().map(|set| set.0),
        };
        let operations = operations(self.operations)?;
        let Asked {
            attributes,
            tags,
            release,
        } = self.common.of_new(authorities)?;
        let spec = KeySpec::requested(kind, &requested).map_err(|bad| refused(bad.into()))?;
        Ok(NewKey {
            name,
            origin: Origin::Made(spec),
            operations,
            release,
            attributes,
            tags,
        })
    }
}

/// The body of `ImportKey`.
#[derive(Default)]
pub(super) struct ImportBody {
    key: Change<JwkBody>,
    hsm: Change<bool>,
    common: Common,
}

/// The type of an imported key.
enum ImportedKind {
    Software(KeyKind),
    /// One of those that end in `-HSM`.
    Hsm,
}

impl FromStr for ImportedKind {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        match name.strip_suffix("-HSM") {
            Some(name) => KeyKind::from_str(name).map(|_| Self::Hsm),
            None => name.parse().map(Self::Software),
        }
    }
}

/// The member `alg` of a JWK: a parameter set of ML-DSA. JOSE libraries write it for the other types too (RFC 7517, 4.4),
/// where it says what the key is used with, and here nothing.
struct JwkAlgorithm(Option<MlDsaSet>);

impl FromStr for JwkAlgorithm {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Infallible> {
        Ok(Self(name.parse().ok()))
    }
}

/// A private JWK.
#[derive(Default)]
struct JwkBody {
    kind: Change<Named<ImportedKind>>,
    curve: Change<Named<Curve>>,
    algorithm: Change<Named<JwkAlgorithm>>,
    operations: Change<Names>,
    wrapped: Change<serde::de::IgnoredAny>,
    members: Vec<(KeyMember, Octets)>,
}

/// The members of a JWK that are bytes.
const OCTETS: [KeyMember; 13] = [
    KeyMember::N,
    KeyMember::E,
    KeyMember::D,
    KeyMember::P,
    KeyMember::Q,
    KeyMember::Dp,
    KeyMember::Dq,
    KeyMember::Qi,
    KeyMember::K,
    KeyMember::X,
    KeyMember::Y,
    KeyMember::Pub,
    KeyMember::Priv,
];

impl Members for JwkBody {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "kty" => return value.read(Member::KeyType, &mut self.kind),
            "crv" => return value.read(Member::Curve, &mut self.curve),
            "alg" => return value.read(Member::ParameterSet, &mut self.algorithm),
            "key_ops" => return value.read(Member::Operations, &mut self.operations),
            "key_hsm" => return value.read(Member::Wrapped, &mut self.wrapped),
            _ => {}
        }
        let Some(member) = OCTETS.into_iter().find(|member| member.name() == name) else {
            return value.skip();
        };
        let before = self.members.iter().position(|(known, _)| *known == member);
        // A member twice is refused like any other: the place is not free.
        let mut place = match before {
            Some(index) => Change::Set(self.members.swap_remove(index).1),
            None => Change::Keep,
        };
        value.read(Member::Jwk(member), &mut place)?;
        if let Change::Set(octets) = place {
            self.members.push((member, octets));
        }
        Ok(())
    }
}

impl Members for ImportBody {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "key" => value.read_object(Member::Key, &mut self.key),
            // The clients write it with a capital.
            "Hsm" | "hsm" => value.read(Member::Hsm, &mut self.hsm),
            _ => match self.common.take(name, value)? {
                Some(unknown) => unknown.skip(),
                None => Ok(()),
            },
        }
    }
}

impl ImportBody {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, BodyError> {
        parse(bytes)
    }

    /// The key that it brings.
    pub(super) fn into_key(
        self,
        name: ObjectName,
        authorities: &Authorities,
    ) -> Result<NewKey, CommandError> {
        let key = required(self.key, Member::Key)?;
        if matches!(key.wrapped, Change::Set(_)) || matches!(self.hsm, Change::Set(true)) {
            return Err(BodyError::NoHsm.into());
        }
        let ImportedKind::Software(kind) = required(key.kind, Member::KeyType)?.0 else {
            return Err(BodyError::Member(Member::KeyType).into());
        };
        let mut jwk = PrivateJwk::new(kind);
        jwk.curve = key.curve.given().map(|curve| curve.0);
        if let (KeyKind::Akp, Some(Named(JwkAlgorithm(set)))) = (kind, key.algorithm.given()) {
            jwk.parameter_set = Some(set.ok_or(BodyError::Member(Member::ParameterSet))?);
        }
        for (member, octets) in key.members {
            jwk.set(member, octets.into_bytes());
        }
        let operations = operations(key.operations)?;
        let Asked {
            attributes,
            tags,
            release,
        } = self.common.of_new(authorities)?;
        Ok(NewKey {
            name,
            origin: Origin::Imported(jwk),
            operations,
            release,
            attributes,
            tags,
        })
    }
}

/// The body of `UpdateKey`. What is not there stays.
pub(super) struct UpdateBody {
    pub(super) fields: KeyPatch,
    pub(super) attributes: AttributesPatch,
    pub(super) tags: Option<Tags>,
}

#[derive(Default)]
struct UpdateMembers {
    operations: Change<Names>,
    common: Common,
}

impl Members for UpdateMembers {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "key_ops" => value.read(Member::Operations, &mut self.operations),
            _ => match self.common.take(name, value)? {
                Some(unknown) => unknown.skip(),
                None => Ok(()),
            },
        }
    }
}

impl UpdateBody {
    /// Reads the body of an update of one version, or of the current one where `version` is none.
    pub(super) fn parse(
        bytes: &[u8],
        version: Option<Version>,
        authorities: &Authorities,
    ) -> Result<Self, BodyError> {
        let body: UpdateMembers = parse(bytes)?;
        let Common {
            attributes: given,
            tags,
            release_policy,
        } = body.common;
        let release_policy = release_policy.given();
        if release_policy.is_some() && version.is_some() {
            return Err(BodyError::VersionedReleasePolicy);
        }
        let release = release_policy.map(|policy| policy.into_terms(authorities));
        Ok(Self {
            fields: KeyPatch {
                operations: operations(body.operations)?,
                exportable: exportable(&given),
                release: release.transpose()?,
            },
            attributes: attributes(given.map(|body| body.common)),
            tags: replaced_tags(tags),
        })
    }
}

fn operations(given: Change<Names>) -> Result<Option<KeyOperations>, BodyError> {
    let Some(names) = given.given() else {
        return Ok(None);
    };
    let names = names.0.iter().map(String::as_str);
    let operations = KeyOperations::parse(names).map_err(|_| BodyError::Member(Member::Operations))?;
    Ok(Some(operations))
}

fn refused(error: KeyError) -> CommandError {
    CommandError::Refused(Failure::Key(error))
}
