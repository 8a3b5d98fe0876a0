//! One link of the chain, and whether it holds.

use serde::Serialize;

use super::facts::Hidden;

/// Whether a link holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum StepState {
    /// It holds.
    Holds,
    /// It does not.
    Fails,
    /// It could not be looked at.
    Unknown,
}

impl StepState {
    pub(super) const fn mark(self) -> char {
        match self {
            Self::Holds => '✓',
            Self::Fails => '✗',
            Self::Unknown => '?',
        }
    }
}

/// One link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Step {
    /// What it is about, in a word or two.
    #[serde(rename = "step")]
    pub(super) name: String,
    pub(super) state: StepState,
    /// A sentence.
    pub(super) message: String,
    /// A command or manifest that mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fix: Option<String>,
    /// The command that shows whether the caller has the right to look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) can_i: Option<String>,
}

impl Step {
    pub(super) fn holds(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(name, StepState::Holds, message)
    }

    pub(super) fn fails(name: impl Into<String>, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            fix: Some(fix.into()),
            ..Self::new(name, StepState::Fails, message)
        }
    }

    pub(super) fn unknown(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(name, StepState::Unknown, message)
    }

    /// The caller may not look.
    pub(super) fn hidden(name: impl Into<String>, hidden: &Hidden) -> Self {
        Self {
            can_i: hidden.can_i.clone(),
            ..Self::unknown(name, hidden.why.clone())
        }
    }

    fn new(name: impl Into<String>, state: StepState, message: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            state,
            message: message.into(),
            fix: None,
            can_i: None,
        }
    }
}
