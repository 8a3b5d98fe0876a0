//! Fetch: each object is decided, read and audited as a read of its own.

use std::{collections::BTreeSet, time::Instant};

use strongroom_audit::{Outcome, Resource, Verdict};
use strongroom_core::{
    Decision, NamedObject, ObjectKind, ObjectName, ObjectState, Operation, Permission, PolicyIndex, Principal,
};
use strongroom_engine::{Answer, ObjectError, ReadRequest};
use strongroom_wire::watch::{Content, Contents, Fetch, NamedState, server_message::Message};

use super::{super::trail::Deed, Stream};
use crate::watch::{
    Core,
    refusal::{End, Refusal},
    request::{self, Entry, SubscriptionId},
    state::state_of,
};

impl Stream {
    pub(super) async fn fetch(&mut self, asked: Fetch) -> Result<(), End> {
        let Ok(id) = SubscriptionId::parse(asked.id) else {
            return self.refuse_unnamed().await;
        };
        if !self.subscriptions.contains_key(&id) {
            return Ok(());
        }
        let limit = self.core.limits.objects;
        if asked.names.len() > limit {
            return self.revoke(id, Refusal::Objects(limit)).await;
        }
        let names = match request::names(&asked.names) {
            Ok(names) => names,
            Err(invalid) => return self.revoke(id, invalid.into()).await,
        };
        // Read when the client can take it, so that nothing is answered under yesterday's policy.
        let slot = self.slot().await?;
        let policy = self.core.service.policy.in_force()?;
        let now = self.core.service.clock.now();
        match self.subscriptions.get(&id) {
            None => Ok(()),
            Some(subscription) if subscription.expires <= now => self.revoke_in(slot, &id, Refusal::Expired),
            Some(_) => {
                let contents = self.contents(&id, &names, &policy)?;
                slot.send(Message::Contents(Contents {
                    id: id.to_string(),
                    contents,
                }));
                Ok(())
            }
        }
    }

    fn contents(
        &mut self,
        id: &SubscriptionId,
        names: &BTreeSet<ObjectName>,
        policy: &PolicyIndex,
    ) -> Result<Vec<Content>, End> {
        let Self {
            core,
            trail,
            subscriptions,
            ..
        } = self;
        let Some(subscription) = subscriptions.get_mut(id) else {
            return Ok(Vec::new());
        };
        let principal = std::sync::Arc::clone(&subscription.holder.principal);
        let asked = subscription
            .entries()
            .filter(|(_, entry)| names.contains(&entry.name));
        let asked: Vec<_> = asked.map(|(index, entry)| (index, entry.clone())).collect();
        let mut contents = Vec::with_capacity(asked.len());
        for (index, entry) in &asked {
            let began = Instant::now();
            let decision = policy.decide(principal.id(), Permission::SecretGet, &entry.name);
            let read = read(core, entry, &principal, decision, policy)?;
            let deed = read.deed(entry, decision.into(), began);
            trail.record(&principal, deed)?;
            subscription.told_with_content(*index, read.state);
            contents.push(read.content(&entry.name));
        }
        // What the subscription does not hold is refused by name, like what policy refuses.
        let held: BTreeSet<_> = asked.iter().map(|(_, entry)| &entry.name).collect();
        for name in names.iter().filter(|name| !held.contains(name)) {
            let read = Read::refused(ObjectState::Forbidden);
            let entry = Entry {
                name: name.clone(),
                version: None,
            };
            let deed = read.deed(&entry, Verdict::NotAsked, Instant::now());
            trail.record(&principal, deed)?;
            contents.push(read.content(name));
        }
        Ok(contents)
    }
}

/// What a read gave. The value is wiped with it, or with the content it goes into.
struct Read {
    state: ObjectState,
    value: zeroize::Zeroizing<Vec<u8>>,
}

impl Read {
    fn refused(state: ObjectState) -> Self {
        Self {
            state,
            value: zeroize::Zeroizing::default(),
        }
    }

    fn content(mut self, name: &ObjectName) -> Content {
        Content {
            state: Some(NamedState::new(name, self.state)),
            value: std::mem::take(&mut *self.value),
        }
    }

    fn deed(&self, entry: &Entry, verdict: Verdict, began: Instant) -> Deed {
        let (outcome, version) = match self.state {
            ObjectState::Available(version) => (Outcome::success(200), Some(version)),
            ObjectState::NotFound | ObjectState::Deleted => {
                (Outcome::failure(404, "SecretNotFound"), entry.version)
            }
            ObjectState::Disabled => (Outcome::failure(403, "SecretDisabled"), entry.version),
            ObjectState::Forbidden => (Outcome::failure(403, "Forbidden"), entry.version),
        };
        let resource = Resource::Object(NamedObject {
            kind: ObjectKind::Secrets,
            name: entry.name.clone(),
            version,
        });
        Deed {
            operation: Operation::SecretGet,
            resource,
            verdict,
            outcome,
            began,
        }
    }
}

/// Reads what `decision` allows.
fn read(
    core: &Core,
    entry: &Entry,
    principal: &Principal,
    decision: Decision<'_>,
    policy: &PolicyIndex,
) -> Result<Read, ObjectError> {
    if !decision.is_allowed() {
        return Ok(Read::refused(ObjectState::Forbidden));
    }
    let get = ReadRequest::Get {
        name: entry.name.clone(),
        version: entry.version,
    };
    match core.service.objects.read(&get, core.now(), &|_| true) {
        Ok(Answer::Secret(secret)) => Ok(Read {
            state: ObjectState::Available(secret.version),
            value: secret
                .value
                .as_ref()
                .map(|value| zeroize::Zeroizing::new(value.expose().as_bytes().to_vec()))
                .unwrap_or_default(),
        }),
        Err(ObjectError::SecretDisabled { .. }) => Ok(Read::refused(ObjectState::Disabled)),
        // Deleted, or not there: the state tells which, to someone who may know. What can be read by now is left to the
        // change that made it so.
        Err(ObjectError::SecretNotFound { .. })
        | Ok(Answer::Page(_) | Answer::Backup(_) | Answer::Purged) => Ok(Read::refused(
            match state_of(entry, principal.id(), policy, &core.service.objects, core.now())? {
                ObjectState::Available(_) => ObjectState::NotFound,
                state => state,
            },
        )),
        Err(error) => Err(error),
    }
}
