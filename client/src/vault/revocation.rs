//! The revocation of certificates that a vault's own authorities issued, which Azure does not have.

use http::Method;
use serde::{Deserialize, Serialize};
use strongroom_core::{ObjectName, Version};

use super::{Call, VaultClient, VaultError, collection::Certificates, id::CertificateId, path, written};
use crate::identity::VaultToken;

/// The room for what is written.
const ROOM: usize = 256;

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

/// A certificate that is revoked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct CertificateRevocation {
    /// Name and version.
    pub id: CertificateId,
    /// Its serial number in hexadecimal.
    pub serial: String,
    /// Since when, in seconds since 1970.
    pub revoked: i64,
    /// Why, by its name in RFC 5280.
    pub reason: String,
}

impl VaultClient {
    /// Revokes a version; of one that was revoked before, what was said then. Nothing takes it back.
    pub async fn revoke_certificate(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        version: &Version,
        reason: Option<&str>,
    ) -> Result<CertificateRevocation, VaultError> {
        let path = format!("{}/revoke", path::<Certificates>(name, Some(version)));
        let call = Call::new(Method::POST, path).body(written(&Body { reason }, ROOM)?);
        // A second one is answered as the first.
        let revocation: CertificateRevocation = self.json(token, call.repeatable()).await?;
        if revocation.id.is_of(name, Some(version)) {
            Ok(revocation)
        } else {
            Err(VaultError::OtherObject)
        }
    }
}
