//! The Watch protocol, generated from `proto/strongroom/v1/watch.proto`, which documents it.

#![allow(missing_docs, clippy::pedantic, clippy::use_self, reason = "generated code")]

use std::fmt;

use strongroom_core::{ObjectName as CoreName, ObjectState as CoreState, name::NameError};
use zeroize::Zeroize;

tonic::include_proto!("strongroom.v1");

impl fmt::Debug for Subscribe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscribe")
            .field("id", &self.id)
            .field("r#ref", &self.r#ref)
            .field("objects", &self.objects)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Renew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renew")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}

/// Why the state of an object cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The vault says that there is nothing to read, in a word of another release.
    #[error("the vault gives no value and says why in a word of another release")]
    Unknown,
    /// The vault names a malformed version.
    #[error("the vault names a malformed version: {0}")]
    Version(#[source] NameError),
}

impl NamedState {
    /// The message that says the state of the object `name`.
    pub fn new(name: &CoreName, state: CoreState) -> Self {
        Self {
            name: name.to_string(),
            version: state
                .version()
                .map(|version| version.to_string())
                .unwrap_or_default(),
            state: match state {
                CoreState::Available(_) => ObjectState::Available,
                CoreState::NotFound => ObjectState::NotFound,
                CoreState::Deleted => ObjectState::Deleted,
                CoreState::Disabled => ObjectState::Disabled,
                CoreState::Forbidden => ObjectState::Forbidden,
            }
            .into(),
        }
    }

    /// The state that the message says. A version without a state is one that can be read: the release before the
    /// states were numbered says so, and drivers and vaults are not upgraded in one instant.
    pub fn object_state(&self) -> Result<CoreState, StateError> {
        let version = || self.version.parse().map_err(StateError::Version);
        match ObjectState::try_from(self.state) {
            Ok(ObjectState::Available) => Ok(CoreState::Available(version()?)),
            Ok(ObjectState::Unspecified) if !self.version.is_empty() => Ok(CoreState::Available(version()?)),
            Ok(ObjectState::NotFound) => Ok(CoreState::NotFound),
            Ok(ObjectState::Deleted) => Ok(CoreState::Deleted),
            Ok(ObjectState::Disabled) => Ok(CoreState::Disabled),
            Ok(ObjectState::Forbidden) => Ok(CoreState::Forbidden),
            Ok(ObjectState::Unspecified) | Err(_) => Err(StateError::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use strongroom_core::Version;

    use super::*;

    #[test]
    fn a_state_survives_its_message() {
        for state in [
            CoreState::Available(Version::from_bytes([7; 16])),
            CoreState::NotFound,
            CoreState::Deleted,
            CoreState::Disabled,
            CoreState::Forbidden,
        ] {
            let message = NamedState::new(&"db".parse().unwrap(), state);
            assert_eq!(message.object_state(), Ok(state), "{message:?}");
        }
    }

    #[test]
    fn a_state_of_another_release_is_not_taken_for_one_of_ours() {
        let message = |version: &str, state| NamedState {
            name: "db".to_owned(),
            version: version.to_owned(),
            state,
        };
        let version = "07".repeat(16);
        let before = message(&version, ObjectState::Unspecified.into()).object_state();
        assert_eq!(before, Ok(CoreState::Available(version.parse().unwrap())));
        assert_eq!(message("", 0).object_state(), Err(StateError::Unknown));
        assert_eq!(message(&version, 99).object_state(), Err(StateError::Unknown));
        let malformed = message("7", ObjectState::Available.into()).object_state();
        assert!(matches!(malformed, Err(StateError::Version(_))));
    }

    #[test]
    fn printing_a_message_shows_neither_token_nor_value() {
        let subscribe = Subscribe {
            id: "v".into(),
            token: "CANARY".into(),
            ..Default::default()
        };
        let message = ClientMessage {
            message: Some(client_message::Message::Subscribe(subscribe)),
        };
        let contents = Contents {
            id: "v".into(),
            contents: vec![Content {
                state: None,
                value: b"CANARY".to_vec(),
            }],
        };
        let renew = Renew {
            id: "v".into(),
            token: "CANARY".into(),
        };
        let text = format!("{message:?} {contents:?} {renew:?}");
        assert!(!text.contains("CANARY") && !text.contains("67, 65"), "{text}");
    }
}
