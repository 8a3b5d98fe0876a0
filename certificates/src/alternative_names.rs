//! The names of a certificate beside its subject: the extension `subjectAltName` (RFC 5280, 4.2.1.6).

use core::net::IpAddr;

use der::asn1::{Any, Ia5String, ObjectIdentifier};
use x509_cert::ext::pkix::name::{GeneralName, OtherName};

mod read;
mod text;

pub(crate) use self::text::{host_of_uri, is_dns_name, is_uri};

/// The most names of one certificate, of all kinds together.
pub const MOST_NAMES: usize = 200;
/// The most bytes of one name, of whatever kind. DNS names have a smaller limit of their own.
pub const LONGEST_NAME: usize = 2048;

/// 1.3.6.1.4.1.311.20.2.3: a user principal name.
const USER_PRINCIPAL_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.20.2.3");

/// The names by kind. Their texts and order are those of the user; a kind that is absent is told from an empty one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlternativeNames {
    /// `emails`: `rfc822Name`.
    pub emails: Option<Vec<String>>,
    /// `dns_names`: `dNSName`; the first label may be `*`.
    pub dns_names: Option<Vec<String>>,
    /// `upns`: `otherName` of the type 1.3.6.1.4.1.311.20.2.3, user principal names of Windows.
    pub upns: Option<Vec<String>>,
    /// `uris`: `uniformResourceIdentifier`.
    pub uris: Option<Vec<String>>,
    /// `ipAddresses`: `iPAddress`.
    pub ip_addresses: Option<Vec<String>>,
}

/// A kind of alternative names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlternativeNameKind {
    /// An e-mail address.
    Email,
    /// A DNS name.
    DnsName,
    /// A user principal name.
    Upn,
    /// A URI.
    Uri,
    /// An IP address.
    IpAddress,
}

impl AlternativeNameKind {
    /// What a sentence calls it.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Email => "e-mail address",
            Self::DnsName => "DNS name",
            Self::Upn => "user principal name",
            Self::Uri => "URI",
            Self::IpAddress => "IP address",
        }
    }
}

/// Why a certificate cannot have these names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AlternativeNamesError {
    /// There are more than [`MOST_NAMES`].
    #[error("there are {0} alternative names, and at most 200 are allowed")]
    TooMany(usize),
    /// One has more than [`LONGEST_NAME`] bytes.
    #[error("one {} has {length} bytes, and at most 2048 are allowed", .kind.noun())]
    TooLong {
        /// Its kind.
        kind: AlternativeNameKind,
        /// Its bytes.
        length: usize,
    },
    /// One is none of its kind.
    #[error("\"{text}\" is no {}", .kind.noun())]
    Invalid {
        /// Its kind.
        kind: AlternativeNameKind,
        /// What it is.
        text: String,
    },
}

impl AlternativeNames {
    /// Whether there is no name of any kind.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Every name with its kind.
    pub fn iter(&self) -> impl Iterator<Item = (AlternativeNameKind, &str)> {
        [
            (AlternativeNameKind::Email, &self.emails),
            (AlternativeNameKind::DnsName, &self.dns_names),
            (AlternativeNameKind::Upn, &self.upns),
            (AlternativeNameKind::Uri, &self.uris),
            (AlternativeNameKind::IpAddress, &self.ip_addresses),
        ]
        .into_iter()
        .flat_map(|(kind, names)| names.iter().flatten().map(move |name| (kind, name.as_str())))
    }

    /// Checks the bounds, and that every name is one of its kind.
    pub fn check(&self) -> Result<(), AlternativeNamesError> {
        self.to_general_names().map(|_| ())
    }

    /// The names as the extension has them. They are checked as by [`Self::check`].
    pub(crate) fn to_general_names(&self) -> Result<Vec<GeneralName>, AlternativeNamesError> {
        let count = self.iter().count();
        if count > MOST_NAMES {
            return Err(AlternativeNamesError::TooMany(count));
        }
        self.iter().map(|(kind, text)| general_name(kind, text)).collect()
    }

    /// Reads the value of the extension in DER. Names of other kinds are passed over; a kind without a name is absent.
    /// None if it is no such value.
    pub fn from_der(bytes: &[u8]) -> Option<Self> {
        read::names(bytes)
    }
}

fn general_name(kind: AlternativeNameKind, text: &str) -> Result<GeneralName, AlternativeNamesError> {
    let length = text.len();
    if length > LONGEST_NAME {
        return Err(AlternativeNamesError::TooLong { kind, length });
    }
    let name = match kind {
        AlternativeNameKind::Email if text::is_email(text) => {
            Ia5String::new(text).ok().map(GeneralName::Rfc822Name)
        }
        AlternativeNameKind::DnsName if text::is_dns_name(text) => {
            Ia5String::new(text).ok().map(GeneralName::DnsName)
        }
        AlternativeNameKind::Upn if text::is_upn(text) => user_principal_name(text),
        AlternativeNameKind::Uri if text::is_uri(text) => Ia5String::new(text)
            .ok()
            .map(GeneralName::UniformResourceIdentifier),
        AlternativeNameKind::IpAddress => text.parse::<IpAddr>().ok().map(GeneralName::from),
        AlternativeNameKind::Email
        | AlternativeNameKind::DnsName
        | AlternativeNameKind::Upn
        | AlternativeNameKind::Uri => None,
    };
    name.ok_or_else(|| AlternativeNamesError::Invalid {
        kind,
        text: text.to_owned(),
    })
}

fn user_principal_name(text: &str) -> Option<GeneralName> {
    let value = Any::encode_from(&text.to_owned()).ok()?;
    Some(GeneralName::OtherName(OtherName {
        type_id: USER_PRINCIPAL_NAME,
        value,
    }))
}

#[cfg(test)]
mod tests;
