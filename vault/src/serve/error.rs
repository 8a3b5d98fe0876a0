//! Why a vault does not start.

use std::{io, net::SocketAddr, path::PathBuf};

use strongroom_engine::{OpenError, crypt::keyring::KeyringError};
use strongroom_serving::tls::TlsError;

use crate::{
    admin::AuthorityError,
    auth::PeerError,
    policy::{CompareError, LoadError},
};

/// The step that failed, and on what.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The retention is outside its range.
    #[error("--retention-days is out of range")]
    Retention(#[from] strongroom_engine::format::soft_delete::RetentionError),
    /// The data directory cannot be made.
    #[error("cannot make the data directory {path}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    DataDir { path: PathBuf, source: io::Error },
    /// The store is not of a cluster.
    #[error(
        "{path} holds a store that `strongroom dev` made on a laptop: give this vault a directory of its own"
    )]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Laptop { path: PathBuf },
    /// The seal key cannot be read.
    #[error("cannot read the seal key")]
    Seal(#[from] strongroom_engine::crypt::seal::SealError),
    /// The store cannot be opened.
    #[error("cannot open the store {path}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Store {
        path: PathBuf,
        source: strongroom_engine::store::redb::OpenStoreError,
    },
    /// The vault cannot be opened.
    #[error("cannot open the vault")]
    Vault(#[from] OpenError),
    /// The audit log cannot be opened.
    #[error("cannot open the audit log")]
    Audit(#[from] strongroom_audit::OpenError),
    /// The start cannot be recorded.
    #[error("cannot record the start in the audit log")]
    Record(#[from] strongroom_audit::AppendError),
    /// The stored policy cannot be read.
    #[error("cannot load the policy")]
    Policy(#[from] LoadError),
    /// The store cannot be compared with the audit log.
    #[error("cannot compare the store with the audit log")]
    Compare(#[from] CompareError),
    /// The store's state cannot be read.
    #[error("cannot read the vault's state")]
    State(#[from] strongroom_engine::ObjectError),
    /// The identity service cannot be asked.
    #[error("cannot set up the identity service's peers")]
    Peers(#[from] PeerError),
    /// TLS cannot be set up.
    #[error("cannot set up TLS")]
    Tls(#[from] TlsError),
    /// The operator cannot be verified.
    #[error("cannot set up the operator's authority")]
    Authority(#[from] AuthorityError),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Listen { address: SocketAddr, source: io::Error },
    /// A thread or its runtime cannot be started.
    #[error("cannot start the {name} thread")]
    Thread {
        /// The thread's name, which says what it is for.
        name: &'static str,
        /// The system's error.
        source: io::Error,
    },
}

impl StartError {
    /// Whether the seal key is not the one that the store is sealed with, or is none: nothing but another key, or another
    /// volume, helps.
    pub const fn is_sealed(&self) -> bool {
        matches!(
            self,
            Self::Seal(_)
                | Self::Vault(
                    OpenError::OtherVault { .. }
                        | OpenError::OtherKeyring { .. }
                        | OpenError::Keyring(KeyringError::Seal(_) | KeyringError::OtherSealKey { .. })
                )
        )
    }
}
