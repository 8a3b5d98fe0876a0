//! A revocation: the authority that signed a certificate is found, and the certificate is put on its list.

use strongroom_certificates::{certificate::Certificate as Parsed, revocation::RevocationReason};
use strongroom_core::{ObjectName, Timestamp, Version};
use strongroom_engine::{ObjectError, Objects};
use strongroom_keys::KeyProvider;
use zeroize::Zeroizing;

use super::{
    error::{CertificateError, CertificateFailure},
    revocation_list::keeps_a_list,
    revoked::{AuthorityVersion, Revocation, RevokeError, RevokedCertificates, ToRevoke},
    signer, timestamp,
};

/// What is asked to be revoked.
#[derive(Debug, Clone)]
pub struct Revoke {
    /// The certificate.
    pub name: ObjectName,
    /// The version. A revocation is for good, so it is never meant by "the latest".
    pub version: Version,
    /// Why.
    pub reason: RevocationReason,
}

/// What becomes of that.
#[derive(Debug)]
pub struct Revoking {
    /// Whose list it is on.
    pub authority: AuthorityVersion,
    /// What the list says of it.
    pub revocation: Revocation,
    /// The record that is to be stored, by its name; none where it was revoked before.
    pub record: Option<(String, Zeroizing<Vec<u8>>)>,
}

/// What becomes of `asked` at `now`, in the vault at `vault`. It may take as long as a key of RSA is opened.
///
/// The certificate itself says which list it is on. Since anybody may import one that says anything, the authority must have
/// signed it.
///
/// # Errors
/// No authority of this vault signed the certificate, its list is full, there is no such certificate, or the store cannot be
/// read.
pub fn revoke(
    objects: &Objects,
    provider: &dyn KeyProvider,
    vault: &str,
    asked: &Revoke,
    now: Timestamp,
) -> Result<Revoking, CertificateFailure> {
    let Revoke {
        name,
        version,
        reason,
    } = asked;
    let certificate = signer::version_of(objects, name, version)?;
    let certificate = certificate.ok_or_else(|| refused(RevokeError::NotIssued))?;
    let authority = authority_of(objects, provider, vault, &certificate)?;
    let mut revoked = RevokedCertificates::read(objects, &authority)?.unwrap_or_default();
    if let Some(revocation) = revoked.find(certificate.serial())? {
        return Ok(Revoking {
            authority,
            revocation,
            record: None,
        });
    }
    let wanted = ToRevoke {
        serial: certificate.serial().clone(),
        expires: timestamp(certificate.validity().not_after),
        reason: *reason,
    };
    let revocation = revoked.add(&wanted, now).map_err(refused)?;
    Ok(Revoking {
        record: Some(revoked.stored(&authority)?),
        authority,
        revocation,
    })
}

/// The authority of this vault that signed `certificate`.
fn authority_of(
    objects: &Objects,
    provider: &dyn KeyProvider,
    vault: &str,
    certificate: &Parsed,
) -> Result<AuthorityVersion, CertificateFailure> {
    let urls = certificate.revocation_list_urls();
    let authority = urls.iter().find_map(|url| AuthorityVersion::of_url(url, vault));
    let authority = authority.ok_or_else(|| refused(RevokeError::NoList))?;
    let name = || Box::from(authority.name.spelling());
    let absent = || refused(RevokeError::NoAuthority(name()));
    let own = match signer::version_of(objects, &authority.name, &authority.version) {
        Err(CertificateFailure::Object(ObjectError::NotFound { .. })) => return Err(absent()),
        own => own?.ok_or_else(absent)?,
    };
    if !keeps_a_list(&own) {
        return Err(refused(RevokeError::NoList));
    }
    let key = signer::key(objects, provider, &authority.name, &authority.version)?;
    // What is written in a list is read as a positive number.
    let serial = certificate.serial();
    let is_listed_as_itself = serial.to_string().parse().as_ref() == Ok(serial);
    if certificate.is_signed_by(key.public()) && is_listed_as_itself {
        Ok(authority)
    } else {
        Err(refused(RevokeError::NotSigned(name())))
    }
}

fn refused(error: RevokeError) -> CertificateFailure {
    CertificateError::from(error).into()
}
