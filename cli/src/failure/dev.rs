//! Why `strongroom dev` failed.

use std::{io, path::PathBuf};

use strongroom_client::vault::VaultError;
use strongroom_core::{causes, resource::ResourceNameError};
use strongroom_dev::{
    authority::AuthorityError, control::ControlError, files::FilesError, laptop::DevError,
    manifests::ManifestError, own_certificate::OwnCertificateError, place::PlaceError, seed::SeedError,
};

/// Why there is no vault on this machine.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DevFailure {
    /// A manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A file of seeds.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// A certificate of the user's own.
    #[error(transparent)]
    Certificate(#[from] OwnCertificateError),
    /// The authority of this machine.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The directory of the user.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The start.
    #[error("{}", causes(.0))]
    Start(#[from] DevError),
    /// A file cannot be read or written.
    #[error("cannot use {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// The system refuses something.
    #[error("{0}")]
    System(#[from] io::Error),
    /// No name of an account, as none that is written here.
    #[error(transparent)]
    Account(#[from] ResourceNameError),
    /// A flag names no account.
    #[error("--as: {0}")]
    NoAccount(String),
    /// Somebody asked to end before anything ran.
    #[error("interrupted before the vault was ready")]
    Interrupted,
    /// A vault of a laptop in a cluster.
    #[error(
        "this is a pod of a cluster: {} is there. A vault of `strongroom dev` is for a laptop; give --in-pod to run one here all the \
         same",
        .0.display()
    )]
    InPod(PathBuf),
    /// Nobody can be asked.
    #[error("nobody at a terminal can agree to this: give --yes{0}")]
    NoConsent(&'static str),
    /// The person said no.
    #[error("nothing was done")]
    Declined,
    /// Nothing on this machine can be told.
    #[error("no store of this machine was found that could be told whom to trust")]
    NothingToTrust,
    /// Some of it did not work.
    #[error("{0} of the {1} stores were not changed")]
    NotTrusted(usize, usize),
    /// The vault that runs does not answer as it should.
    #[error(transparent)]
    Vault(VaultError),
    /// Some of it is still there.
    #[error("the account may not remove everything: {0} steps were refused")]
    NotReset(usize),
    /// The one that runs does not do it.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// Files of a SecretRef.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// More than every request would fail.
    #[error("--fail: more than 100% of the requests would fail")]
    TooManyFaults,
    /// None that runs has this address.
    #[error("no `strongroom dev` of this user is at {url}; {}", those(.running))]
    NotAt { url: String, running: Vec<String> },
    /// It was asked to end, and goes on.
    #[error("the `strongroom dev` at {0} was asked to end, and has not ended yet")]
    NotEnded(String),
    /// Nothing runs.
    #[error("no `strongroom dev` is running for this user")]
    NotRunning,
    /// The token of the account would be on a terminal.
    #[error(
        "the environment holds a token, which no terminal gets: use eval \"$(strongroom dev env)\", or --show"
    )]
    Terminal,
}

fn those(urls: &[String]) -> String {
    if urls.is_empty() {
        "none is running".to_owned()
    } else {
        format!("running are {}", urls.join(", "))
    }
}

impl DevFailure {
    /// As the help says.
    pub(super) const fn exit_code(&self) -> u8 {
        match self {
            Self::NotReset(_) | Self::Declined => 1,
            Self::Manifest(_)
            | Self::Seed(_)
            | Self::Certificate(_)
            | Self::Terminal
            | Self::NoAccount(_)
            | Self::InPod(_)
            | Self::NoConsent(_)
            | Self::TooManyFaults
            | Self::Control(ControlError::Refused(_))
            | Self::Files(_) => 2,
            Self::NotRunning | Self::NotAt { .. } | Self::Vault(_) => 4,
            Self::NotEnded(_) => 6,
            Self::Authority(_)
            | Self::NothingToTrust
            | Self::NotTrusted(..)
            | Self::Place(_)
            | Self::Start(_)
            | Self::File { .. }
            | Self::System(_)
            | Self::Account(_)
            | Self::Control(ControlError::Reach(_) | ControlError::Form)
            | Self::Interrupted => 5,
        }
    }
}
