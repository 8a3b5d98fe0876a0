//! The vault under reconcile: its object, parsed, with the names that everything about it is derived from.

use strongroom_core::{NamespaceName, VaultName, name::NameError};
use strongroom_crds::{Vault, vault::VaultSpecError};

use crate::settings::Settings;

/// The ports of a vault's pod.
pub mod port {
    /// REST and Watch.
    pub const DATA: u16 = 8443;
    /// The operator's.
    pub const ADMIN: u16 = 8444;
    /// Health and metrics.
    pub const HEALTH: u16 = 9090;
}

/// A Vault, parsed.
#[derive(Debug, Clone)]
pub struct Target<'a> {
    /// The object.
    pub vault: &'a Vault,
    /// Its name.
    pub name: VaultName,
    /// Its namespace.
    pub namespace: NamespaceName,
    /// Its UID.
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
        Ok(Self {
            vault,
            name: vault.metadata.name.as_deref().unwrap_or_default().parse()?,
            namespace: vault.metadata.namespace.as_deref().unwrap_or_default().parse()?,
            uid: vault.metadata.uid.as_deref().ok_or(TargetError::Uid)?,
        })
    }

    /// The host of its Service.
    pub fn host(&self) -> String {
        format!("{}.{}.svc", self.name, self.namespace)
    }

    /// The names of its serving certificate.
    pub fn hosts(&self, settings: &Settings) -> Vec<String> {
        vec![
            self.host(),
            format!("{}.{}", self.host(), settings.cluster_domain),
        ]
    }
}
