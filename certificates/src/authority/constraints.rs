//! The name constraints of an authority's certificate (RFC 5280, 4.2.1.10).

use core::net::IpAddr;

use der::{Decode, Encode};
use x509_cert::ext::pkix::{self, constraints::name::GeneralSubtree, name::GeneralName};

use super::{
    IpRange,
    permitted::{depth_below, split_wildcard},
};
use crate::{
    alternative_names::{AlternativeNameKind, host_of_uri},
    name::DistinguishedName,
};

/// What certificates may name: nothing that is excluded, and of each kind that has a permitted subtree only what is in
/// one of these.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameConstraints {
    permitted: Vec<Subtree>,
    excluded: Vec<Subtree>,
}

/// The names below one.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Subtree {
    Email(String),
    Dns(String),
    Uri(String),
    Ip(IpRange),
    Directory(DistinguishedName),
    /// A name of some other type. No user principal name is known to be within or without.
    Other,
}

impl NameConstraints {
    /// Reads the value of the extension. None if it is none, or has what is not understood.
    pub fn from_der(value: &[u8]) -> Option<Self> {
        let read = pkix::NameConstraints::from_der(value).ok()?;
        Some(Self {
            permitted: subtrees(read.permitted_subtrees)?,
            excluded: subtrees(read.excluded_subtrees)?,
        })
    }

    /// Whether a certificate may have the name.
    pub fn permit(&self, kind: AlternativeNameKind, name: &str) -> bool {
        let is_excluded = self.excluded.iter().any(|subtree| subtree.overlaps(kind, name));
        let mut same_kind = self
            .permitted
            .iter()
            .filter(|subtree| subtree.is_of(kind))
            .peekable();
        !is_excluded && (same_kind.peek().is_none() || same_kind.any(|subtree| subtree.holds(kind, name)))
    }

    /// Whether a certificate may have the subject. An empty one is no name.
    pub fn permit_subject(&self, subject: &DistinguishedName) -> bool {
        if subject.is_empty() {
            return true;
        }
        let bases = |subtrees: &[Subtree]| -> Vec<bool> {
            subtrees
                .iter()
                .filter_map(|subtree| subtree.holds_subject(subject))
                .collect()
        };
        let permitted = bases(&self.permitted);
        !bases(&self.excluded).contains(&true) && (permitted.is_empty() || permitted.contains(&true))
    }
}

impl Subtree {
    const fn is_of(&self, kind: AlternativeNameKind) -> bool {
        matches!(
            (self, kind),
            (Self::Email(_), AlternativeNameKind::Email)
                | (Self::Dns(_), AlternativeNameKind::DnsName)
                | (Self::Uri(_), AlternativeNameKind::Uri)
                | (Self::Ip(_), AlternativeNameKind::IpAddress)
                | (Self::Other, AlternativeNameKind::Upn)
        )
    }

    /// Whether everything that the name means is within.
    fn holds(&self, kind: AlternativeNameKind, name: &str) -> bool {
        match self {
            Self::Email(base) if kind == AlternativeNameKind::Email => holds_mailbox(base, name),
            Self::Dns(base) if kind == AlternativeNameKind::DnsName => {
                let (is_wildcard, name) = split_wildcard(name);
                match base.strip_prefix('.') {
                    Some(base) => depth_below(name, base).is_some_and(|depth| depth > 0 || is_wildcard),
                    None => depth_below(name, base).is_some(),
                }
            }
            Self::Uri(base) if kind == AlternativeNameKind::Uri => {
                host_of_uri(name).is_some_and(|host| holds_host(base, host))
            }
            Self::Ip(range) if kind == AlternativeNameKind::IpAddress => name
                .parse::<IpAddr>()
                .is_ok_and(|address| range.contains(address)),
            _ => false,
        }
    }

    /// Whether something that the name means may be within.
    fn overlaps(&self, kind: AlternativeNameKind, name: &str) -> bool {
        match self {
            Self::Other => kind == AlternativeNameKind::Upn,
            // Some take a host for that of everything below it.
            Self::Email(base) if kind == AlternativeNameKind::Email => {
                let host = name.rsplit_once('@').map_or(name, |(_, host)| host);
                self.holds(kind, name) || is_below(base, host)
            }
            // One without the name of a host cannot be compared, and is to be refused (RFC 5280, 4.2.1.10).
            Self::Uri(base) if kind == AlternativeNameKind::Uri => host_of_uri(name)
                .filter(|host| host.parse::<IpAddr>().is_err())
                .is_none_or(|host| holds_host(base, host) || is_below(base, host)),
            Self::Dns(base) if kind == AlternativeNameKind::DnsName => {
                let (is_wildcard, domain) = split_wildcard(name);
                let base = base.strip_prefix('.').unwrap_or(base);
                let means_base = is_wildcard && depth_below(base, domain) == Some(1);
                means_base || self.holds(kind, name)
            }
            _ => self.holds(kind, name),
        }
    }

    /// Whether the subject is within, if this is about subjects.
    fn holds_subject(&self, subject: &DistinguishedName) -> Option<bool> {
        match self {
            Self::Directory(base) => Some(subject.is_within(base)),
            _ => None,
        }
    }
}

/// A constraint is a mailbox, a host, or with a dot before it the hosts below.
fn holds_mailbox(base: &str, mailbox: &str) -> bool {
    let Some((local, host)) = mailbox.rsplit_once('@') else {
        return false;
    };
    match base.rsplit_once('@') {
        Some((base_local, base_host)) => base_local == local && base_host.eq_ignore_ascii_case(host),
        None => holds_host(base, host),
    }
}

/// Whether a host is below another one. None is below a mailbox.
fn is_below(base: &str, host: &str) -> bool {
    !base.is_empty() && depth_below(host, base).is_some_and(|depth| depth > 0)
}

fn holds_host(base: &str, host: &str) -> bool {
    match base.strip_prefix('.') {
        Some(base) => depth_below(host, base).is_some_and(|depth| depth > 0),
        None => base.is_empty() || base.eq_ignore_ascii_case(host),
    }
}

fn subtrees(read: Option<Vec<GeneralSubtree>>) -> Option<Vec<Subtree>> {
    read.unwrap_or_default().iter().map(subtree).collect()
}

/// Subtrees that begin or end at a depth are none in RFC 5280.
fn subtree(read: &GeneralSubtree) -> Option<Subtree> {
    if read.minimum != 0 || read.maximum.is_some() {
        return None;
    }
    match &read.base {
        GeneralName::Rfc822Name(text) => Some(Subtree::Email(text.as_str().to_owned())),
        GeneralName::DnsName(text) => Some(Subtree::Dns(text.as_str().to_owned())),
        GeneralName::UniformResourceIdentifier(text) => Some(Subtree::Uri(text.as_str().to_owned())),
        GeneralName::IpAddress(bytes) => IpRange::from_constraint(bytes.as_bytes()).map(Subtree::Ip),
        GeneralName::DirectoryName(name) => {
            let der = name.to_der().ok()?;
            DistinguishedName::from_der(&der).ok().map(Subtree::Directory)
        }
        GeneralName::OtherName(_) => Some(Subtree::Other),
        GeneralName::EdiPartyName(_) | GeneralName::RegisteredId(_) => None,
    }
}
