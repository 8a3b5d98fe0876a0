//! What is wrong with a command on vaults as a whole, or what became of it.

use std::io;

use strongroom_core::{NamespaceName, VaultRef};
use strongroom_crds::ApiError;

/// Why a command on vaults as a whole does nothing, or came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VaultObjectFailure {
    /// The Kubernetes API refused, or did not answer, what was asked of all namespaces.
    #[error("cannot {verb} {resource} of the cluster: {source}")]
    Cluster {
        verb: &'static str,
        resource: &'static str,
        source: ApiError,
    },
    /// The kinds are not there.
    #[error("the cluster has no kind Vault: Strongroom is not installed")]
    NoKind,
    /// There is no such vault.
    #[error("there is no vault {0}")]
    None(VaultRef),
    /// There is no vault at all.
    #[error("there is no vault in namespace {0}")]
    NoneIn(NamespaceName),
    /// A vault of that name was made before.
    #[error("there is a vault {0} already, and nothing of it was changed")]
    Exists(VaultRef),
    /// A person has to act first.
    #[error("vault {vault} does not become {state} by itself: {message}")]
    Stalled {
        vault: VaultRef,
        state: &'static str,
        message: String,
    },
    /// It was not so in time.
    #[error("vault {vault} is not {state} after {seconds} s; it goes on: {message}")]
    InTime {
        vault: VaultRef,
        state: &'static str,
        seconds: u64,
        message: String,
    },
    /// There is nothing to accept.
    #[error("vault {0} is not known to have an older store than it had: there is nothing to accept")]
    NoRollback(VaultRef),
    /// The store is at another generation than the one to accept.
    #[error("the store of vault {vault} is at generation {found}, and not at {given}: nothing was accepted")]
    OtherGeneration { vault: VaultRef, found: u64, given: u64 },
    /// The same was accepted before, and acts once.
    #[error(
        "the generation {generation} of vault {vault} was accepted before, which acts once: to accept it anew, run \
         kubectl annotate vaults.strongroom.dev {} -n {} {annotation}- and wait some seconds",
        vault.name, vault.namespace
    )]
    AcceptedBefore {
        vault: VaultRef,
        generation: u64,
        annotation: &'static str,
    },
    /// The door cannot be opened on this machine.
    #[error("cannot open a door on this machine: {0}")]
    Door(String),
    /// The door ended before it was open.
    #[error("interrupted before the door was open")]
    Interrupted,
    /// A program cannot be waited for.
    #[error("cannot wait for the program: {0}")]
    Program(io::Error),
}

impl VaultObjectFailure {
    /// As the help says.
    pub(super) const fn exit_code(&self) -> u8 {
        match self {
            Self::NoKind
            | Self::None(_)
            | Self::NoneIn(_)
            | Self::Exists(_)
            | Self::Stalled { .. }
            | Self::NoRollback(_)
            | Self::OtherGeneration { .. }
            | Self::AcceptedBefore { .. } => 1,
            Self::Cluster { .. } => 3,
            Self::Door(_) | Self::Interrupted | Self::Program(_) => 5,
            Self::InTime { .. } => 6,
        }
    }

    /// What to try next, with commands of `program`.
    pub(super) fn hint(&self, program: crate::program::Program) -> Option<String> {
        match self {
            Self::Cluster {
                verb,
                resource,
                source,
            } if source.is_forbidden() => Some(format!(
                "To see why: kubectl auth can-i {verb} {resource} --all-namespaces"
            )),
            Self::NoKind => Some(format!(
                "To see what an installation needs: {program} check --pre"
            )),
            Self::None(vault) => Some(format!(
                "To see the vaults that are there: {program} vault list -n {}",
                vault.namespace
            )),
            Self::NoneIn(namespace) => Some(format!(
                "To make one: {program} vault create NAME -n {namespace} --apply"
            )),
            Self::Exists(vault) | Self::Stalled { vault, .. } | Self::InTime { vault, .. } => {
                Some(format!("To see how it is: {program} vault status {vault}"))
            }
            Self::OtherGeneration { vault, .. } => Some(format!(
                "To see what would be lost: {program} vault accept-rollback {vault}"
            )),
            Self::Cluster { .. }
            | Self::NoRollback(_)
            | Self::AcceptedBefore { .. }
            | Self::Door(_)
            | Self::Interrupted
            | Self::Program(_) => None,
        }
    }
}
