//! The members of a body's objects, read one by one, so that an error names the member and what it may be.
//!
//! The parser's own sentences quote what they do not like, which may be a secret. None of them is shown: what is wrong is
//! noted in a [`Fault`], in words of the vault's own.

use std::{cell::Cell, fmt, marker::PhantomData};

use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor},
};
use serde_json::error::Category;
use strongroom_engine::Change;

use super::{BodyError, issuer::IssuerMember};

/// A member of a body that the vault reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Member {
    Value,
    ContentType,
    Attributes,
    Enabled,
    NotBefore,
    Expires,
    Tags,
    /// Bytes that a key works with.
    Bytes,
    Digest,
    Iv,
    Tag,
    Aad,
    /// The context of a signature of ML-DSA.
    Context,
    /// What ML-DSA signs, as its caller computed it.
    ExternalMu,
    Algorithm,
    KeyType,
    KeySize,
    PublicExponent,
    Curve,
    ParameterSet,
    Operations,
    Exportable,
    ReleasePolicy,
    LifetimeActions,
    ExpiryTime,
    Key,
    Hsm,
    /// A key that is encrypted for a hardware security module.
    Wrapped,
    /// The content type of a release policy.
    ReleaseContentType,
    /// A release policy itself.
    ReleaseData,
    ReleaseImmutable,
    /// The attestation of an environment that a key is released to.
    Target,
    Nonce,
    Encryption,
    /// A number of random bytes.
    Count,
    /// The policy of a certificate.
    CertificatePolicy,
    /// The password of a file that is imported.
    Password,
    /// Whether a chain stays in its order.
    PreserveOrder,
    /// Whether an operation is to be cancelled.
    Cancellation,
    /// The certificates of a merge.
    Chain,
    /// The contacts of a vault's certificates.
    Contacts,
    /// Why a certificate is revoked.
    RevocationReason,
    /// A member of an issuer of certificates.
    Issuer(IssuerMember),
    /// A member of a private JWK.
    Jwk(strongroom_keys::Member),
}

impl Member {
    /// Where the member stands in a body.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Value | Self::Bytes => "value",
            Self::ContentType => "contentType",
            Self::Attributes => "attributes",
            Self::Enabled => "attributes.enabled",
            Self::NotBefore => "attributes.nbf",
            Self::Expires => "attributes.exp",
            Self::Tags => "tags",
            Self::Digest => "digest",
            Self::Iv => "iv",
            Self::Tag => "tag",
            Self::Aad => "aad",
            Self::Context => "context",
            Self::ExternalMu => "external_mu",
            Self::Algorithm | Self::ParameterSet => "alg",
            Self::KeyType => "kty",
            Self::KeySize => "key_size",
            Self::PublicExponent => "public_exponent",
            Self::Curve => "crv",
            Self::Operations => "key_ops",
            Self::Exportable => "attributes.exportable",
            Self::ReleasePolicy => "release_policy",
            Self::LifetimeActions => "lifetimeActions",
            Self::ExpiryTime => "attributes.expiryTime",
            Self::Key => "key",
            Self::Hsm => "Hsm",
            Self::Wrapped => "key.key_hsm",
            Self::ReleaseContentType => "release_policy.contentType",
            Self::ReleaseData => "release_policy.data",
            Self::ReleaseImmutable => "release_policy.immutable",
            Self::Target => "target",
            Self::Nonce => "nonce",
            Self::Encryption => "enc",
            Self::Count => "count",
            Self::CertificatePolicy => "policy",
            Self::Password => "pwd",
            Self::PreserveOrder => "preserveCertOrder",
            Self::Cancellation => "cancellation_requested",
            Self::Chain => "x5c",
            Self::Contacts => "contacts",
            Self::RevocationReason => "reason",
            Self::Issuer(member) => member.path(),
            Self::Jwk(member) => member.name(),
        }
    }

    /// What it may be.
    pub(crate) const fn form(self) -> &'static str {
        match self {
            Self::Value => "a string",
            Self::ContentType | Self::Password => "a string or null",
            Self::Attributes => "an object or null",
            Self::Enabled | Self::Exportable | Self::Hsm | Self::ReleaseImmutable | Self::PreserveOrder => {
                "true, false or null"
            }
            Self::NotBefore | Self::Expires => {
                "a whole number of seconds since 1970, from 0 to 253402300799 (the end of the year 9999), or null"
            }
            Self::Tags => "an object of strings, each name once, or null",
            Self::Bytes | Self::Digest | Self::Iv | Self::Tag | Self::Aad | Self::Jwk(_) => {
                "bytes in base64url, or null"
            }
            Self::Context => "empty: a vault signs and verifies with an empty context",
            Self::ExternalMu => "empty: a vault computes it from the value",
            Self::Algorithm => "the name of an algorithm, as ES256 or RSA-OAEP-256",
            Self::ParameterSet => "ML-DSA-44, ML-DSA-65 or ML-DSA-87",
            Self::KeyType => "RSA, EC, oct or AKP; types that end in -HSM need a hardware security module",
            Self::KeySize => "a number of bits, or null",
            Self::PublicExponent => "an odd number from 5 to 8589934591, or null",
            Self::Curve => "P-256, P-384, P-521 or P-256K, or null",
            Self::Operations => {
                "a list of encrypt, decrypt, sign, verify, wrapKey, unwrapKey, import, export, secureWrapKey and secureUnwrapKey, or null"
            }
            Self::LifetimeActions => {
                "a list of at most one Rotate and one Notify, each with a period as trigger: timeAfterCreate or timeBeforeExpiry, of a Notify the latter"
            }
            Self::ExpiryTime => "a period of years, months, weeks or days, as P18M or P90D, or null",
            Self::ReleaseContentType => "application/json; charset=utf-8, or null",
            Self::ReleaseData => "a release policy, which is JSON, in base64url",
            Self::Target => "a JSON Web Token that attests an environment",
            Self::Nonce => "a string of at most 1024 bytes, or null",
            Self::Encryption => "CKM_RSA_AES_KEY_WRAP, RSA_AES_KEY_WRAP_256 or RSA_AES_KEY_WRAP_384, or null",
            Self::Count => "a number from 1 to 128",
            Self::CertificatePolicy => "an object in which no object has a member twice, or null",
            Self::Cancellation => "true or false",
            Self::Chain => "a list of certificates, each in base64",
            Self::Contacts => "a list of objects with the strings email, name and phone",
            Self::RevocationReason => {
                "keyCompromise, cACompromise, affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn or unspecified, or null; certificateHold is none, because nothing takes a hold back"
            }
            Self::Issuer(member) => member.form(),
            Self::ReleasePolicy | Self::Key => "an object",
            Self::Wrapped => "a key that is encrypted for a hardware security module",
        }
    }
}

/// What is wrong with the form of a body, as far as it is known: the first that was noted.
#[derive(Debug, Default)]
pub(super) struct Fault(Cell<Option<BodyError>>);

impl Fault {
    fn note(&self, error: BodyError) {
        self.0.set(self.0.get().or(Some(error)));
    }

    /// What is wrong with a body that `error` refused.
    pub(super) fn of(&self, error: &serde_json::Error) -> BodyError {
        match error.classify() {
            // Nothing below the body itself was read.
            Category::Data => self.0.get().unwrap_or(BodyError::NotAnObject),
            Category::Io | Category::Syntax | Category::Eof => BodyError::Json {
                line: error.line(),
                column: error.column(),
            },
        }
    }
}

/// An object of a body.
pub(crate) trait Members: Default {
    /// Takes the value of the member `name`, or skips it: later versions of the API have members that this vault does
    /// not know.
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error>;
}

/// The value of a member that is to be read.
pub(crate) struct Next<'m, A> {
    map: &'m mut A,
    fault: &'m Fault,
}

impl<'de, A: MapAccess<'de>> Next<'_, A> {
    /// Reads it as that of `member`; null clears.
    pub(crate) fn read<T: Deserialize<'de>>(
        self,
        member: Member,
        place: &mut Change<T>,
    ) -> Result<(), A::Error> {
        self.read_with(member, place, PhantomData::<T>)
    }

    /// Reads it as that of `member`, which is an object of its own; null clears.
    pub(crate) fn read_object<T: Members>(
        self,
        member: Member,
        place: &mut Change<T>,
    ) -> Result<(), A::Error> {
        let fault = self.fault;
        self.read_with(member, place, Object::noting(fault))
    }

    /// Reads it, whatever it is.
    pub(crate) fn skip(self) -> Result<(), A::Error> {
        self.map.next_value::<IgnoredAny>().map(drop)
    }

    fn read_with<S: DeserializeSeed<'de>>(
        self,
        member: Member,
        place: &mut Change<S::Value>,
        seed: S,
    ) -> Result<(), A::Error> {
        if !matches!(place, Change::Keep) {
            self.fault.note(BodyError::Twice(member));
            return Err(A::Error::custom("a member twice"));
        }
        let value = self.map.next_value_seed(Nullable(seed));
        *place = value.inspect_err(|_| self.fault.note(BodyError::Member(member)))?;
        Ok(())
    }
}

/// An object of the type `T`.
pub(super) struct Object<'f, T> {
    fault: &'f Fault,
    members: PhantomData<T>,
}

impl<'f, T> Object<'f, T> {
    pub(super) const fn noting(fault: &'f Fault) -> Self {
        Self {
            fault,
            members: PhantomData,
        }
    }
}

impl<'de, T: Members> DeserializeSeed<'de> for Object<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Members> Visitor<'de> for Object<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut object = T::default();
        while let Some(name) = map.next_key::<String>()? {
            let value = Next {
                map: &mut map,
                fault: self.fault,
            };
            object.take(&name, value)?;
        }
        Ok(object)
    }
}

/// A value that may be null, which clears.
struct Nullable<S>(S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Nullable<S> {
    type Value = Change<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Nullable<S> {
    type Value = Change<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Change::Clear)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Change::Clear)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.0.deserialize(deserializer).map(Change::Set)
    }
}
