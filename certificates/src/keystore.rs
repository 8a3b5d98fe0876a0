//! Java's own keystore (JKS, version 2), for programs that cannot open a PFX: one private key with its chain, or certificates that
//! a program trusts.
//!
//! There is no standard; the form is that of `sun.security.provider.JavaKeyStore` and `KeyProtector` in `OpenJDK`. The protection is
//! weak (a stream of SHA-1 over the password): the file is worth what keeps others from reading it. Java opens a PFX as well since
//! version 8u60, also where a JKS is asked for.
//!
//! It is written here and not by the crate `jks`, which stands on versions of `sha1`, `rand` and `thiserror` that nothing else here
//! uses any more, and wipes nothing.

use std::fmt;

use aws_lc_rs::digest::{Context, Digest, SHA1_FOR_LEGACY_USE_ONLY as SHA1, SHA1_OUTPUT_LEN};
use der::{
    AnyRef, Encode,
    asn1::{ObjectIdentifier, OctetStringRef},
};
use spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use crate::pkcs12::structure::EncryptedPrivateKeyInfo;

const MAGIC: u32 = 0xfeed_feed;
const VERSION: u32 = 2;
const PRIVATE_KEY_ENTRY: u32 = 1;
const TRUSTED_ENTRY: u32 = 2;
const CERTIFICATE_TYPE: &str = "X.509";
/// What is hashed between the password and the file.
const WHITENER: &[u8] = b"Mighty Aphrodite";
/// The algorithm of Java's `KeyProtector`.
const KEY_PROTECTOR: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.42.2.17.1.1");

/// What a new keystore is to hold.
#[derive(Clone, Copy)]
pub struct NewKeystore<'a> {
    /// The name of the entry; Java looks for it in lower case, and so it is written.
    pub alias: &'a str,
    /// The private key in PKCS#8.
    pub private_key: &'a [u8],
    /// The certificates in DER, the leaf first.
    pub certificates: &'a [&'a [u8]],
    /// When the entry was made, in milliseconds since 1970.
    pub created: u64,
}

/// Why a keystore cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeystoreError {
    /// The name has characters that Java writes in another way, or is too long.
    #[error("the alias is too long for a Java keystore, or has characters that it cannot hold")]
    Alias,
    /// There are too many certificates, or one is too long.
    #[error("the certificates are too many or too long for a Java keystore")]
    TooLong,
    /// The private key is too long.
    #[error("the private key cannot be encoded: {0}")]
    PrivateKey(#[from] der::Error),
}

impl NewKeystore<'_> {
    /// The file, where one password protects the key and the whole. The salt is random, and no other file's.
    pub fn to_jks(&self, password: &str, salt: &[u8; SHA1_OUTPUT_LEN]) -> Result<Vec<u8>, KeystoreError> {
        let password = utf16(password);
        let mut file = header(1)?;
        append_entry(&mut file, PRIVATE_KEY_ENTRY, self.alias, self.created)?;
        let key = protect(self.private_key, &password, salt)?;
        append_bytes(&mut file, &key).ok_or(KeystoreError::TooLong)?;
        file.extend(number_of(self.certificates.len())?);
        for certificate in self.certificates {
            append_certificate(&mut file, certificate)?;
        }
        Ok(sealed(file, &password))
    }
}

/// See [`NewTrustStore::to_jks`](crate::trust_store::NewTrustStore::to_jks).
pub(crate) fn trust_store(
    entries: &[(&str, &[u8])],
    password: &str,
    created: u64,
) -> Result<Vec<u8>, KeystoreError> {
    let mut file = header(entries.len())?;
    for (alias, certificate) in entries {
        append_entry(&mut file, TRUSTED_ENTRY, alias, created)?;
        append_certificate(&mut file, certificate)?;
    }
    Ok(sealed(file, &utf16(password)))
}

/// The beginning of a file with so many entries.
fn header(entries: usize) -> Result<Vec<u8>, KeystoreError> {
    let mut file = Vec::new();
    for number in [MAGIC, VERSION] {
        file.extend(number.to_be_bytes());
    }
    file.extend(number_of(entries)?);
    Ok(file)
}

fn append_entry(file: &mut Vec<u8>, kind: u32, alias: &str, created: u64) -> Result<(), KeystoreError> {
    let alias = alias.to_lowercase();
    if alias
        .chars()
        .any(|character| matches!(character, '\0' | '\u{10000}'..))
    {
        return Err(KeystoreError::Alias);
    }
    file.extend(kind.to_be_bytes());
    append_text(file, &alias).ok_or(KeystoreError::Alias)?;
    file.extend(created.to_be_bytes());
    Ok(())
}

fn append_certificate(file: &mut Vec<u8>, certificate: &[u8]) -> Result<(), KeystoreError> {
    append_text(file, CERTIFICATE_TYPE)
        .and_then(|()| append_bytes(file, certificate))
        .ok_or(KeystoreError::TooLong)
}

/// The file with the digest that shows the password, and that the file is whole.
fn sealed(mut file: Vec<u8>, password: &[u8]) -> Vec<u8> {
    let digest = sha1(&[password, WHITENER, &file]);
    file.extend(digest.as_ref());
    file
}

fn number_of(count: usize) -> Result<[u8; 4], KeystoreError> {
    let count = u32::try_from(count).map_err(|_| KeystoreError::TooLong)?;
    Ok(count.to_be_bytes())
}

/// The key under Java's protection: salt, key and proof.
fn protect(key: &[u8], password: &[u8], salt: &[u8; SHA1_OUTPUT_LEN]) -> Result<Vec<u8>, der::Error> {
    let mut protected = salt.to_vec();
    let mut last = sha1(&[password, salt]);
    for part in key.chunks(SHA1_OUTPUT_LEN) {
        protected.extend(part.iter().zip(last.as_ref()).map(|(byte, mask)| byte ^ mask));
        last = sha1(&[password, last.as_ref()]);
    }
    protected.extend(sha1(&[password, key]).as_ref());
    EncryptedPrivateKeyInfo {
        algorithm: AlgorithmIdentifierRef {
            oid: KEY_PROTECTOR,
            parameters: Some(AnyRef::NULL),
        },
        data: OctetStringRef::new(&protected)?,
    }
    .to_der()
}

fn sha1(parts: &[&[u8]]) -> Digest {
    let mut context = Context::new(&SHA1);
    for part in parts {
        context.update(part);
    }
    context.finish()
}

/// A password as Java hashes it.
fn utf16(password: &str) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * password.len()));
    bytes.extend(password.encode_utf16().flat_map(u16::to_be_bytes));
    bytes
}

/// Appends a text as `DataOutput.writeUTF` does.
fn append_text(file: &mut Vec<u8>, text: &str) -> Option<()> {
    file.extend(u16::try_from(text.len()).ok()?.to_be_bytes());
    file.extend(text.as_bytes());
    Some(())
}

fn append_bytes(file: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    file.extend(u32::try_from(bytes.len()).ok()?.to_be_bytes());
    file.extend(bytes);
    Some(())
}

impl fmt::Debug for NewKeystore<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewKeystore")
            .field("alias", &self.alias)
            .field("certificates", &self.certificates.len())
            .finish_non_exhaustive()
    }
}
