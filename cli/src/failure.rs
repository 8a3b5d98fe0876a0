//! Why a command failed, what to do about it, and the exit code.

use std::{io, path::PathBuf, process::ExitCode};

use kube::config::KubeconfigError;
use strongroom_client::{
    ConnectError, TransportError, TrustError,
    identity::ExchangeError,
    vault::{VaultError, VaultRefusal},
};
use strongroom_core::{NamespaceName, name::NameError};

use crate::check_command::CheckCommand;

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
    #[error("which vault? Give --vault NAME")]
    NoVault,
    /// The Kubernetes API refused or did not answer.
    #[error("cannot {verb} {resource} in namespace {namespace}: {}", api_message(source))]
    Cluster {
        verb: &'static str,
        resource: &'static str,
        namespace: NamespaceName,
        source: kube::Error,
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
        question: Box<CheckCommand>,
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
    /// Standard output is closed.
    #[error("cannot write the output: {0}")]
    Write(#[from] io::Error),
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
            source,
        }
    }

    /// What to try next.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Cluster {
                verb,
                resource,
                namespace,
                source,
            } if is_forbidden(source) => Some(why(verb, resource, namespace)),
            Self::NoService { namespace, .. } => Some(format!(
                "To see the vaults that are there: kubectl get vaults -n {namespace}"
            )),
            Self::NoPod { namespace, .. } => Some(format!(
                "To see what it waits for: kubectl get pods,vaults -n {namespace}"
            )),
            Self::Exchange {
                source: ExchangeError::Transport(error),
                namespace,
            }
            | Self::Vault {
                source: VaultError::Transport(error),
                namespace,
                ..
            } => forward_hint(error, namespace),
            Self::Vault { source, question, .. }
                if source.refusal().is_some_and(VaultRefusal::is_forbidden) =>
            {
                Some(format!("To see why: {question}"))
            }
            _ => None,
        }
    }

    /// As the help says.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Exchange {
                source: ExchangeError::Transport(_),
                ..
            }
            | Self::Vault {
                source: VaultError::Transport(_),
                ..
            }
            | Self::NoPod { .. } => 4,
            Self::Exchange { .. } | Self::Vault { .. } | Self::NoService { .. } => 1,
            Self::NoVault | Self::Namespace(_) => 2,
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
            | Self::Write(_)
            | Self::Json(_) => 5,
        })
    }
}

/// The command that shows whether the right is there.
fn why(verb: &str, resource: &str, namespace: &NamespaceName) -> String {
    format!("To see why: kubectl auth can-i {verb} {resource} -n {namespace}")
}

/// A port forward is refused below TLS, where it looks like a broken connection.
fn forward_hint(error: &TransportError, namespace: &NamespaceName) -> Option<String> {
    let TransportError::Connect {
        source: ConnectError::Open { source, .. },
        ..
    } = error
    else {
        return None;
    };
    let source = source.get_ref()?.downcast_ref::<kube::Error>()?;
    is_forbidden(source).then(|| why("create", "pods/portforward", namespace))
}

fn is_forbidden(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(status) => status.code == 403,
        kube::Error::UpgradeConnection(kube::client::UpgradeConnectionError::ProtocolSwitch(status)) => {
            status.as_u16() == 403
        }
        _ => false,
    }
}

/// The API server's sentence, where there is one.
fn api_message(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => status.message.clone(),
        other => other.to_string(),
    }
}
