//! Trust stores of Java: certificates that a program trusts, each under a name, without a private key.
//!
//! A password protects what is in them against no reader worth the name, but it shows a change, and Java asks for one.

use std::fmt;

use zeroize::Zeroizing;

use crate::{
    keystore::{self, KeystoreError},
    pkcs12::{self, Pkcs12WriteError, Salts},
};

/// What a new trust store is to hold.
#[derive(Clone, Copy)]
pub struct NewTrustStore<'a> {
    /// Each certificate in DER, after its name: another for each, which Java looks for in lower case.
    pub entries: &'a [(&'a str, &'a [u8])],
}

impl NewTrustStore<'_> {
    /// The store as PKCS#12, protected as by [`Protection::Password`](pkcs12::Protection::Password). The certificates are trusted
    /// for everything.
    pub fn to_pkcs12(&self, password: &str, salts: &Salts) -> Result<Zeroizing<Vec<u8>>, Pkcs12WriteError> {
        pkcs12::trust_store(self.entries, password, salts)
    }

    /// The store as JKS. Its certificates are not encrypted: the password shows that nobody changed them. `created` is when the
    /// entries were made, in milliseconds since 1970.
    pub fn to_jks(&self, password: &str, created: u64) -> Result<Vec<u8>, KeystoreError> {
        keystore::trust_store(self.entries, password, created)
    }
}

impl fmt::Debug for NewTrustStore<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let aliases = self.entries.iter().map(|(alias, _)| alias);
        f.debug_list().entries(aliases).finish()
    }
}
