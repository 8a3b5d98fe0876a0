//! The caller of the admin API: this installation's operator, by the exact name in its certificate.

use x509_cert::{
    Certificate,
    der::{Decode, oid::ObjectIdentifier},
    ext::pkix::{ExtendedKeyUsage, SubjectAltName, name::GeneralName},
};

/// id-kp-clientAuth (RFC 5280, 4.2.1.12).
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");

/// Why a certificate that the admin CA signed is not the operator's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallerError {
    /// None was shown.
    #[error("no client certificate was shown")]
    Missing,
    /// Not a certificate, or one with an extension twice.
    #[error("the client certificate cannot be read")]
    Unreadable,
    /// Not said to be for client authentication. The chain's verification lets a certificate without any usage pass.
    #[error("the client certificate is not for client authentication")]
    Usage,
    /// Not exactly one URI among its names, as SPIFFE demands (X509-SVID, section 2).
    #[error("the client certificate does not have exactly one URI")]
    Uris,
    /// Another installation's operator, or something else entirely.
    #[error("the client certificate is not this installation's operator's")]
    Name,
}

/// The operator, as its certificate showed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Caller {
    /// When its certificate ends, in seconds since 1970.
    expires: i64,
}

impl Caller {
    /// Reads the certificate `der`, whose chain and times are verified, and compares its one URI with `operator`.
    pub(super) fn check(der: Option<&[u8]>, operator: &str) -> Result<Self, CallerError> {
        let certificate =
            Certificate::from_der(der.ok_or(CallerError::Missing)?).map_err(|_| CallerError::Unreadable)?;
        let fields = certificate.tbs_certificate();
        match fields
            .get_extension::<ExtendedKeyUsage>()
            .map_err(|_| CallerError::Unreadable)?
        {
            Some((_, usage)) if usage.0.contains(&CLIENT_AUTH) => {}
            Some(_) | None => return Err(CallerError::Usage),
        }
        let names = fields
            .get_extension::<SubjectAltName>()
            .map_err(|_| CallerError::Unreadable)?;
        let names = names.map(|(_, names)| names.0).unwrap_or_default();
        let mut uris = names.iter().filter_map(|name| match name {
            GeneralName::UniformResourceIdentifier(uri) => Some(uri.as_str()),
            _ => None,
        });
        match (uris.next(), uris.next()) {
            (Some(uri), None) if uri == operator => Ok(Self {
                expires: i64::try_from(fields.validity().not_after.to_unix_duration().as_secs())
                    .unwrap_or(i64::MAX),
            }),
            (Some(_), None) => Err(CallerError::Name),
            _ => Err(CallerError::Uris),
        }
    }

    /// Whether the certificate is still good: a connection outlives its handshake, not its certificate.
    pub(super) const fn is_valid(self, now: i64) -> bool {
        now <= self.expires
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, SanType};

    const OPERATOR: &str = "spiffe://strongroom.dev/7f1c/operator";

    fn check(uris: &[&str], usages: &[ExtendedKeyUsagePurpose]) -> Result<Caller, CallerError> {
        let mut params = CertificateParams::new(["vault.team-a.svc".to_owned()]).unwrap();
        params
            .subject_alt_names
            .extend(uris.iter().map(|uri| SanType::URI((*uri).try_into().unwrap())));
        params.extended_key_usages = usages.to_vec();
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        Caller::check(Some(certificate.der()), OPERATOR)
    }

    #[test]
    fn the_operators_certificate_is_the_callers() {
        let caller = check(&[OPERATOR], &[ExtendedKeyUsagePurpose::ClientAuth]).unwrap();
        assert!(
            caller.is_valid(0) && caller.is_valid(caller.expires) && !caller.is_valid(caller.expires + 1)
        );
    }

    #[test]
    fn any_other_uri_is_refused() {
        let client = [ExtendedKeyUsagePurpose::ClientAuth];
        for uri in [
            "spiffe://strongroom.dev/7f1d/operator",
            "spiffe://strongroom.dev/7f1c/operator/",
            "spiffe://strongroom.dev/7f1c/Operator",
            "spiffe://strongroom.dev/7f1c",
        ] {
            assert_eq!(check(&[uri], &client), Err(CallerError::Name), "{uri}");
        }
        assert_eq!(check(&[], &client), Err(CallerError::Uris));
        assert_eq!(check(&[OPERATOR, OPERATOR], &client), Err(CallerError::Uris));
        assert_eq!(
            check(&[OPERATOR, "spiffe://other/x"], &client),
            Err(CallerError::Uris)
        );
    }

    #[test]
    fn a_certificate_must_say_that_it_is_for_clients() {
        assert_eq!(check(&[OPERATOR], &[]), Err(CallerError::Usage));
        assert_eq!(
            check(&[OPERATOR], &[ExtendedKeyUsagePurpose::ServerAuth]),
            Err(CallerError::Usage)
        );
    }

    #[test]
    fn nothing_and_nonsense_are_refused() {
        assert_eq!(Caller::check(None, OPERATOR), Err(CallerError::Missing));
        assert_eq!(Caller::check(Some(b"x"), OPERATOR), Err(CallerError::Unreadable));
    }
}
