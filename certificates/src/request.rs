//! Requests for a certificate: PKCS#10 (RFC 2986).

use der::{
    Decode, Sequence,
    asn1::{Any, SetOfVec},
};
use strongroom_keys::Key;
use x509_cert::{attr::Attributes, request::ExtensionReq};

use crate::{
    profile::{Order, Profile, ProfileError},
    signer::{self, SignError, Signer},
};

/// Why no request was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The profile.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The signature.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl From<der::Error> for RequestError {
    fn from(error: der::Error) -> Self {
        Self::Profile(error.into())
    }
}

/// `CertificationRequestInfo` (RFC 2986, 4.1).
#[derive(Sequence)]
struct RequestInfo {
    version: u8,
    subject: Any,
    public_key: Any,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    attributes: Attributes,
}

/// A request in DER for a certificate of the profile, signed by its key. It says nothing of the validity.
///
/// The extensions have Azure's order: usage of the key, extended usage, alternative names, basic constraints.
pub fn create(key: &Key, profile: &Profile) -> Result<Vec<u8>, RequestError> {
    let extensions = ExtensionReq(profile.extensions(Order::Request, key.key_type().kind())?);
    let info = RequestInfo {
        version: 0,
        subject: Any::from_der(&profile.subject.to_der()?)?,
        public_key: signer::public_key_info(key.public())?,
        attributes: SetOfVec::try_from(vec![extensions.try_into()?])?,
    };
    Ok(Signer::new(key)?.signed(&info)?)
}
