//! Why a command on secrets does nothing. No error holds a value.

use std::{io, path::PathBuf, process::ExitStatus};

use strongroom_core::{ObjectName, Version};

use super::Failure;

/// Why a command on secrets does nothing, or not all of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretFailure {
    /// Two different values were typed.
    #[error("the two values are not the same: nothing was set")]
    Differ,
    /// Nothing was typed.
    #[error("there is no value: nothing was set. An empty value is set by -f /dev/null")]
    NothingTyped,
    /// What was typed may be longer than a terminal passes on.
    #[error(
        "a terminal passes on no more than 4095 bytes of a line: give --from-file PATH, or pipe the value into standard input"
    )]
    LongLine,
    /// The machine has no random bytes.
    #[error("this machine gives no random bytes")]
    NoRandomBytes,
    /// The flag of documents without one.
    #[error("--show-value is of documents: give -o json, yaml or jsonpath=PATH with it")]
    ShowValue,
    /// No variable can hold the value.
    #[error("the value holds a NUL, which no variable of an environment can hold: leave out -o env")]
    Nul,
    /// There is no such secret.
    #[error("there is no secret {name}, or it is deleted")]
    NotFound { name: ObjectName, flags: String },
    /// There is no such version.
    #[error("secret {name} has no version {version}")]
    NoVersion { name: ObjectName, version: Version },
    /// There is one version alone.
    #[error("secret {0} has one version: there is none before it")]
    NoPrevious(ObjectName),
    /// It is not clear which version comes before the current one.
    #[error("versions {first} and {second} of secret {name} were made in the same second: name one of them")]
    SameSecond {
        name: ObjectName,
        first: Version,
        second: Version,
    },
    /// It is not clear which version is the current one.
    #[error(
        "versions {first} and {second} of secret {name} were made in the same second, and the list does not say which is the \
         current one: give --version"
    )]
    WhichCurrent {
        name: ObjectName,
        first: Version,
        second: Version,
    },
    /// The current version is another one than the caller thinks.
    #[error("the current version of secret {name} is {current}, and not {wanted}: nothing was set")]
    OtherVersion {
        name: ObjectName,
        current: Version,
        wanted: Version,
    },
    /// The version to go back to is the current one.
    #[error("version {version} of secret {name} is the current one already: nothing was set")]
    AlreadyCurrent { name: ObjectName, version: Version },
    /// Somebody set the secret while the command ran.
    #[error("secret {0} got a new version meanwhile: nothing was set. Look at it, and begin again")]
    ChangedMeanwhile(ObjectName),
    /// A secret would be copied to itself.
    #[error("both names are of the same secret: a version comes back by `secret rollback`")]
    CopyToItself,
    /// Two vaults, and one URL.
    #[error("--url leads to one vault: leave out the vaults in SOURCE and TARGET, or use the kubeconfig")]
    TwoVaultsByUrl,
    /// Several secrets of a file have one name.
    #[error("two of the secrets are called {0}: nothing was set")]
    Twice(ObjectName),
    /// A value of a file is longer than any.
    #[error("the value of {0} is longer than 25 KiB, the most that a secret holds: nothing was set")]
    LongValue(ObjectName),
    /// A file of no secret.
    #[error("{0} holds no secret: nothing was set")]
    NoSecrets(String),
    /// A file of another form.
    #[cfg(unix)]
    #[error(
        "--from-env-file reads lines NAME=VALUE, and {} is a list: give it to `secret import`", .0.display()
    )]
    ListOfSecrets(PathBuf),
    /// A file of secrets.
    #[cfg(unix)]
    #[error(transparent)]
    Seed(#[from] strongroom_dev::seed::SeedError),
    /// The Kubernetes Secret has no such key.
    #[error("the Kubernetes Secret {secret} has no key {key}; it has {keys}")]
    NoKey {
        secret: String,
        key: String,
        keys: String,
    },
    /// It has several keys, or none.
    #[error("which key? Give {secret}:KEY; the Kubernetes Secret has {keys}")]
    WhichKey { secret: String, keys: String },
    /// The value is not text.
    #[error(
        "the value of key {key} of the Kubernetes Secret {secret} is not UTF-8 text, or longer than 25 KiB"
    )]
    KeyValue { secret: String, key: String },
    /// The key is no name.
    #[error(
        "no secret can have the name of key {key} of the Kubernetes Secret {secret}: give it with `secret set NAME --from-secret {secret}:{key}`"
    )]
    KeyName { secret: String, key: String },
    /// One of many could not be set.
    #[error("secret {name} was not set: {source}\nSet before it: {before}. Not tried: {after}.")]
    Partly {
        name: ObjectName,
        before: String,
        after: String,
        source: Box<Failure>,
    },
    /// There is no place in memory for a file.
    #[error(
        "there is no place in memory for the file to edit: neither XDG_RUNTIME_DIR nor /dev/shm is a tmpfs of this machine, and \
         a value is not written to a disk. Use `secret get` and `secret set` with pipes"
    )]
    NoMemory,
    /// The file cannot be used.
    #[error("the file to edit cannot be used: {0}")]
    EditedFile(io::Error),
    /// There is no editor.
    #[error("the editor `{editor}` cannot be run: {source}. Set VISUAL or EDITOR")]
    NoEditor { editor: String, source: io::Error },
    /// The editor failed.
    #[error("the editor `{editor}` ended with {status}: nothing was set")]
    EditorFailed { editor: String, status: ExitStatus },
    /// A signal came while somebody edited.
    #[error("interrupted: nothing was set")]
    Interrupted,
    /// Nothing is left of the value.
    #[error(
        "nothing is left of the value: nothing was set. An empty value is set by `secret set NAME -f /dev/null`"
    )]
    EditedToNothing,
}

impl SecretFailure {
    /// As the help says: 1 where the state of the secret says no, 2 where the arguments are wrong, 5 where the input is.
    pub(super) const fn exit_code(&self) -> u8 {
        match self {
            Self::NotFound { .. }
            | Self::NoVersion { .. }
            | Self::NoPrevious(_)
            | Self::SameSecond { .. }
            | Self::WhichCurrent { .. }
            | Self::OtherVersion { .. }
            | Self::AlreadyCurrent { .. }
            | Self::ChangedMeanwhile(_)
            | Self::Partly { .. } => 1,
            Self::ShowValue
            | Self::CopyToItself
            | Self::TwoVaultsByUrl
            | Self::NoKey { .. }
            | Self::WhichKey { .. } => 2,
            #[cfg(unix)]
            Self::ListOfSecrets(_) => 2,
            #[cfg(unix)]
            Self::Seed(_) => 5,
            Self::Differ
            | Self::NothingTyped
            | Self::LongLine
            | Self::NoRandomBytes
            | Self::Nul
            | Self::Twice(_)
            | Self::LongValue(_)
            | Self::NoSecrets(_)
            | Self::KeyValue { .. }
            | Self::KeyName { .. }
            | Self::NoMemory
            | Self::EditedFile(_)
            | Self::NoEditor { .. }
            | Self::EditorFailed { .. }
            | Self::Interrupted
            | Self::EditedToNothing => 5,
        }
    }
}
