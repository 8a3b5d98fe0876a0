//! The vault under reconcile: its object, parsed, with the names that everything about it is derived from.

use strongroom_core::{NamespaceName, VaultName, VaultRef, name::NameError};
use strongroom_crds::{Vault, vault::VaultSpecError};

use crate::settings::Settings;

/// A Vault, parsed.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Target<'a> {
    /// The object that the rest is parsed from.
    pub vault: &'a Vault,
    pub reference: VaultRef,
    pub uid: &'a str,
}

/// Why a Vault object cannot be acted on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Its name, or its namespace's, is not one.
    #[error("the vault's name cannot be used: {0}")]
    Name(#[from] NameError),
    /// Its spec holds what this release does not know.
    #[error(transparent)]
    Spec(#[from] VaultSpecError),
    /// The API server gave it no UID.
    #[error("the vault has no UID")]
    Uid,
}

impl<'a> Target<'a> {
    /// Parses what a vault's objects are named after, and refuses a spec of a newer release.
    pub fn parse(vault: &'a Vault) -> Result<Self, TargetError> {
        vault.spec.check()?;
        Self::address(vault)
    }

    /// The same whatever the spec holds: for what depends on the vault's name alone.
    pub fn address(vault: &'a Vault) -> Result<Self, TargetError> {
        let name = vault.metadata.name.as_deref().unwrap_or_default();
        let namespace = vault.metadata.namespace.as_deref().unwrap_or_default();
        let name = name.parse()?;
        Ok(Self {
            vault,
            reference: VaultRef::new(namespace.parse()?, name),
            uid: vault.metadata.uid.as_deref().ok_or(TargetError::Uid)?,
        })
    }

    /// The vault's name.
    pub const fn name(&self) -> &VaultName {
        &self.reference.name
    }

    /// The vault's namespace.
    pub const fn namespace(&self) -> &NamespaceName {
        &self.reference.namespace
    }

    /// The names of the vault's serving certificate.
    pub fn hosts(&self, settings: &Settings) -> Vec<String> {
        vec![
            self.reference.host(),
            self.reference.fqdn(&settings.cluster_domain),
        ]
    }
}
