//! The stores that a certificate becomes: key stores and trust stores of Java, each under a password.
//!
//! A store has salts, so that the same contents could become other bytes each time. Here the salts are a digest of the contents
//! and of the versions that these are of (as RFC 8018, 4.1, has it where a salt is not random): nothing else has them, and the
//! same versions always make the same bytes. So nothing is written again that did not change, after a restart neither, and no
//! program reads it anew for nothing.

use aws_lc_rs::digest::{Context, SHA256};
use strongroom_certificates::{
    certificate::Certificate,
    keystore::NewKeystore,
    pkcs12::{NewPfx, Protection, Salts},
    trust_store::NewTrustStore,
};
use strongroom_core::Version;
use strongroom_crds::secret_ref::{StoreContents, StoreFormat};

use super::{
    Content,
    certificate::SecretCertificate,
    fault::{CertificateFault, ContentError, PASSWORD_BYTES, PasswordFault},
};

/// The password of a store. It cannot be printed.
#[derive(Clone, Copy)]
pub(super) struct Password<'a>(&'a str);

impl<'a> Password<'a> {
    /// The value of a secret as a password: as it is, with whatever it ends with.
    pub(super) fn read(value: &'a [u8]) -> Result<Self, PasswordFault> {
        if value.is_empty() {
            return Err(PasswordFault::Empty);
        }
        if value.len() > PASSWORD_BYTES {
            return Err(PasswordFault::TooLong);
        }
        match std::str::from_utf8(value) {
            Ok(text) if !value.contains(&0) => Ok(Self(text)),
            Ok(_) | Err(_) => Err(PasswordFault::Text),
        }
    }
}

/// What is to be in a store.
pub(super) struct Stored<'a> {
    /// In PKCS#8; none in a trust store.
    private_key: Option<&'a [u8]>,
    /// With the private key its chain; without it what is trusted.
    certificates: Vec<&'a [u8]>,
    /// The names of the entries: one where there is a private key, else one for each certificate.
    aliases: Vec<String>,
    contents: StoreContents,
    /// In milliseconds since 1970. A clock would make other bytes each time.
    created: u64,
}

impl<'a> Stored<'a> {
    /// What of `certificate`, which is called `name`, is to be in it.
    ///
    /// # Errors
    /// The chain has no certificate of an authority, or the private key is not there.
    pub(super) fn of(
        certificate: &'a SecretCertificate,
        contents: StoreContents,
        name: &str,
    ) -> Result<Self, ContentError> {
        let leaf = certificate.chain().leaf();
        let (private_key, certificates) = match contents {
            StoreContents::KeyAndChain => {
                let chain = certificate.chain().certificates();
                (Some(certificate.private_key()?), chain.iter().collect())
            }
            StoreContents::Authorities => (None, certificate.authorities()?),
            StoreContents::Leaf => (None, vec![leaf]),
        };
        let aliases = match contents {
            StoreContents::KeyAndChain | StoreContents::Leaf => vec![name.to_owned()],
            StoreContents::Authorities => {
                let numbers = 1..=certificates.len();
                numbers.map(|number| format!("ca-{number}")).collect()
            }
        };
        let seconds = u64::try_from(leaf.validity().not_before).unwrap_or_default();
        Ok(Self {
            private_key,
            certificates: certificates.into_iter().map(Certificate::der).collect(),
            aliases,
            contents,
            created: seconds.saturating_mul(1000),
        })
    }

    /// The store under this password, where certificate and password are of these versions.
    pub(super) fn written(
        &self,
        format: StoreFormat,
        password: Password<'_>,
        versions: [Option<Version>; 2],
    ) -> Result<Content, ContentError> {
        let salt = self.salt(format, versions);
        let written = match format {
            StoreFormat::Pkcs12 => self.to_pkcs12(password, &salt),
            StoreFormat::Jks => self.to_jks(password, &salt),
        };
        // The names are ours, and lengths are bounded, so that it does not fail.
        written
            .map(Content::from)
            .ok_or(ContentError::NoCertificate(CertificateFault::Form))
    }

    fn to_pkcs12(&self, password: Password<'_>, salt: &Salt) -> Option<Vec<u8>> {
        let salts = Salts {
            private_key: salt.of("private key"),
            certificates: salt.of("certificates"),
            mac: salt.of("mac"),
        };
        let written = match self.private_key {
            Some(_) => NewPfx {
                private_key: self.private_key,
                certificates: &self.certificates,
                alias: self.aliases.first().map(String::as_str),
            }
            .to_der(Protection::Password(password.0), &salts),
            None => NewTrustStore {
                entries: &self.entries(),
            }
            .to_pkcs12(password.0, &salts),
        };
        written.ok().map(|mut bytes| std::mem::take(&mut *bytes))
    }

    fn to_jks(&self, password: Password<'_>, salt: &Salt) -> Option<Vec<u8>> {
        let written = match self.private_key {
            Some(private_key) => NewKeystore {
                alias: self.aliases.first()?,
                private_key,
                certificates: &self.certificates,
                created: self.created,
            }
            .to_jks(password.0, &salt.of("jks")),
            None => NewTrustStore {
                entries: &self.entries(),
            }
            .to_jks(password.0, self.created),
        };
        written.ok()
    }

    fn entries(&self) -> Vec<(&str, &'a [u8])> {
        let aliases = self.aliases.iter().map(String::as_str);
        aliases.zip(self.certificates.iter().copied()).collect()
    }

    fn salt(&self, format: StoreFormat, versions: [Option<Version>; 2]) -> Salt {
        let format: &[u8] = match format {
            StoreFormat::Pkcs12 => b"pkcs12",
            StoreFormat::Jks => b"jks",
        };
        let contents: &[u8] = match self.contents {
            StoreContents::KeyAndChain => b"key and chain",
            StoreContents::Authorities => b"authorities",
            StoreContents::Leaf => b"leaf",
        };
        let mut salt = Salt(Context::new(&SHA256));
        salt.add(b"strongroom store");
        salt.add(format);
        salt.add(contents);
        for version in &versions {
            salt.add(version.as_ref().map(Version::as_bytes).map_or(&[], |bytes| bytes));
        }
        for certificate in &self.certificates {
            salt.add(certificate);
        }
        salt
    }
}

/// What the salts of one store are made of.
struct Salt(Context);

impl Salt {
    /// Each part with its length before it, so that no two lists of parts are one.
    fn add(&mut self, part: &[u8]) {
        self.0.update(&part.len().to_be_bytes());
        self.0.update(part);
    }

    /// The salt for this use, which has another for every other use: of at most 32 bytes.
    fn of<const N: usize>(&self, purpose: &str) -> [u8; N] {
        let mut salt = Self(self.0.clone());
        salt.add(purpose.as_bytes());
        let digest = salt.0.finish();
        let mut bytes = [0; N];
        for (byte, of_digest) in bytes.iter_mut().zip(digest.as_ref()) {
            *byte = *of_digest;
        }
        bytes
    }
}

#[cfg(test)]
mod tests;
