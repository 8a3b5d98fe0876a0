//! The files of a SecretRef in a directory of this machine: what the node driver shows a pod, by the node driver's own code.
//!
//! There is no pod and no kubelet, so a pod is made up for each directory: it has the account's token, and a volume that is a plain
//! directory. From there on everything is as on a node: what the SecretRef says is read and checked, the vault is asked with the
//! account's rights, the files change in one moment, and the vault's stream says when.

#[cfg(target_os = "linux")]
mod api;
#[cfg(target_os = "linux")]
mod directory;
#[cfg(target_os = "linux")]
mod volume;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc};

use parking_lot::Mutex;
use strongroom_client::Server;
use strongroom_core::{AccountName, VaultRef};
use strongroom_crds::SecretRef;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::{
    cluster::{Cluster, TokenError},
    notices::{Notice, Notices},
    policy::{EnforceError, Enforcer},
};

/// Which files are to be where.
#[derive(Debug, Clone)]
pub struct FilesOrder {
    /// The SecretRef: `NAMESPACE/NAME`, or `NAME` where only one has it, or the account is of its namespace.
    pub reference: String,
    /// The directory, by an absolute path.
    pub directory: PathBuf,
    /// The account of the pod that there would be (`NAMESPACE:NAME`); that which the SecretRef names if none is given.
    pub account: Option<String>,
}

/// Why there are no files.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// No file of `-f` has the SecretRef.
    #[error("there is no SecretRef {0} among the files given with -f")]
    #[allow(missing_docs, reason = "it is the name")]
    Unknown(String),
    /// The account is none, or of another namespace than the SecretRef.
    #[error(
        "the account must be NAMESPACE:NAME of the namespace of the SecretRef, as that of a pod that mounts it"
    )]
    Account,
    /// The directory holds something else, which would be removed.
    #[error("{} is not empty, and not a directory of such files: name a new one", .0.display())]
    Taken(PathBuf),
    /// The directory cannot be used.
    #[error("cannot use {}: {source}", path.display())]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Directory { path: PathBuf, source: std::io::Error },
    /// The account cannot be there.
    #[error(transparent)]
    Enforce(#[from] EnforceError),
    /// The group of this user, which could read the files, has other members perhaps.
    #[error(
        "the files in {} would be readable for your group, which others may be in: put the directory below one that only you can enter \
         (mode 0700)",
        .0.display()
    )]
    Shared(PathBuf),
    /// The account has no token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The node driver's code says why.
    #[error("{0}")]
    Driver(String),
    /// The node driver is for Linux.
    #[error("files of a SecretRef are written on Linux alone, as the node driver does it")]
    System,
}

/// Keeps the files of SecretRefs in directories. Cheap to clone.
#[derive(Clone)]
pub struct FileKeeper(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) cluster: Cluster,
    pub(crate) enforcer: Enforcer,
    pub(crate) notices: Notices,
    pub(crate) login: SocketAddr,
    /// The certificate of our own authority, which the login shows.
    pub(crate) authority: PathBuf,
    /// Whom to trust for the vaults, which may show a certificate of the user's own.
    pub(crate) of_vaults: PathBuf,
    /// The directory of the run.
    pub(crate) run: PathBuf,
    pub(crate) vaults: BTreeMap<VaultRef, Server>,
    pub(crate) references: Mutex<BTreeMap<String, SecretRef>>,
}

/// Files that are kept as the vault has them, until this is dropped; then they stay as they are.
pub struct KeptFiles {
    /// What the node driver would say in an event of the pod.
    notes: UnboundedReceiver<String>,
    notices: Notices,
    #[cfg(target_os = "linux")]
    _volume: volume::FollowedVolume,
}

impl std::fmt::Debug for FileKeeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let references = self.0.references.lock();
        f.debug_struct("FileKeeper")
            .field("references", &references.keys())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for KeptFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptFiles").finish_non_exhaustive()
    }
}

impl KeptFiles {
    /// Waits for something that is to be known about them. Cancel-safe.
    pub async fn note(&mut self) -> String {
        match self.notes.recv().await {
            Some(note) => {
                self.notices.tell(Notice::Files(note.clone()));
                note
            }
            None => std::future::pending().await,
        }
    }
}

impl FileKeeper {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Has these SecretRefs be there, and no others.
    pub fn offer(&self, references: Vec<SecretRef>) {
        let named = references.into_iter().map(|reference| {
            let namespace = reference.metadata.namespace.as_deref().unwrap_or_default();
            let name = reference.metadata.name.as_deref().unwrap_or_default();
            (format!("{namespace}/{name}"), reference)
        });
        *self.0.references.lock() = named.collect();
    }

    /// Writes the files, and follows the vault until the result is dropped.
    ///
    /// # Errors
    /// They cannot be written, as they could not be for a pod.
    #[cfg(target_os = "linux")]
    pub async fn keep(&self, order: FilesOrder) -> Result<KeptFiles, FilesError> {
        let (reference, account) = self.asked(&order)?;
        let enforcer = self.0.enforcer.clone();
        let named = account.clone();
        let admitted = tokio::task::spawn_blocking(move || enforcer.admit(&named)).await;
        admitted.map_err(|error| FilesError::Driver(error.to_string()))??;
        let (say, notes) = tokio::sync::mpsc::unbounded_channel();
        let volume = volume::fill(&self.0, &reference, &account, &order.directory, say).await?;
        let text = format!("{} is in {}", order.reference, order.directory.display());
        self.0.notices.tell(Notice::Files(text));
        Ok(KeptFiles {
            notes,
            notices: self.0.notices.clone(),
            _volume: volume,
        })
    }

    /// The same where there is no node driver.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(target_os = "linux"))]
    pub async fn keep(&self, order: FilesOrder) -> Result<KeptFiles, FilesError> {
        self.asked(&order)?;
        Err(FilesError::System)
    }

    /// The SecretRef that an order names.
    fn named(&self, order: &FilesOrder) -> Option<SecretRef> {
        let references = self.0.references.lock();
        let namespace = order.account.as_ref().and_then(|account| account.split_once(':'));
        let path = match namespace {
            Some((namespace, _)) if !order.reference.contains('/') => {
                format!("{namespace}/{}", order.reference)
            }
            _ => order.reference.clone(),
        };
        let end = format!("/{path}");
        let mut of_that_name = references.iter().filter(|(known, _)| known.ends_with(&end));
        let only = of_that_name.next().filter(|_| of_that_name.next().is_none());
        references
            .get(&path)
            .or(only.map(|(_, reference)| reference))
            .cloned()
    }

    /// The SecretRef, and the account of the pod.
    fn asked(&self, order: &FilesOrder) -> Result<(SecretRef, AccountName), FilesError> {
        let unknown = || FilesError::Unknown(order.reference.clone());
        let reference = self.named(order).ok_or_else(unknown)?;
        let namespace = reference.metadata.namespace.clone().unwrap_or_default();
        let account = match &order.account {
            Some(account) => account.clone(),
            None => format!("{namespace}:{}", reference.spec.service_account_name),
        };
        let account: AccountName = account.parse().map_err(|_| FilesError::Account)?;
        if account.namespace.as_str() == namespace {
            Ok((reference, account))
        } else {
            Err(FilesError::Account)
        }
    }
}
