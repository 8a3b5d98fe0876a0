//! Why a command failed, and the exit code; what to do about it is in `hint`, the word for programs in `code`.

mod cert;
mod code;
mod config;
#[cfg(unix)]
mod dev;
mod direct;
mod hint;
mod key;
mod key_file;
mod life;
mod policy;
mod secret;
mod vault;

use std::{io, path::PathBuf};

use kube::config::KubeconfigError;
use strongroom_client::{TrustError, identity::ExchangeError, vault::VaultError};
use strongroom_core::{NamespaceName, PolicyCheck, name::NameError};
use strongroom_crds::ApiError;

pub(crate) use cert::{CertFailure, CertFileError};
pub(crate) use config::ConfigFailure;
#[cfg(unix)]
pub(crate) use dev::DevFailure;
pub(crate) use direct::DirectFailure;
pub(crate) use key::KeyFailure;
pub(crate) use key_file::KeyFileError;
pub(crate) use life::LifeFailure;
pub(crate) use policy::PolicyFailure;
pub(crate) use secret::SecretFailure;
pub(crate) use vault::VaultObjectFailure;

use crate::output::{FormError, Output, OutputError};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// No usable kubeconfig.
    #[error("the kubeconfig cannot be used: {0}")]
    Kubeconfig(Box<KubeconfigError>),
    /// No client.
    #[error("the client of the Kubernetes API cannot be created: {0}")]
    Client(kube::Error),
    /// A flag holds a malformed name of a namespace.
    #[error("{0}")]
    Namespace(NameError),
    /// The vault was not named.
    #[error("which vault? Give --vault NAME, or --vault NAMESPACE/NAME")]
    NoVault,
    /// Two flags name the vault's namespace, and not the same.
    #[error("--vault and --namespace name different namespaces: give the vault's namespace once")]
    TwoNamespaces,
    /// A path and a flag name the namespace, and not the same.
    #[error("the path and --namespace name different namespaces: give the namespace once")]
    TwoPlaces,
    /// A form of output that the command does not have.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A form of output for a command that has one form alone.
    #[error("the command prints no {}: leave out -o", .0.name())]
    NoOutput(Output),
    /// The Kubernetes API refused or did not answer.
    #[error("cannot {verb} {resource} in namespace {namespace}: {source}")]
    Cluster {
        verb: &'static str,
        resource: &'static str,
        namespace: NamespaceName,
        source: ApiError,
    },
    /// The API gave no token.
    #[error("the Kubernetes API gave no token")]
    NoToken,
    /// The trust bundle is empty.
    #[error("the ConfigMap strongroom-trust-bundle holds no ca.crt; is the operator running?")]
    NoTrust,
    /// The trust bundle cannot be used.
    #[error("the ConfigMap strongroom-trust-bundle cannot be used: {0}")]
    Trust(TrustError),
    /// No such vault, or no such installation.
    #[error("there is no Service {name} in namespace {namespace}")]
    NoService { namespace: NamespaceName, name: String },
    /// No ready pod.
    #[error("no pod of Service {name} in namespace {namespace} is ready")]
    NoPod { namespace: NamespaceName, name: String },
    /// The exchange failed.
    #[error("{source}")]
    Exchange {
        source: ExchangeError,
        namespace: NamespaceName,
    },
    /// The vault refused or cannot be reached.
    #[error("{source}")]
    Vault {
        source: VaultError,
        /// What policy would have to say yes to.
        question: Box<PolicyCheck>,
        /// Whether the account that asked was not named.
        by_default: bool,
        namespace: NamespaceName,
    },
    /// The value cannot be read.
    #[error("the value cannot be read from {path}: {source}")]
    ReadValue { path: PathBuf, source: io::Error },
    /// There is no value.
    #[error("no value: give --from-file PATH, or pipe the value into standard input")]
    NoValue,
    /// The value is too long.
    #[error("the value is longer than 25 KiB, the most that a secret holds")]
    ValueTooLong,
    /// The value is not text.
    #[error("the value is not UTF-8 text; encode it first, for example with base64")]
    ValueNotText,
    /// The value would be obeyed by the terminal.
    #[error(
        "the value holds control characters, which a terminal would obey and not show; write it to a file or a pipe, or \
         give --raw"
    )]
    ValueControls,
    /// What a key made would be obeyed by the terminal.
    #[error(
        "the result holds bytes that a terminal would obey and not show; give -o base64, write it to a file or a pipe, or \
         give --raw"
    )]
    ResultControls,
    /// A backup is nothing for a terminal.
    #[error(
        "a backup is bytes that a terminal would obey and not show; give --to-file PATH, or write it to a pipe"
    )]
    BackupControls,
    /// No backup is that long.
    #[error("the file is longer than 24 MiB, and so no backup that a vault takes")]
    BackupTooLong,
    /// A private key is nothing for a terminal.
    #[error("a private key is not for a terminal to show; give --to-file PATH, or write it to a pipe")]
    PrivateKeyToTerminal,
    /// A token is nothing for a terminal.
    #[error("whoever sees a token can use it: give --to-file PATH, write it to a pipe, or give --print")]
    TokenToTerminal,
    /// The user said no.
    #[error("nothing was written")]
    NotWanted,
    /// A file cannot be written.
    #[error("the {what} cannot be written to {path}: {source}")]
    WriteFile {
        what: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// A command on a key cannot do what its arguments or its input say.
    #[error(transparent)]
    Key(#[from] KeyFailure),
    /// The same of a command on a certificate, or it came to nothing.
    #[error(transparent)]
    Cert(#[from] CertFailure),
    /// Nothing was destroyed.
    #[error(transparent)]
    Life(#[from] LifeFailure),
    /// A command on secrets cannot do what its arguments or its input say.
    #[error(transparent)]
    Secret(#[from] SecretFailure),
    /// The defaults of this program cannot be read, or not be changed as asked for.
    #[error(transparent)]
    Config(#[from] ConfigFailure),
    /// A vault is not reached by its URL.
    #[error(transparent)]
    Direct(#[from] DirectFailure),
    /// A command on a vault as a whole.
    #[error(transparent)]
    VaultObject(#[from] VaultObjectFailure),
    /// A question about policies, or a SecretRef, comes to nothing.
    #[error(transparent)]
    Policy(#[from] PolicyFailure),
    /// There is no vault on this machine.
    #[cfg(unix)]
    #[error(transparent)]
    Dev(#[from] DevFailure),
    /// Standard output is closed.
    #[error("cannot write the output: {0}")]
    Write(#[from] io::Error),
    /// A document cannot be printed in the form that was asked for.
    #[error("the output {0}")]
    Form(#[from] FormError),
    /// The output cannot be written as JSON.
    #[error("cannot write the output as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl Failure {
    /// What the error of a request to the Kubernetes API means.
    pub(crate) fn cluster(
        verb: &'static str,
        resource: &'static str,
        namespace: &NamespaceName,
    ) -> impl FnOnce(kube::Error) -> Self {
        let namespace = namespace.clone();
        move |source| Self::Cluster {
            verb,
            resource,
            namespace,
            source: source.into(),
        }
    }

    /// Whether the Kubernetes API refused for want of a right.
    pub(crate) fn is_forbidden(&self) -> bool {
        matches!(self, Self::Cluster { source, .. } if is_forbidden(source))
    }

    /// As the help says.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Secret(SecretFailure::Partly { source, .. }) => source.exit_code(),
            Self::Exchange {
                source: ExchangeError::Transport(_),
                ..
            }
            | Self::Vault {
                source: VaultError::Transport(_),
                ..
            }
            | Self::NoPod { .. } => 4,
            Self::Exchange { .. } | Self::Vault { .. } | Self::NoService { .. } | Self::NotWanted => 1,
            Self::NoVault
            | Self::TwoNamespaces
            | Self::TwoPlaces
            | Self::Namespace(_)
            | Self::Output(_)
            | Self::NoOutput(_) => 2,
            Self::Key(failure) => failure.exit_code(),
            Self::Cert(failure) => failure.exit_code(),
            Self::Config(failure) => failure.exit_code(),
            Self::Direct(failure) => failure.exit_code(),
            Self::VaultObject(failure) => failure.exit_code(),
            Self::Life(failure) => failure.exit_code(),
            Self::Secret(failure) => failure.exit_code(),
            Self::Policy(failure) => failure.exit_code(),
            #[cfg(unix)]
            Self::Dev(failure) => failure.exit_code(),
            Self::Kubeconfig(_)
            | Self::Client(_)
            | Self::Cluster { .. }
            | Self::NoToken
            | Self::NoTrust
            | Self::Trust(_) => 3,
            Self::ReadValue { .. }
            | Self::NoValue
            | Self::ValueTooLong
            | Self::ValueNotText
            | Self::ValueControls
            | Self::ResultControls
            | Self::BackupControls
            | Self::BackupTooLong
            | Self::PrivateKeyToTerminal
            | Self::TokenToTerminal
            | Self::WriteFile { .. }
            | Self::Write(_)
            | Self::Form(_)
            | Self::Json(_) => 5,
        }
    }
}

/// Whether the API server refused; a port forward is told so in the answer to its upgrade.
fn is_forbidden(error: &ApiError) -> bool {
    match error.get_ref() {
        kube::Error::UpgradeConnection(kube::client::UpgradeConnectionError::ProtocolSwitch(status)) => {
            status.as_u16() == 403
        }
        _ => error.is_forbidden(),
    }
}
