//! Why a command on an object of any kind does nothing.

use strongroom_core::ObjectName;

/// Why nothing was destroyed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LifeFailure {
    /// No terminal, and no flag.
    #[error(
        "purge destroys {kind} {name} for good, and nobody is there to be asked: give --yes, or run it on a terminal"
    )]
    NobodyToAsk { kind: &'static str, name: ObjectName },
    /// Another name was typed.
    #[error("that is not the name of {kind} {name}: nothing was destroyed")]
    OtherName { kind: &'static str, name: ObjectName },
}

impl LifeFailure {
    /// As the help says.
    pub(super) const fn exit_code(&self) -> u8 {
        match self {
            Self::NobodyToAsk { .. } => 2,
            Self::OtherName { .. } => 1,
        }
    }
}
