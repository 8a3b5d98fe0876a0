//! The private key of an import.

use std::fmt;

use der::{
    AnyRef, Decode, Encode, Sequence,
    asn1::{ObjectIdentifier, OctetStringRef},
};
use spki::AlgorithmIdentifierRef;
use strongroom_keys::{PrivateKeyDer, PrivateKeyDerError};
use zeroize::Zeroizing;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// A private key in DER, as the file has it: that it is a key is not checked before [`PrivateKeyDer::to_jwk`].
pub enum ContentKey {
    /// PKCS#8, of any algorithm.
    Pkcs8(Zeroizing<Vec<u8>>),
    /// PKCS#1, of RSA.
    Pkcs1(Zeroizing<Vec<u8>>),
    /// SEC 1, of elliptic curves.
    Sec1(Zeroizing<Vec<u8>>),
}

/// `PrivateKeyInfo` (RFC 5958, 2), with the members that every version has.
#[derive(Sequence)]
struct PrivateKeyInfo<'a> {
    version: u8,
    algorithm: AlgorithmIdentifierRef<'a>,
    key: &'a OctetStringRef,
}

/// `ECPrivateKey` (RFC 5915, 3).
#[derive(Sequence)]
struct EcPrivateKey<'a> {
    version: u8,
    scalar: &'a OctetStringRef,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    curve: Option<AnyRef<'a>>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    public_key: Option<AnyRef<'a>>,
}

impl ContentKey {
    /// The key and its form.
    pub fn as_der(&self) -> PrivateKeyDer<'_> {
        match self {
            Self::Pkcs8(der) => PrivateKeyDer::Pkcs8(der),
            Self::Pkcs1(der) => PrivateKeyDer::Pkcs1(der),
            Self::Sec1(der) => PrivateKeyDer::Sec1(der),
        }
    }

    /// The key in PKCS#8, as a certificate's secret holds it. A key of SEC 1 must name its curve.
    pub fn into_pkcs8(self) -> Result<Zeroizing<Vec<u8>>, PrivateKeyDerError> {
        match self {
            Self::Pkcs8(der) => Ok(der),
            Self::Pkcs1(der) => pkcs8(RSA_ENCRYPTION, AnyRef::NULL, &der),
            Self::Sec1(der) => {
                let key = EcPrivateKey::from_der(&der).map_err(|_| PrivateKeyDerError::Malformed)?;
                let nameless = || PrivateKeyDerError::Curve("a curve without a name".to_owned());
                pkcs8(EC_PUBLIC_KEY, key.curve.ok_or_else(nameless)?, &der)
            }
        }
    }
}

fn pkcs8(
    algorithm: ObjectIdentifier,
    parameters: AnyRef<'_>,
    key: &[u8],
) -> Result<Zeroizing<Vec<u8>>, PrivateKeyDerError> {
    let info = OctetStringRef::new(key).and_then(|key| {
        PrivateKeyInfo {
            version: 0,
            algorithm: AlgorithmIdentifierRef {
                oid: algorithm,
                parameters: Some(parameters),
            },
            key,
        }
        .to_der()
    });
    info.map(Zeroizing::new)
        .map_err(|_| PrivateKeyDerError::Malformed)
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_der().fmt(f)
    }
}
