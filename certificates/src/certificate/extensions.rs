//! The extensions of a certificate that a vault reads (RFC 5280, 4.2). Others are passed over, critical ones too.

use std::collections::BTreeSet;

use der::{
    Class, Decode, Tag, Tagged,
    asn1::{Any, ObjectIdentifier, OctetString},
};

use x509_cert::ext::pkix::{
    CrlDistributionPoints,
    name::{DistributionPointName, GeneralName},
};

use super::CertificateError;
use crate::{
    alternative_names::AlternativeNames,
    profile::{
        ALTERNATIVE_NAME, AUTHORITY_KEY_IDENTIFIER, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE, KEY_USAGE,
        REVOCATION_LISTS, SUBJECT_KEY_IDENTIFIER,
    },
    usage::KeyUsages,
};

const NAME_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.30");

/// What the extensions say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Extensions {
    pub(super) key_usages: Option<KeyUsages>,
    pub(super) extended_key_usages: Option<Vec<ObjectIdentifier>>,
    pub(super) alternative_names: Option<AlternativeNames>,
    pub(super) is_authority: bool,
    pub(super) subject_key_identifier: Option<Vec<u8>>,
    pub(super) authority_key_identifier: Option<Vec<u8>>,
    /// The value in DER.
    pub(super) name_constraints: Option<Vec<u8>>,
    /// The value in DER. It may be malformed: nothing but [`Self::revocation_list_urls`] reads it.
    revocation_lists: Option<Vec<u8>>,
}

impl Extensions {
    /// Reads extensions, each a sequence of its identifier, whether it is critical, and its value.
    pub(super) fn read(extensions: Vec<Vec<Any>>) -> Result<Self, CertificateError> {
        let mut read = Self::default();
        let mut seen = BTreeSet::new();
        for extension in extensions {
            let (Some(identifier), Some(value)) = (extension.first(), extension.last()) else {
                return Err(CertificateError::Malformed);
            };
            let identifier: ObjectIdentifier =
                identifier.decode_as().map_err(|_| CertificateError::Malformed)?;
            let is_read = value.tag() == Tag::OctetString && read.add(identifier, value.value()).is_some();
            if !is_read || !seen.insert(identifier) {
                return Err(CertificateError::Extension(identifier));
            }
        }
        Ok(read)
    }

    /// Adds one; none if its value is malformed.
    fn add(&mut self, identifier: ObjectIdentifier, value: &[u8]) -> Option<()> {
        match identifier {
            KEY_USAGE => self.key_usages = Some(KeyUsages::from_der(value)?),
            EXTENDED_KEY_USAGE => self.extended_key_usages = Some(Vec::from_der(value).ok()?),
            ALTERNATIVE_NAME => self.alternative_names = Some(AlternativeNames::from_der(value)?),
            BASIC_CONSTRAINTS => self.is_authority = is_authority(value)?,
            SUBJECT_KEY_IDENTIFIER => {
                self.subject_key_identifier = Some(OctetString::from_der(value).ok()?.into_bytes().into());
            }
            AUTHORITY_KEY_IDENTIFIER => {
                self.authority_key_identifier = key_identifier(&Vec::from_der(value).ok()?);
            }
            NAME_CONSTRAINTS => self.name_constraints = Some(value.to_vec()),
            REVOCATION_LISTS => self.revocation_lists = Some(value.to_vec()),
            _ => {}
        }
        Some(())
    }

    /// The URLs that are said to have a list of revoked certificates. Points that name no URL are passed over.
    pub(super) fn revocation_list_urls(&self) -> Vec<String> {
        let points = self.revocation_lists.as_deref();
        let points = points.and_then(|value| CrlDistributionPoints::from_der(value).ok());
        let points = points.map(|points| points.0).unwrap_or_default();
        let names = points
            .into_iter()
            .filter_map(|point| match point.distribution_point {
                Some(DistributionPointName::FullName(names)) => Some(names),
                Some(DistributionPointName::NameRelativeToCRLIssuer(_)) | None => None,
            });
        let urls = names.flatten().filter_map(|name| match name {
            GeneralName::UniformResourceIdentifier(url) => Some(url.as_str().to_owned()),
            _ => None,
        });
        urls.collect()
    }
}

/// `cA` of the basic constraints. Any byte but zero is true, as in BER.
fn is_authority(value: &[u8]) -> Option<bool> {
    let members = Vec::<Any>::from_der(value).ok()?;
    let first = members.first().filter(|member| member.tag() == Tag::Boolean);
    Some(first.is_some_and(|first| first.value().iter().any(|byte| *byte != 0)))
}

/// `keyIdentifier` among the members of the authority key identifier.
fn key_identifier(members: &[Any]) -> Option<Vec<u8>> {
    let is_first = |member: &&Any| {
        let tag = member.tag();
        tag.class() == Class::ContextSpecific && tag.number().value() == 0
    };
    members
        .iter()
        .find(is_first)
        .map(|member| member.value().to_vec())
}
