//! What an issuer of the provider `Strongroom` signs with, and what it permits: the member `strongroom` of an issuer, which
//! Azure has not. What it does not mention is refused.

use std::str::FromStr;

use jiff::{Span, SpanRelativeTo};
use serde::{Deserialize, Serialize};
use strongroom_certificates::{
    authority::Permitted, name::DistinguishedName, policy::LONGEST_VALIDITY, time::months_after,
};
use strongroom_core::ObjectName;

/// What an authority signs with and permits, as it is sent, stored and answered. A member that is not known is refused: it
/// could be meant as a restriction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthorityTerms {
    /// The certificate of the vault whose key signs.
    certificate: String,
    /// Ends of DNS names: `contoso.com` permits itself and every name below, `.contoso.com` those below, `.` every name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    dns_suffixes: Vec<String>,
    /// Whether the first label of a DNS name may be `*`.
    #[serde(default)]
    wildcards: bool,
    /// Ranges of IP addresses, such as `10.0.0.0/8`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ip_ranges: Vec<String>,
    /// Ends of the domains of e-mail addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    email_domains: Vec<String>,
    /// Ends of the domains of user principal names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    upn_domains: Vec<String>,
    /// Ends of the hosts of URIs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    uri_hosts: Vec<String>,
    /// What subjects end with; an empty text permits every subject.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    subjects: Vec<String>,
    /// Extended key usages, as object identifiers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ekus: Vec<String>,
    /// How many calendar months a certificate is valid at most. A policy that asks for more is refused.
    max_validity_months: u32,
    /// How long a certificate lives, as `PT10M` or `P7D`, where the policy asks for longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lifetime: Option<String>,
}

/// The shortest life that an authority gives, in seconds: the vault looks every few seconds for what is to be renewed.
const SHORTEST_LIFE: i64 = 60;

/// A member is not what it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The member strongroom.{member} must be {form}.")]
pub struct TermsError {
    member: &'static str,
    form: &'static str,
}

impl TermsError {
    /// The ends of DNS names.
    pub const DNS_SUFFIXES: Self = Self {
        member: "dnsSuffixes",
        form: SUFFIXES,
    };
}

/// What a suffix may be.
const SUFFIXES: &str = "a list of DNS names, each perhaps with a dot before it, or of a dot alone";

impl AuthorityTerms {
    /// The certificate whose key signs.
    ///
    /// # Errors
    /// It has a name that no object has.
    pub fn certificate(&self) -> Result<ObjectName, TermsError> {
        let form = "the name of a certificate of this vault";
        self.certificate.parse().map_err(|_| TermsError {
            member: "certificate",
            form,
        })
    }

    /// Checks that every member is what it may be.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check(&self) -> Result<(), TermsError> {
        self.certificate()?;
        self.lifetime()?;
        self.permitted(0).map(drop)
    }

    /// How many seconds a certificate lives at most, whatever longer time its policy asks for: none where that decides.
    ///
    /// # Errors
    /// It is no period of at least a minute.
    pub fn lifetime(&self) -> Result<Option<i64>, TermsError> {
        let form = "a period of at least a minute, such as PT10M or P7D";
        let seconds = self.lifetime.as_deref().map(|text| {
            let seconds = seconds_of(text).filter(|seconds| *seconds >= SHORTEST_LIFE);
            seconds.ok_or(TermsError {
                member: "lifetime",
                form,
            })
        });
        seconds.transpose()
    }

    /// What it permits of certificates that are issued at `now`, in seconds since 1970.
    ///
    /// # Errors
    /// The first member that is not what it may be.
    pub fn permitted(&self, now: i64) -> Result<Permitted, TermsError> {
        if !(1..=LONGEST_VALIDITY).contains(&self.max_validity_months) {
            return Err(TermsError {
                member: "maxValidityMonths",
                form: "a number from 1 to 1200",
            });
        }
        let subjects = self.subjects.iter().map(|text| DistinguishedName::parse(text));
        let subjects = subjects.collect::<Result<_, _>>().map_err(|_| TermsError {
            member: "subjects",
            form: "a list of X.500 names, such as O=Contoso, C=DE",
        });
        Ok(Permitted {
            dns_suffixes: parsed(&self.dns_suffixes, "dnsSuffixes", SUFFIXES)?,
            wildcards: self.wildcards,
            ip_ranges: parsed(
                &self.ip_ranges,
                "ipRanges",
                "a list of ranges, such as 10.0.0.0/8",
            )?,
            email_domains: parsed(&self.email_domains, "emailDomains", SUFFIXES)?,
            upn_domains: parsed(&self.upn_domains, "upnDomains", SUFFIXES)?,
            uri_hosts: parsed(&self.uri_hosts, "uriHosts", SUFFIXES)?,
            subjects: subjects?,
            extended_key_usages: parsed(&self.ekus, "ekus", "a list of object identifiers")?,
            longest_validity: months_after(now, self.max_validity_months).saturating_sub(now),
        })
    }
}

/// The seconds of a period of ISO 8601; a day has 24 hours. Months have no length of their own.
fn seconds_of(text: &str) -> Option<i64> {
    // The library reads `10 minutes`, too.
    let span: Span = text.starts_with('P').then(|| text.parse().ok()).flatten()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Some(duration.as_secs())
}

fn parsed<T: FromStr>(
    texts: &[String],
    member: &'static str,
    form: &'static str,
) -> Result<Vec<T>, TermsError> {
    let parsed = texts.iter().map(|text| text.parse());
    parsed
        .collect::<Result<_, _>>()
        .map_err(|_| TermsError { member, form })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn terms(change: impl FnOnce(&mut Value)) -> AuthorityTerms {
        let mut json = json!({"certificate": "ca", "maxValidityMonths": 12});
        change(&mut json);
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn terms_that_mention_nothing_permit_nothing() {
        let permitted = terms(|_| ()).permitted(0).unwrap();
        let nothing = Permitted {
            longest_validity: 365 * 86_400,
            ..Permitted::default()
        };
        assert_eq!(permitted, nothing);
    }

    #[test]
    fn a_lifetime_is_a_period_of_fixed_length() {
        for (text, seconds) in [("PT1M", 60), ("PT2H30M", 9_000), ("P7D", 604_800)] {
            let terms = terms(|json| json["lifetime"] = json!(text));
            assert_eq!(terms.lifetime(), Ok(Some(seconds)), "{text}");
        }
        assert_eq!(terms(|_| ()).lifetime(), Ok(None));
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        // The year from 1 January 2024 has 366 days.
        let permitted = terms(|_| ()).permitted(1_704_067_200).unwrap();
        assert_eq!(permitted.longest_validity, 366 * 86_400);
    }

    #[test]
    fn a_member_that_is_not_what_it_may_be_is_named() {
        for (member, value) in [
            ("certificate", json!("no name")),
            ("dnsSuffixes", json!(["*.contoso.example"])),
            ("ipRanges", json!(["10.0.0.1/8"])),
            ("emailDomains", json!(["a@b.example"])),
            ("upnDomains", json!([""])),
            ("uriHosts", json!(["https://contoso.example"])),
            ("subjects", json!(["Contoso"])),
            ("ekus", json!(["serverAuth"])),
            ("maxValidityMonths", json!(0)),
            ("maxValidityMonths", json!(1201)),
            ("lifetime", json!("PT59S")),
            ("lifetime", json!("-P1D")),
            ("lifetime", json!("P1M")),
            ("lifetime", json!("10 minutes")),
            ("lifetime", json!("")),
        ] {
            let error = terms(|json| json[member] = value.clone()).check().unwrap_err();
            assert_eq!(error.member, member, "{value}");
        }
        let unknown = json!({"certificate": "ca", "maxValidityMonths": 12, "dnsNames": []});
        assert!(serde_json::from_value::<AuthorityTerms>(unknown).is_err());
    }
}
