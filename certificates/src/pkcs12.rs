//! PFX files (PKCS#12, RFC 7292): what others wrote, and what the vault writes.
//!
//! ```text
//!   file ---- ber ----> structure ---- mac: is it the password? ----> bags ---- encryption ----> private keys, certificates
//!                                        \--------- derivation, for which work is bounded -----/
//! ```
//!
//! | what is read | algorithms |
//! |---|---|
//! | encryption | PKCS#12's own with 3DES and RC2; PBES2 with PBKDF2 and AES or 3DES; none |
//! | MAC | PKCS#12's own with SHA-1 and SHA-2; PBMAC1; none |
//! | encoding | DER, BER |
//!
//! The structures are read with `der`, by types of our own. `p12-keystore` 0.4 bounds what each bag may cost, not what all of them
//! do, and no look at the file beforehand can: keys may lie in encrypted contents. A scrypt cost of 0 makes it panic. Nor does it
//! wipe keys, read BER, take the password that is absent (below) or given randomness, or write the key first. `pkcs12` and `cms`,
//! on which it stands, have no release yet.
//!
//! A stranger's file costs at most [`LARGEST_WORK`] hashes, [`LARGEST`] bytes and [`MOST_BAGS`] bags.
//!
//! An empty password has two forms in PKCS#12's own derivation: Windows, openssl and Java hash the two zeros that end it, others
//! nothing. Both are tried.

mod ber;
mod derivation;
mod encryption;
mod mac;
mod password;
mod read;
pub(crate) mod structure;
mod work;
mod write;

#[cfg(test)]
mod tests;

use std::fmt;

use der::asn1::ObjectIdentifier;
use zeroize::Zeroizing;

use self::work::Work;
pub(crate) use self::write::trust_store;

/// The longest PFX that is read, in bytes.
pub const LARGEST: usize = 256 * 1024;

/// The most bags that are read, together with the parts of the file that hold them.
pub const MOST_BAGS: usize = 200;

/// How many hashes one file may make us compute, in all derivations of keys together: about a second's.
///
/// Firefox has the highest numbers that are known, 600,000 rounds for the MAC and for each key: 4,200,000 hashes where it encrypts
/// with 3DES, whose key takes two digests. Java refuses more than 5,000,000 rounds.
pub const LARGEST_WORK: u64 = 5_000_000;

/// What a PFX holds, in the order of the file.
#[derive(Default)]
pub struct Pfx {
    /// The private keys, in PKCS#8 as the file holds them: that they are keys is not checked.
    pub private_keys: Vec<Zeroizing<Vec<u8>>>,
    /// The certificates of X.509, in DER as the file holds them: that they are certificates is not checked.
    pub certificates: Vec<Vec<u8>>,
}

/// Why a PFX cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Pkcs12Error {
    /// It is longer than [`LARGEST`].
    #[error("the PFX has more than {LARGEST} bytes")]
    TooLarge,
    /// It is no PFX.
    #[error("the PFX is not of the form that PKCS#12 gives it")]
    Malformed,
    /// It uses an algorithm or a type that is not read here.
    #[error("the PFX uses {0}, which is not supported")]
    Unsupported(ObjectIdentifier),
    /// Its MAC is that of another password, or nothing can be decrypted with this one.
    #[error("the password is not that of the PFX")]
    WrongPassword,
    /// To derive its keys takes more than [`LARGEST_WORK`].
    #[error("the keys of the PFX take more than {LARGEST_WORK} hashes")]
    TooMuchWork,
    /// It has more than [`MOST_BAGS`], or they lie too deep in each other.
    #[error("the PFX has more than {MOST_BAGS} bags")]
    TooManyBags,
}

/// What a new PFX is to hold.
#[derive(Clone, Copy)]
pub struct NewPfx<'a> {
    /// The private key in PKCS#8, if it may leave the vault.
    pub private_key: Option<&'a [u8]>,
    /// The certificates in DER, the leaf first: it is marked as that of the private key, also where there is none.
    pub certificates: &'a [&'a [u8]],
    /// The name of key and leaf, for Java and for people.
    pub alias: Option<&'a str>,
}

/// How a new PFX is protected.
#[derive(Clone, Copy)]
pub enum Protection<'a> {
    /// As the service in Azure does it: 3DES and SHA-1, 2000 rounds, and the empty password, which protects nothing. Everything
    /// reads it: Go's `x/crypto/pkcs12` and old Windows know nothing newer, and openssl 3 no RC2.
    Azure,
    /// With a password: AES-256 of PBES2, a MAC with SHA-256, and 10,000 rounds of both.
    Password(&'a str),
}

/// The random bytes of one PFX, which no other may share. They are no secrets.
pub struct Salts {
    /// Salt and initialisation vector of the private key.
    pub private_key: [u8; 32],
    /// Those of the certificates.
    pub certificates: [u8; 32],
    /// The salt of the MAC.
    pub mac: [u8; 20],
}

/// Why a PFX cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Pkcs12WriteError {
    /// A part is too long for DER, or no certificate.
    #[error("the PFX cannot be encoded: {0}")]
    Encoding(#[from] der::Error),
    /// The name has characters beyond those of the first 65,536.
    #[error("the alias has characters that a PFX cannot hold")]
    Alias,
    /// The library refused to encrypt.
    #[error("the PFX cannot be encrypted")]
    Encryption,
}

impl Pfx {
    /// Reads a PFX.
    ///
    /// No password and the empty one are the same. Bags of other kinds are passed over.
    pub fn read(bytes: &[u8], password: Option<&str>) -> Result<Self, Pkcs12Error> {
        Self::read_within(bytes, password, LARGEST_WORK)
    }

    /// The same, with less work than [`LARGEST_WORK`]: so many hashes. What takes more is [`Pkcs12Error::TooMuchWork`].
    pub fn read_within(bytes: &[u8], password: Option<&str>, hashes: u64) -> Result<Self, Pkcs12Error> {
        read::read(bytes, password, Work::of(hashes.min(LARGEST_WORK)))
    }
}

impl NewPfx<'_> {
    /// The file: the private key first, then the certificates.
    pub fn to_der(
        &self,
        protection: Protection<'_>,
        salts: &Salts,
    ) -> Result<Zeroizing<Vec<u8>>, Pkcs12WriteError> {
        write::write(self, protection, salts)
    }
}

impl Salts {
    /// Those that `fill` fills.
    pub fn generate<E>(mut fill: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut salts = Self {
            private_key: [0; 32],
            certificates: [0; 32],
            mac: [0; 20],
        };
        fill(&mut salts.private_key)?;
        fill(&mut salts.certificates)?;
        fill(&mut salts.mac)?;
        Ok(salts)
    }
}

impl From<der::Error> for Pkcs12Error {
    fn from(_: der::Error) -> Self {
        Self::Malformed
    }
}

impl fmt::Debug for Pfx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pfx")
            .field("private_keys", &self.private_keys.len())
            .field("certificates", &self.certificates.len())
            .finish()
    }
}

impl fmt::Debug for NewPfx<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewPfx")
            .field("has_private_key", &self.private_key.is_some())
            .field("certificates", &self.certificates.len())
            .field("alias", &self.alias)
            .finish()
    }
}

impl fmt::Debug for Protection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Azure => "Azure",
            Self::Password(_) => "Password",
        })
    }
}
