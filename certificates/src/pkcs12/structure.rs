//! The structures of a PFX (RFC 7292, 4), and of what protects its parts (RFC 8018, A).

use der::{
    AnyRef, Sequence, ValueOrd,
    asn1::{ObjectIdentifier, OctetStringRef},
};
use spki::AlgorithmIdentifierRef;

/// The version that every PFX has.
pub const VERSION: u8 = 3;

/// `data` of PKCS#7: a string.
pub const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
/// `encryptedData` of PKCS#7: [`EncryptedData`].
pub const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");

/// A bag with a private key as it is, PKCS#8.
pub const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
/// A bag with an encrypted private key: [`EncryptedPrivateKeyInfo`].
pub const SHROUDED_KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
/// A bag with a certificate: [`CertBag`].
pub const CERT_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
/// A bag of bags.
pub const SAFE_CONTENTS_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.6");
/// A certificate of X.509, in a [`CertBag`].
pub const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");

/// The attribute of a bag that is its name for people.
pub const FRIENDLY_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.20");
/// The attribute that ties a certificate to its private key.
pub const LOCAL_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");
/// The attribute that says what a certificate is trusted for, of Oracle. Java passes over a certificate that has neither this nor a key.
pub const TRUSTED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113894.746875.1.1");
/// Everything, as a value of [`TRUSTED_KEY_USAGE`] (RFC 5280, 4.2.1.12).
pub const ANY_EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// The whole file.
#[derive(Sequence)]
pub struct Pfx<'a> {
    /// [`VERSION`].
    pub version: u8,
    /// [`DATA`], a string that holds a sequence of [`ContentInfo`].
    pub auth_safe: ContentInfo<'a>,
    /// What proves that the password is right and the file whole.
    pub mac_data: Option<MacData<'a>>,
}

/// Contents of some type of PKCS#7.
#[derive(Sequence)]
pub struct ContentInfo<'a> {
    /// The type.
    pub content_type: ObjectIdentifier,
    /// The content.
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    pub content: AnyRef<'a>,
}

/// Contents that are encrypted with a password.
#[derive(Sequence)]
pub struct EncryptedData<'a> {
    /// 0, or 2 where there are attributes.
    pub version: u8,
    /// What is encrypted.
    pub content_info: EncryptedContentInfo<'a>,
    /// Attributes outside of the encryption.
    pub unprotected: Option<AnyRef<'a>>,
}

/// How and what is encrypted.
#[derive(Sequence)]
pub struct EncryptedContentInfo<'a> {
    /// The type of the contents.
    pub content_type: ObjectIdentifier,
    /// How they are encrypted.
    pub algorithm: AlgorithmIdentifierRef<'a>,
    /// A string with the tag `[0]` in the place of its own, in BER perhaps in parts.
    pub content: Option<AnyRef<'a>>,
}

/// One thing in the file.
#[derive(Sequence)]
pub struct SafeBag<'a> {
    /// What it is.
    pub bag_id: ObjectIdentifier,
    /// The thing.
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    pub value: AnyRef<'a>,
    /// A set of attributes.
    pub attributes: Option<AnyRef<'a>>,
}

/// A certificate.
#[derive(Sequence)]
pub struct CertBag<'a> {
    /// [`X509_CERTIFICATE`].
    pub cert_id: ObjectIdentifier,
    /// For that type a string with the certificate in DER.
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    pub value: AnyRef<'a>,
}

/// A private key that is encrypted with a password (RFC 5958, 3).
#[derive(Sequence)]
pub struct EncryptedPrivateKeyInfo<'a> {
    /// How it is encrypted.
    pub algorithm: AlgorithmIdentifierRef<'a>,
    /// PKCS#8, encrypted.
    pub data: &'a OctetStringRef,
}

/// The MAC over the contents.
#[derive(Sequence)]
pub struct MacData<'a> {
    /// The MAC itself.
    pub mac: DigestInfo<'a>,
    /// The salt of its key.
    pub salt: &'a OctetStringRef,
    /// How often the derivation of its key hashes; 1 where it is not there.
    pub iterations: Option<u32>,
}

/// A digest and its algorithm.
#[derive(Sequence)]
pub struct DigestInfo<'a> {
    /// The hash.
    pub algorithm: AlgorithmIdentifierRef<'a>,
    /// The digest.
    pub digest: &'a OctetStringRef,
}

/// The parameters of encryption of PKCS#12's own (RFC 7292, C).
#[derive(Sequence)]
pub struct PbeParameters<'a> {
    /// The salt of key and initialisation vector.
    pub salt: &'a OctetStringRef,
    /// How often each derivation hashes.
    pub iterations: u32,
}

/// The parameters of PBES2 (RFC 8018, A.4).
#[derive(Sequence)]
pub struct Pbes2Parameters<'a> {
    /// How the key is derived.
    pub derivation: AlgorithmIdentifierRef<'a>,
    /// The cipher.
    pub cipher: AlgorithmIdentifierRef<'a>,
}

/// The parameters of PBMAC1 (RFC 8018, A.5).
#[derive(Sequence)]
pub struct Pbmac1Parameters<'a> {
    /// How the key is derived.
    pub derivation: AlgorithmIdentifierRef<'a>,
    /// The MAC.
    pub mac: AlgorithmIdentifierRef<'a>,
}

/// The parameters of PBKDF2 (RFC 8018, A.2), with a salt that stands there.
#[derive(Sequence)]
pub struct Pbkdf2Parameters<'a> {
    /// The salt.
    pub salt: &'a OctetStringRef,
    /// How often it hashes.
    pub iterations: u32,
    /// The length of the key in bytes.
    pub key_length: Option<u32>,
    /// The keyed hash; HMAC with SHA-1 where it is not there.
    pub prf: Option<AlgorithmIdentifierRef<'a>>,
}

/// An attribute of a bag.
#[derive(Sequence, ValueOrd)]
pub struct BagAttribute {
    /// What it says.
    pub attribute: ObjectIdentifier,
    /// Its values.
    pub values: der::asn1::SetOfVec<der::Any>,
}
