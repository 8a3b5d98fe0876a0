//! Kinds of objects, by what is answered about them.

use std::fmt;

use serde::{Serialize, de::DeserializeOwned};

use super::{
    certificate::{Certificate, CertificateItem},
    collection::{Certificates, Collection, Keys, Secrets},
    key::{Key, KeyItem},
    secret::SecretItem,
};

/// A kind of object that a vault keeps. Listing, deletion, recovery and backup differ between kinds in the path and in
/// what is answered, and in nothing else.
pub trait VaultKind: Collection {
    /// An object as a list shows it.
    type Item: fmt::Debug + DeserializeOwned + Serialize + Send + Sync;

    /// An object by itself, without any secret value.
    type Object: fmt::Debug + DeserializeOwned + Serialize + Send + Sync;
}

impl VaultKind for Secrets {
    type Item = SecretItem;
    type Object = SecretItem;
}

impl VaultKind for Keys {
    type Item = KeyItem;
    type Object = Key;
}

impl VaultKind for Certificates {
    type Item = CertificateItem;
    type Object = Certificate;
}
