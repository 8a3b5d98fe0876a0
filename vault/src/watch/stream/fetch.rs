//! Fetch: each object is decided, read and audited as a read of its own.

mod read;

use std::{collections::BTreeSet, sync::Arc, time::Instant};

use futures::future::try_join_all;
use strongroom_audit::Resource;
use strongroom_core::{NamedObject, ObjectPath, ObjectState, Operation};
use strongroom_serving::accept::Source;
use strongroom_wire::watch::{Content, Contents, Fetch, server_message::Message};

use self::read::{Read, get};
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

/// Bytes of the longest value (Azure, About secrets: 25 KB), with its name and what frames it. The public part of a key
/// is shorter.
const MAX_VALUE: usize = 26 * 1024;

/// Bytes of what names the contents that a subscription does not hold.
const MAX_MESSAGE: usize = 16 * 1024;

impl Stream {
    pub(super) async fn fetch(&mut self, mut asked: Fetch) -> Result<(), StreamEnd> {
        let Ok(id) = SubscriptionId::parse(std::mem::take(&mut asked.id)) else {
            return self.refuse_unnamed().await;
        };
        if !self.subscriptions.contains_key(&id) {
            return Ok(());
        }
        let limit = self.core.limits.objects;
        if asked.names.len().saturating_add(asked.keys.len()) > limit {
            return self.revoke(id, SubscriptionRefusal::Objects(limit)).await;
        }
        let wanted = match request::fetched(&asked) {
            Ok(wanted) => wanted,
            Err(invalid) => return self.revoke(id, invalid.into()).await,
        };
        if let Some(subscription) = self.subscriptions.get(&id) {
            let (holder, began) = (Arc::clone(&subscription.holder), Instant::now());
            if let Err(refusal) = self.count_requests(&holder, wanted.len().max(1)) {
                let operation = wanted
                    .first()
                    .map_or(Operation::SecretGet, |first| get(first.kind));
                self.record_refusal(&holder, operation, refusal, began).await?;
                return self.revoke(id, refusal).await;
            }
        }
        // Read when the client can take it, so that nothing is answered under yesterday's policy.
        let slot = self.slot().await?;
        let room = self.room(&id, &wanted).await?;
        self.core.service.policy.in_force().map_err(Failure::from)?;
        let now = self.core.service.clock.now();
        match self.subscriptions.get(&id) {
            None => Ok(()),
            Some(subscription) if subscription.expires <= now => {
                self.revoke_in(slot, &id, SubscriptionRefusal::Expired)
            }
            Some(_) => {
                let contents = self.contents(&id, &wanted).await?;
                let contents = Contents {
                    id: id.to_string(),
                    contents,
                };
                slot.send_in(Message::Contents(contents), Some(room));
                Ok(())
            }
        }
    }

    /// Room for the contents of `wanted`, before any of them is read. Waits for what other streams of its source, and then
    /// all, have not yet read.
    async fn room(
        &self,
        id: &SubscriptionId,
        wanted: &BTreeSet<ObjectPath>,
    ) -> Result<Share<Source>, StreamEnd> {
        let objects = self.subscriptions.get(id).map_or(0, |subscription| {
            let held = subscription.objects().iter();
            held.filter(|object| wanted.contains(&object.path())).count()
        });
        let bytes = objects.saturating_mul(MAX_VALUE).saturating_add(MAX_MESSAGE);
        let source = self.ticket.source();
        let room = self.core.waiting.share(&source, bytes).await;
        room.map_err(|_busy| StreamEnd::Slow)
    }

    async fn contents(
        &mut self,
        id: &SubscriptionId,
        wanted: &BTreeSet<ObjectPath>,
    ) -> Result<Vec<Content>, StreamEnd> {
        let Some(subscription) = self.subscriptions.get(id) else {
            return Ok(Vec::new());
        };
        let holder = Arc::clone(&subscription.holder);
        let objects = subscription.objects().iter().enumerate();
        let (places, held): (Vec<_>, Vec<_>) = objects
            .filter(|(_, object)| wanted.contains(&object.path()))
            .map(|(place, object)| (place, object.clone()))
            .unzip();
        // All at once, so that their records are written together.
        let reads = try_join_all(held.iter().map(|object| self.read(&holder, object))).await?;
        let known: BTreeSet<_> = held.iter().map(NamedObject::path).collect();
        let foreign: Vec<_> = wanted.difference(&known).collect();
        try_join_all(foreign.iter().map(|object| self.refuse_foreign(&holder, object))).await?;
        if let Some(subscription) = self.subscriptions.get_mut(id) {
            for (place, read) in places.into_iter().zip(&reads) {
                subscription.record_content_sent(place, read.state);
            }
        }
        let contents = held
            .iter()
            .zip(reads)
            .map(|(object, read)| read.content(&object.path()));
        // What the subscription does not hold is refused by name, like what policy refuses.
        let refused = foreign
            .into_iter()
            .map(|object| Read::refused(ObjectState::Forbidden).content(object));
        Ok(contents.chain(refused).collect())
    }

    /// Records that `holder` asked for an object that its subscription does not hold.
    async fn refuse_foreign(&self, holder: &Authenticated, object: &ObjectPath) -> Result<(), StreamEnd> {
        let resource = Resource::Object(NamedObject {
            kind: object.kind,
            name: object.name.clone(),
            version: None,
        });
        let caller = self.caller(holder, Instant::now());
        let refused = self
            .core
            .access
            .refuse(caller, get(object.kind), resource, Failure::NotSubscribed)
            .await;
        if refused.is_recorded() {
            Ok(())
        } else {
            Err(Failure::Audit.into())
        }
    }
}
