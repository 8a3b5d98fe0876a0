//! One object of a Fetch: its value, or its public part where it is a key, read and audited as a GET of it.

use std::{slice, time::Instant};

use strongroom_audit::Resource;
use strongroom_core::{NamedObject, ObjectKind, ObjectPath, ObjectState, Operation};
use strongroom_engine::{
    CryptoKey, KeyBundle, ObjectError, ReadRequest, Secret, SecretBundle,
    object::{
        answer::{Answer, Bundle},
        tasks::Tasks,
    },
};
use strongroom_wire::watch::{Content, NamedState};
use zeroize::Zeroizing;

use super::super::Stream;
use crate::{
    access::{Caller, Failure, Refused},
    auth::Authenticated,
    keys::jwk::public_jwk,
    watch::refusal::StreamEnd,
};

impl Stream {
    /// Reads `object` for `holder`, and records it.
    pub(super) async fn read(&self, holder: &Authenticated, object: &NamedObject) -> Result<Read, StreamEnd> {
        let (access, began) = (&self.core.access, Instant::now());
        let subject = holder.principal.id();
        let state = access
            .states(subject, slice::from_ref(object))
            .map_err(Failure::from)?;
        let state = state.first().copied().unwrap_or(ObjectState::Forbidden);
        // The version that is read is named, so that the record names it.
        let version = state.version().or(object.version);
        let named = NamedObject {
            version,
            ..object.clone()
        };
        let caller = self.caller(holder, began);
        let read = match object.kind {
            ObjectKind::Secrets => {
                let read = self.read_one::<Secret>(caller, named).await;
                read.map(|secret| secret.map(|secret| value(&secret)))
            }
            ObjectKind::Keys => {
                let read = self.read_one::<CryptoKey>(caller, named).await;
                read.map(|key| key.map(|key| self.public_part(&key)))
            }
            // No subscription holds one: this release keeps none.
            ObjectKind::Certificates => Ok(None),
        };
        match read {
            Ok(read) => Ok(read.unwrap_or_else(|| Read::refused(ObjectState::NotFound))),
            Err(refused) => state_of(refused.failure(), state).map(Read::refused),
        }
    }

    /// Reads the version that `object` names, as a GET of it would; none where what is answered is no object.
    async fn read_one<K: Tasks>(
        &self,
        caller: Caller,
        object: NamedObject,
    ) -> Result<Option<Box<Bundle<K>>>, Refused> {
        let request = ReadRequest::Get {
            name: object.name.clone(),
            version: object.version,
        };
        let admitted = self
            .core
            .access
            .admit(caller, get(K::KIND), Resource::Object(object));
        match admitted.await?.read(request).await?.answer {
            Answer::Object(read) => Ok(Some(read)),
            // No answer to this request.
            Answer::Page(_) | Answer::Backup(_) | Answer::Purged => Ok(None),
        }
    }

    /// The public part of a key as a GET of it answers it.
    fn public_part(&self, key: &KeyBundle) -> Read {
        let vault = self.core.service.resource.uri();
        let kid = format!("{vault}/keys/{}/{}", key.name.spelling(), key.version);
        Read {
            state: ObjectState::Available(key.version),
            // Text is always JSON.
            value: serde_json::to_vec(&public_jwk(key, kid))
                .unwrap_or_default()
                .into(),
        }
    }
}

/// The operation that reads an object of `kind`.
pub(super) const fn get(kind: ObjectKind) -> Operation {
    match kind {
        ObjectKind::Secrets => Operation::SecretGet,
        ObjectKind::Keys => Operation::KeyGet,
        // This release keeps none.
        ObjectKind::Certificates => Operation::Unknown,
    }
}

fn value(secret: &SecretBundle) -> Read {
    let value = secret.content.as_ref();
    Read {
        state: ObjectState::Available(secret.version),
        value: value
            .map(|value| Zeroizing::new(value.expose().as_bytes().to_vec()))
            .unwrap_or_default(),
    }
}

/// The state that a read met which failed with `failure`, just after the object was in state `before`. What is there
/// by now is left to the change that made it so.
///
/// # Errors
/// Where the failure says nothing of the object: the stream ends, and the client reads again.
fn state_of(failure: &Failure, before: ObjectState) -> Result<ObjectState, StreamEnd> {
    match failure {
        Failure::Forbidden(_) => Ok(ObjectState::Forbidden),
        Failure::Object(ObjectError::Disabled { .. }) => Ok(ObjectState::Disabled),
        Failure::Object(ObjectError::NotFound { .. }) => Ok(match before {
            ObjectState::Deleted => ObjectState::Deleted,
            ObjectState::Available(_)
            | ObjectState::NotFound
            | ObjectState::Disabled
            | ObjectState::Forbidden => ObjectState::NotFound,
        }),
        Failure::NoSuchOperation
        | Failure::NoSuchMethod
        | Failure::Malformed
        | Failure::BodyTooLong
        | Failure::BodyTooSlow
        | Failure::OtherHolder
        | Failure::Throttled(_)
        | Failure::Limit
        | Failure::QueueFull
        | Failure::Busy
        | Failure::NotSubscribed
        | Failure::Closed(_)
        | Failure::Unusable(_)
        | Failure::NotReleased(_)
        | Failure::Key(_)
        | Failure::Object(
            ObjectError::BadParameter(_)
            | ObjectError::MalformedBackup(_)
            | ObjectError::DeletedNotFound { .. }
            | ObjectError::PurgeProtected { .. }
            | ObjectError::DeletedButRecoverable { .. }
            | ObjectError::NameInUse { .. }
            | ObjectError::Superseded { .. }
            | ObjectError::TooManyVersions { .. }
            | ObjectError::VaultFull { .. }
            | ObjectError::Managed { .. }
            | ObjectError::NameOfAnother { .. }
            | ObjectError::Operation(_)
            | ObjectError::Corrupt { .. }
            | ObjectError::Store(_),
        )
        | Failure::Audit
        | Failure::Storage
        | Failure::Certificate(_)
        | Failure::OutcomeUnknown => Err(failure.clone().into()),
    }
}

/// What a read gave. The value is wiped with it, or with the content it goes into.
pub(super) struct Read {
    pub(super) state: ObjectState,
    value: Zeroizing<Vec<u8>>,
}

impl Read {
    pub(super) fn refused(state: ObjectState) -> Self {
        Self {
            state,
            value: Zeroizing::default(),
        }
    }

    pub(super) fn content(mut self, object: &ObjectPath) -> Content {
        Content {
            state: Some(NamedState::new(object, self.state)),
            value: std::mem::take(&mut *self.value),
        }
    }
}
