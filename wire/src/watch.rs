//! The Watch protocol, generated from `proto/strongroom/v1/watch.proto`, which documents it.

#![allow(missing_docs, clippy::pedantic, clippy::use_self, reason = "generated code")]

use std::fmt;

use strongroom_core::{ObjectKind as CoreKind, ObjectPath, ObjectState as CoreState, name::NameError};
use zeroize::Zeroize;

tonic::include_proto!("strongroom.v1");

impl fmt::Debug for Subscribe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscribe")
            .field("id", &self.id)
            .field("r#ref", &self.r#ref)
            .field("objects", &self.objects)
            .field("keys", &self.keys)
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

impl From<CoreKind> for ObjectKind {
    fn from(kind: CoreKind) -> Self {
        match kind {
            CoreKind::Secrets => Self::Secret,
            CoreKind::Keys => Self::Key,
            CoreKind::Certificates => Self::Certificate,
        }
    }
}

impl From<ObjectKind> for CoreKind {
    fn from(kind: ObjectKind) -> Self {
        match kind {
            ObjectKind::Secret => Self::Secrets,
            ObjectKind::Key => Self::Keys,
            ObjectKind::Certificate => Self::Certificates,
        }
    }
}

impl NamedState {
    /// The message that says the state of `object`.
    pub fn new(object: &ObjectPath, state: CoreState) -> Self {
        Self {
            kind: ObjectKind::from(object.kind).into(),
            name: object.name.to_string(),
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

    /// The object that the message is about; none where its kind is of another release, or its name is none. A message
    /// without a kind is about a secret: the releases before keys say nothing else.
    pub fn object(&self) -> Option<ObjectPath> {
        Some(ObjectPath {
            kind: ObjectKind::try_from(self.kind).ok()?.into(),
            name: self.name.parse().ok()?,
        })
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
    use prost::Message as _;
    use strongroom_core::Version;

    use super::*;

    fn object(kind: CoreKind, name: &str) -> ObjectPath {
        ObjectPath {
            kind,
            name: name.parse().unwrap(),
        }
    }

    #[test]
    fn a_state_survives_its_message() {
        for state in [
            CoreState::Available(Version::from_bytes([7; 16])),
            CoreState::NotFound,
            CoreState::Deleted,
            CoreState::Disabled,
            CoreState::Forbidden,
        ] {
            for kind in [CoreKind::Secrets, CoreKind::Keys, CoreKind::Certificates] {
                let object = object(kind, "db");
                let message = NamedState::new(&object, state);
                assert_eq!(message.object_state(), Ok(state), "{message:?}");
                assert_eq!(message.object(), Some(object));
            }
        }
    }

    #[test]
    fn a_state_without_a_kind_is_a_secrets_and_one_of_another_release_is_no_objects() {
        let of = |kind| NamedState {
            name: "db".to_owned(),
            kind,
            ..NamedState::default()
        };
        assert_eq!(of(0).object(), Some(object(CoreKind::Secrets, "db")));
        assert_eq!(of(99).object(), None);
        let nameless = NamedState {
            name: "../db".to_owned(),
            ..of(1)
        };
        assert_eq!(nameless.object(), None);
    }

    /// As the release before keys reads and writes it: field 4 is all that it knows of what is subscribed to.
    #[derive(Clone, PartialEq, prost::Message)]
    struct EarlierSubscribe {
        #[prost(string, tag = "1")]
        id: String,
        #[prost(message, repeated, tag = "4")]
        objects: Vec<ObjectName>,
    }

    #[test]
    fn a_vault_of_an_earlier_release_takes_no_key_for_a_secret() {
        let named = |name: &str| ObjectName {
            name: name.to_owned(),
            version: String::new(),
        };
        let subscribe = Subscribe {
            id: "v".to_owned(),
            objects: vec![named("db")],
            keys: vec![named("tokens")],
            ..Subscribe::default()
        };
        let earlier = EarlierSubscribe::decode(subscribe.encode_to_vec().as_slice()).unwrap();
        assert_eq!(earlier.objects, [named("db")]);
        let read = Subscribe::decode(earlier.encode_to_vec().as_slice()).unwrap();
        assert_eq!((read.objects.len(), read.keys.len()), (1, 0));
    }

    #[test]
    fn a_state_of_another_release_is_not_taken_for_one_of_ours() {
        let message = |version: &str, state| NamedState {
            name: "db".to_owned(),
            version: version.to_owned(),
            state,
            ..NamedState::default()
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
