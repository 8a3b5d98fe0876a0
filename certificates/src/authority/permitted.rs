//! What people allow an authority to sign. What is not mentioned is refused.

use core::net::IpAddr;
use std::str::FromStr;

use der::asn1::ObjectIdentifier;

use super::{IpRange, NotPermitted};
use crate::{
    alternative_names::{AlternativeNameKind, host_of_uri, is_dns_name},
    name::DistinguishedName,
};

/// What an authority permits. The default permits nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permitted {
    /// DNS names, also as common names of subjects.
    pub dns_suffixes: Vec<DnsSuffix>,
    /// Whether the first label of a DNS name may be `*`.
    pub wildcards: bool,
    /// IP addresses, also as hosts of URIs and as common names.
    pub ip_ranges: Vec<IpRange>,
    /// Domains of e-mail addresses, also of those in subjects.
    pub email_domains: Vec<DnsSuffix>,
    /// Domains of user principal names, with which people log in to Windows.
    pub upn_domains: Vec<DnsSuffix>,
    /// Hosts of URIs. A URI without a host is never permitted.
    pub uri_hosts: Vec<DnsSuffix>,
    /// What subjects end with: `O=Contoso, C=DE` permits `CN=anything, O=Contoso, C=DE`, and an empty one everything.
    pub subjects: Vec<DistinguishedName>,
    /// What certificates are for. Those that do not say are for everything, which is
    /// [`crate::profile::ANY_EXTENDED_KEY_USAGE`].
    pub extended_key_usages: Vec<ObjectIdentifier>,
    /// How long certificates are valid, in seconds, beside the time by which their start is dated back.
    pub longest_validity: i64,
}

impl Permitted {
    pub(super) fn check(&self, kind: AlternativeNameKind, name: &str) -> Result<(), NotPermitted> {
        let is_permitted = match kind {
            AlternativeNameKind::DnsName => {
                let (is_wildcard, domain) = split_wildcard(name);
                if is_wildcard && !self.wildcards {
                    return Err(NotPermitted::Wildcard(name.to_owned()));
                }
                self.dns_suffixes
                    .iter()
                    .any(|suffix| suffix.permits(domain, is_wildcard))
            }
            AlternativeNameKind::IpAddress => self.permits_address(name),
            AlternativeNameKind::Email => permits_domain_of(name, &self.email_domains),
            AlternativeNameKind::Upn => permits_domain_of(name, &self.upn_domains),
            AlternativeNameKind::Uri => host_of_uri(name).is_some_and(|host| {
                self.permits_address(host) || self.uri_hosts.iter().any(|suffix| suffix.permits(host, false))
            }),
        };
        if is_permitted {
            Ok(())
        } else {
            Err(NotPermitted::Name {
                kind,
                name: name.to_owned(),
            })
        }
    }

    pub(super) fn permits_subject(&self, subject: &DistinguishedName) -> bool {
        self.subjects.iter().any(|base| subject.is_within(base))
    }

    fn permits_address(&self, text: &str) -> bool {
        text.parse::<IpAddr>()
            .is_ok_and(|address| self.ip_ranges.iter().any(|range| range.contains(address)))
    }
}

fn permits_domain_of(mailbox: &str, domains: &[DnsSuffix]) -> bool {
    mailbox
        .rsplit_once('@')
        .is_some_and(|(_, domain)| domains.iter().any(|suffix| suffix.permits(domain, false)))
}

/// Whether a DNS name has a wildcard, and the rest of it.
pub(super) fn split_wildcard(name: &str) -> (bool, &str) {
    name.strip_prefix("*.").map_or((false, name), |rest| (true, rest))
}

/// The end of DNS names: `contoso.com` is the end of itself and of every name below; `.contoso.com` of those below
/// alone; `.` of every name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsSuffix {
    /// In lower case, without a dot before it; empty if every name ends so.
    domain: String,
    is_below: bool,
}

/// The text is no end of DNS names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the end of DNS names is a DNS name without a wildcard, perhaps with a dot before it, or a dot alone"
)]
pub struct BadSuffix;

impl DnsSuffix {
    /// Whether a DNS name ends so. Of a wildcard it is the rest that is given, which every name meant is below.
    fn permits(&self, name: &str, is_wildcard: bool) -> bool {
        if !is_dns_name(name) || name.starts_with('*') {
            return false;
        }
        let depth = depth_below(name, &self.domain);
        depth.is_some_and(|depth| depth > 0 || is_wildcard || !self.is_below)
    }
}

impl FromStr for DnsSuffix {
    type Err = BadSuffix;

    fn from_str(text: &str) -> Result<Self, BadSuffix> {
        let (is_below, domain) = text.strip_prefix('.').map_or((false, text), |rest| (true, rest));
        let is_everything = is_below && domain.is_empty();
        let is_domain = is_dns_name(domain) && !domain.starts_with('*');
        if !is_everything && !is_domain {
            return Err(BadSuffix);
        }
        Ok(Self {
            domain: domain.to_ascii_lowercase(),
            is_below,
        })
    }
}

/// How many labels a DNS name has before the domain: 0 if it is the domain, none if it is not within it. Everything is
/// within an empty one.
pub(super) fn depth_below(name: &str, domain: &str) -> Option<usize> {
    let (name, domain) = (name.to_ascii_lowercase(), domain.to_ascii_lowercase());
    if domain.is_empty() {
        return Some(name.split('.').count());
    }
    let rest = name.strip_suffix(&domain)?;
    if rest.is_empty() {
        return Some(0);
    }
    let labels = rest.strip_suffix('.')?;
    Some(labels.split('.').count())
}
