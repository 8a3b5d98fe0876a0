//! Fetch: each object is decided, read and audited as a read of its own.

use std::{collections::BTreeSet, slice, sync::Arc, time::Instant};

use futures::future::try_join_all;
use strongroom_audit::Resource;
use strongroom_core::{NamedObject, ObjectKind, ObjectName, ObjectState, Operation};
use strongroom_engine::{Answer, ObjectError, ReadRequest};
use strongroom_serving::accept::Source;
use strongroom_wire::watch::{Content, Contents, Fetch, NamedState, server_message::Message};
use zeroize::Zeroizing;

use super::Stream;
use crate::{
    access::Failure,
    auth::Authenticated,
    pool::Share,
    watch::{
        refusal::{StreamEnd, SubscriptionRefusal},
        request::{self, SubscriptionId},
    },
};

/// Bytes of the longest value (Azure, About secrets: 25 KB), with its name and what frames it.
const MAX_VALUE: usize = 26 * 1024;

/// Bytes of what names the contents that a subscription does not hold.
const MAX_MESSAGE: usize = 16 * 1024;

impl Stream {
    pub(super) async fn fetch(&mut self, asked: Fetch) -> Result<(), StreamEnd> {
        let Ok(id) = SubscriptionId::parse(asked.id) else {
            return self.refuse_unnamed().await;
        };
        if !self.subscriptions.contains_key(&id) {
            return Ok(());
        }
        let limit = self.core.limits.objects;
        if asked.names.len() > limit {
            return self.revoke(id, SubscriptionRefusal::Objects(limit)).await;
        }
        let names = match request::names(&asked.names) {
            Ok(names) => names,
            Err(invalid) => return self.revoke(id, invalid.into()).await,
        };
        if let Some(subscription) = self.subscriptions.get(&id) {
            let (holder, began) = (Arc::clone(&subscription.holder), Instant::now());
            if let Err(refusal) = self.count_requests(&holder, names.len().max(1)) {
                self.record_refusal(&holder, Operation::SecretGet, refusal, began)
                    .await?;
                return self.revoke(id, refusal).await;
            }
        }
        // Read when the client can take it, so that nothing is answered under yesterday's policy.
        let slot = self.slot().await?;
        let room = self.room(&id, &names).await?;
        self.core.service.policy.in_force().map_err(Failure::from)?;
        let now = self.core.service.clock.now();
        match self.subscriptions.get(&id) {
            None => Ok(()),
            Some(subscription) if subscription.expires <= now => {
                self.revoke_in(slot, &id, SubscriptionRefusal::Expired)
            }
            Some(_) => {
                let contents = self.contents(&id, &names).await?;
                let contents = Contents {
                    id: id.to_string(),
                    contents,
                };
                slot.send_in(Message::Contents(contents), Some(room));
                Ok(())
            }
        }
    }

    /// Room for the contents of `names`, before any of them is read. Waits for what other streams of its source, and then
    /// all, have not yet read.
    async fn room(
        &self,
        id: &SubscriptionId,
        names: &BTreeSet<ObjectName>,
    ) -> Result<Share<Source>, StreamEnd> {
        let objects = self.subscriptions.get(id).map_or(0, |subscription| {
            let held = subscription.objects().iter();
            held.filter(|object| names.contains(&object.name)).count()
        });
        let bytes = objects.saturating_mul(MAX_VALUE).saturating_add(MAX_MESSAGE);
        let source = self.ticket.source();
        let room = self.core.waiting.share(&source, bytes).await;
        room.map_err(|_busy| StreamEnd::Slow)
    }

    async fn contents(
        &mut self,
        id: &SubscriptionId,
        names: &BTreeSet<ObjectName>,
    ) -> Result<Vec<Content>, StreamEnd> {
        let Some(subscription) = self.subscriptions.get(id) else {
            return Ok(Vec::new());
        };
        let holder = Arc::clone(&subscription.holder);
        let objects = subscription.objects().iter().enumerate();
        let (places, held): (Vec<_>, Vec<_>) = objects
            .filter(|(_, object)| names.contains(&object.name))
            .map(|(place, object)| (place, object.clone()))
            .unzip();
        // All at once, so that their records are written together.
        let reads = try_join_all(held.iter().map(|object| self.read(&holder, object))).await?;
        let known: BTreeSet<_> = held.iter().map(|object| &object.name).collect();
        let foreign: Vec<_> = names.iter().filter(|name| !known.contains(name)).collect();
        try_join_all(foreign.iter().map(|name| self.refuse_foreign(&holder, name))).await?;
        if let Some(subscription) = self.subscriptions.get_mut(id) {
            for (place, read) in places.into_iter().zip(&reads) {
                subscription.record_content_sent(place, read.state);
            }
        }
        let contents = held
            .iter()
            .zip(reads)
            .map(|(object, read)| read.content(&object.name));
        // What the subscription does not hold is refused by name, like what policy refuses.
        let refused = foreign
            .into_iter()
            .map(|name| Read::refused(ObjectState::Forbidden).content(name));
        Ok(contents.chain(refused).collect())
    }

    /// Reads `object` for `holder`, and records it.
    async fn read(&self, holder: &Authenticated, object: &NamedObject) -> Result<Read, StreamEnd> {
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
        let get = ReadRequest::Get {
            name: object.name.clone(),
            version,
        };
        let caller = self.caller(holder, began);
        let admitted = access.admit(caller, Operation::SecretGet, Resource::Object(named));
        let answer = match admitted.await {
            Ok(admitted) => admitted.read(get).await.map(|read| read.answer),
            Err(refused) => Err(refused),
        };
        match answer {
            Ok(Answer::Object(secret)) => Ok(Read {
                state: ObjectState::Available(secret.version),
                value: secret
                    .content
                    .as_ref()
                    .map(|value| Zeroizing::new(value.expose().as_bytes().to_vec()))
                    .unwrap_or_default(),
            }),
            // No answer to this request.
            Ok(Answer::Page(_) | Answer::Backup(_) | Answer::Purged) => {
                Ok(Read::refused(ObjectState::NotFound))
            }
            Err(refused) => state_of(refused.failure(), state).map(Read::refused),
        }
    }

    /// Records that `holder` asked for an object that its subscription does not hold.
    async fn refuse_foreign(&self, holder: &Authenticated, name: &ObjectName) -> Result<(), StreamEnd> {
        let resource = Resource::Object(NamedObject {
            kind: ObjectKind::Secrets,
            name: name.clone(),
            version: None,
        });
        let caller = self.caller(holder, Instant::now());
        let refused = self
            .core
            .access
            .refuse(caller, Operation::SecretGet, resource, Failure::NotSubscribed)
            .await;
        if refused.is_recorded() {
            Ok(())
        } else {
            Err(Failure::Audit.into())
        }
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
        | Failure::Key(_)
        | Failure::Object(
            ObjectError::BadParameter(_)
            | ObjectError::DeletedNotFound { .. }
            | ObjectError::PurgeProtected { .. }
            | ObjectError::DeletedButRecoverable { .. }
            | ObjectError::NameInUse { .. }
            | ObjectError::Superseded { .. }
            | ObjectError::TooManyVersions { .. }
            | ObjectError::VaultFull { .. }
            | ObjectError::Corrupt { .. }
            | ObjectError::Store(_),
        )
        | Failure::Audit
        | Failure::Storage
        | Failure::OutcomeUnknown => Err(failure.clone().into()),
    }
}

/// What a read gave. The value is wiped with it, or with the content it goes into.
struct Read {
    state: ObjectState,
    value: Zeroizing<Vec<u8>>,
}

impl Read {
    fn refused(state: ObjectState) -> Self {
        Self {
            state,
            value: Zeroizing::default(),
        }
    }

    fn content(mut self, name: &ObjectName) -> Content {
        Content {
            state: Some(NamedState::new(name, self.state)),
            value: std::mem::take(&mut *self.value),
        }
    }
}
