//! Why a vault is not reached by its URL.

use std::path::PathBuf;

use strongroom_client::TrustError;
use strongroom_core::{AccountName, VaultRef};

/// What is missing or wrong of what a vault is reached by without the Kubernetes API.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DirectFailure {
    /// A flag holds no URL of a server.
    #[error("{0} must be https://HOST or https://HOST:PORT, and not {1:?}")]
    Url(&'static str, String),
    /// A variable names no proxy.
    #[error("{0} must be http://ADDRESS:PORT, as `strongroom vault open` sets it")]
    Proxy(&'static str),
    /// The URL does not say which vault it leads to.
    #[error("which vault is at {0}? Give --vault NAMESPACE/NAME beside the URL")]
    WhichVault(String),
    /// The URL leads to another vault than the flags name.
    #[error("{host} is not vault {vault}: give the URL of that vault, or leave out --vault")]
    OtherVault { host: String, vault: VaultRef },
    /// A cluster was named, and a URL that leads past it.
    #[error(
        "--url or STRONGROOM_VAULT_URL leads to a vault without a cluster, and another flag names one: leave out the flag, or unset \
         STRONGROOM_VAULT_URL"
    )]
    TwoPlaces,
    /// The vault was named without its namespace.
    #[error("which namespace is the vault in? Give --vault NAMESPACE/NAME")]
    WhichNamespace,
    /// Nobody says where the identity service is.
    #[error("where is the identity service, {0}? Give --login-url, or set AZURE_AUTHORITY_HOST")]
    NoLogin(&'static str),
    /// Nobody says where the token is.
    #[error("whose token? Give --token-file PATH, or set AZURE_FEDERATED_TOKEN_FILE")]
    NoTokenFile,
    /// Nobody says whom to trust.
    #[error("whom to trust? Give --ca PATH with the authorities of the vault, or set SSL_CERT_FILE")]
    NoTrust,
    /// A file is longer than anything of its kind, or no text.
    #[error("{} is too long, or no text", .0.display())]
    NoText(PathBuf),
    /// A file holds no token of a service account.
    #[error("{} holds no token of a service account", .0.display())]
    Token(PathBuf),
    /// The token is of another account than was asked for.
    #[error(
        "the token in {} is of {}, and not of {}: with a URL, a command is the account of its token",
        path.display(), own.path(), given.path()
    )]
    OtherAccount {
        path: PathBuf,
        own: AccountName,
        given: AccountName,
    },
    /// A file holds no authority.
    #[error("{} cannot be used: {source}", path.display())]
    Trust { path: PathBuf, source: TrustError },
}

impl DirectFailure {
    /// As the help says.
    pub(super) const fn exit_code(&self) -> u8 {
        match self {
            Self::Url(..)
            | Self::Proxy(_)
            | Self::WhichVault(_)
            | Self::WhichNamespace
            | Self::OtherVault { .. }
            | Self::TwoPlaces
            | Self::NoLogin(_)
            | Self::NoTokenFile
            | Self::NoTrust
            | Self::OtherAccount { .. } => 2,
            Self::NoText(_) | Self::Token(_) | Self::Trust { .. } => 5,
        }
    }
}
