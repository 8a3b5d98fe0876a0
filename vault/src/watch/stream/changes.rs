//! Changes: what a subscription holds is decided and looked up again, and sent where it differs from what was sent.

use strongroom_core::ObjectState;
use strongroom_wire::watch::{Changed, RefChanged, server_message::Message};

use super::Stream;
use crate::{
    access::Failure,
    watch::{
        mailbox::Marks,
        refusal::{StreamEnd, SubscriptionRefusal},
        request::SubscriptionId,
    },
};

impl Stream {
    /// Sends the states of the subscriptions that policy now decides otherwise.
    pub(super) async fn decide_again(&mut self) -> Result<(), StreamEnd> {
        if self.subscriptions.is_empty() {
            return Ok(());
        }
        let policy = self.core.service.policy.in_force().map_err(Failure::from)?;
        let concerned: Vec<_> = self
            .subscriptions
            .iter()
            .filter(|(_, subscription)| subscription.is_decided_otherwise(&policy))
            .map(|(id, _)| id.clone())
            .collect();
        for id in concerned {
            self.send_changes(id).await?;
        }
        Ok(())
    }

    /// Sends what the mailbox marks: the changed SecretRefs of subscriptions, and the states of changed objects.
    pub(super) async fn send_marked(&mut self) -> Result<(), StreamEnd> {
        let Marks { objects, refs } = self.mailbox.take();
        for key in refs {
            if let Some(id) = self.ids.get(&key).map(ToString::to_string) {
                self.slot().await?.send(Message::RefChanged(RefChanged { id }));
            }
        }
        for key in objects {
            if let Some(id) = self.ids.get(&key).cloned() {
                self.send_changes(id).await?;
            }
        }
        Ok(())
    }

    /// Sends the states of the subscription's objects that changed since they were sent.
    async fn send_changes(&mut self, id: SubscriptionId) -> Result<(), StreamEnd> {
        let slot = self.slot().await?;
        let now = self.core.service.clock.now();
        let Some(subscription) = self.subscriptions.get_mut(&id) else {
            return Ok(());
        };
        if subscription.expires <= now {
            return self.revoke_in(slot, &id, SubscriptionRefusal::Expired);
        }
        let subject = subscription.holder.principal.id();
        let seen = self
            .core
            .access
            .states(subject, subscription.objects())
            .map_err(Failure::from)?;
        if seen.iter().all(|state| *state == ObjectState::Forbidden) {
            return self.revoke_in(slot, &id, SubscriptionRefusal::Forbidden);
        }
        let objects = subscription.record_changes_sent(seen);
        if !objects.is_empty() {
            slot.send(Message::Changed(Changed {
                id: id.to_string(),
                objects,
            }));
        }
        Ok(())
    }
}
