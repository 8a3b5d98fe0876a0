//! Subscribe and Renew: the token is verified, compared, and forgotten; its claims stay.

use std::{sync::Arc, time::Instant};

use strongroom_audit::{Outcome, RefusalReason, Resource, Verdict};
use strongroom_core::{ObjectState, Operation, Permission, PolicyIndex};
use strongroom_wire::watch::{Renew, Subscribe, Subscribed, server_message::Message};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::{super::trail::Deed, Stream};
use crate::{
    auth::Authenticated,
    watch::{
        refusal::{End, Refusal},
        request::{self, SubscriptionId},
        subscription::Subscription,
    },
};

impl Stream {
    pub(super) async fn subscribe(&mut self, mut asked: Subscribe) -> Result<(), End> {
        let began = Instant::now();
        let token = Zeroizing::new(std::mem::take(&mut asked.token));
        let Ok(id) = SubscriptionId::parse(std::mem::take(&mut asked.id)) else {
            return self.refuse_unnamed().await;
        };
        // Whatever becomes of the new one, it replaces the old.
        self.forget(&id);
        let holder = match self.authenticate(token).await {
            Ok(holder) => holder,
            Err(refusal) => return self.refuse_token(id, refusal).await,
        };
        match self.enter(&holder, asked) {
            Ok(subscription) => self.welcome(id, subscription, began).await,
            Err(refusal) => {
                self.note(
                    &holder,
                    Operation::VolumeSubscribe,
                    Verdict::NotAsked,
                    Some(refusal),
                    began,
                )?;
                self.revoke(id, refusal).await
            }
        }
    }

    pub(super) async fn renew(&mut self, asked: Renew) -> Result<(), End> {
        let began = Instant::now();
        let Renew { id, token } = asked;
        let token = Zeroizing::new(token);
        let Ok(id) = SubscriptionId::parse(id) else {
            return self.refuse_unnamed().await;
        };
        if !self.subscriptions.contains_key(&id) {
            return Ok(());
        }
        let holder = match self.authenticate(token).await {
            Ok(holder) => holder,
            Err(refusal) => return self.refuse_token(id, refusal).await,
        };
        let slot = self.slot().await?;
        let policy = self.core.service.policy.in_force()?;
        let Some(subscription) = self.subscriptions.get_mut(&id) else {
            return Ok(());
        };
        if let Err(other) = subscription.renew(Arc::clone(&holder)) {
            let refusal = Refusal::from(other);
            self.note(
                &holder,
                Operation::VolumeRenew,
                Verdict::NotAsked,
                Some(refusal),
                began,
            )?;
            return self.revoke_in(slot, &id, refusal);
        }
        let seen = subscription.look(&policy, &self.core.service.objects, self.core.now())?;
        let verdict = verdict(subscription, &policy);
        let refusal = seen
            .iter()
            .all(|state| *state == ObjectState::Forbidden)
            .then_some(Refusal::Forbidden);
        let objects = subscription.tell_all(seen);
        self.note(&holder, Operation::VolumeRenew, verdict, refusal, began)?;
        if let Some(refusal) = refusal {
            return self.revoke_in(slot, &id, refusal);
        }
        slot.send(Message::Subscribed(Subscribed {
            id: id.to_string(),
            objects,
        }));
        Ok(())
    }

    async fn authenticate(&self, token: Zeroizing<String>) -> Result<Arc<Authenticated>, Refusal> {
        let verification = self.core.service.authenticator.authenticate(&token);
        let limit = self.core.limits.authentication_timeout;
        Ok(timeout(limit, verification)
            .await
            .map_err(|_| Refusal::Unverified)??)
    }

    /// Ends the subscription whose token was refused; and the stream, if nobody ever shows a good one.
    async fn refuse_token(&mut self, id: SubscriptionId, refusal: Refusal) -> Result<(), End> {
        self.refused = self.refused.saturating_add(1);
        self.core
            .service
            .refusals
            .count(self.trail.caller, RefusalReason::BadToken);
        if let Refusal::Token(error) = refusal {
            self.core.service.metrics.authentication_failure(error);
        }
        self.revoke(id, refusal).await?;
        let is_empty = self.subscriptions.is_empty();
        if is_empty && self.refused >= self.core.limits.refused_tokens {
            Err(End::Unproven)
        } else {
            Ok(())
        }
    }

    /// Checks what the holder asks for, within the limits.
    fn enter(&mut self, holder: &Arc<Authenticated>, asked: Subscribe) -> Result<Subscription, Refusal> {
        let limits = &self.core.limits;
        if asked.objects.len() > limits.objects {
            return Err(Refusal::Objects(limits.objects));
        }
        if self.subscriptions.len() >= limits.subscriptions_per_stream {
            return Err(Refusal::Subscriptions(limits.subscriptions_per_stream));
        }
        let entries = request::entries(&asked.objects)?;
        let secret_ref = request::secret_ref(asked.r#ref, holder.principal.namespace())?;
        let names = entries.iter().map(|entry| entry.name.clone()).collect();
        // Entered before anything is looked at, so that no change falls between.
        let registration = self.core.registry.enter(&self.mailbox, names, secret_ref)?;
        Ok(Subscription::new(Arc::clone(holder), entries, registration))
    }

    /// Tells a new subscription what it sees; refuses it if that is nothing.
    async fn welcome(
        &mut self,
        id: SubscriptionId,
        mut subscription: Subscription,
        began: Instant,
    ) -> Result<(), End> {
        let slot = self.slot().await?;
        let policy = self.core.service.policy.in_force()?;
        let seen = subscription.look(&policy, &self.core.service.objects, self.core.now())?;
        let refusal = seen
            .iter()
            .all(|state| *state == ObjectState::Forbidden)
            .then_some(Refusal::Forbidden);
        let verdict = verdict(&subscription, &policy);
        self.note(
            &subscription.holder,
            Operation::VolumeSubscribe,
            verdict,
            refusal,
            began,
        )?;
        if let Some(refusal) = refusal {
            return self.revoke_in(slot, &id, refusal);
        }
        let objects = subscription.tell_all(seen);
        slot.send(Message::Subscribed(Subscribed {
            id: id.to_string(),
            objects,
        }));
        self.ids.insert(subscription.registration.key(), id.clone());
        self.subscriptions.insert(id, subscription);
        self.ticket.prove();
        self.proof_until = None;
        self.refused = 0;
        Ok(())
    }

    fn note(
        &self,
        holder: &Authenticated,
        operation: Operation,
        verdict: Verdict,
        refusal: Option<Refusal>,
        began: Instant,
    ) -> Result<(), End> {
        let outcome = match refusal.map(Refusal::outcome) {
            Some((status, code)) => Outcome::failure(status, code),
            None => Outcome::success(200),
        };
        let deed = Deed {
            operation,
            resource: Resource::Vault,
            verdict,
            outcome,
            began,
        };
        Ok(self.trail.record(&holder.principal, deed)?)
    }
}

/// What policy says of a subscription as one: the first thing that allows any of it, else the first that denies.
fn verdict(subscription: &Subscription, policy: &PolicyIndex) -> Verdict {
    let subject = subscription.holder.principal.id();
    let mut refusal = Verdict::NoPolicy;
    for (_, entry) in subscription.entries() {
        match policy.decide(subject, Permission::SecretGet, &entry.name).into() {
            allowed @ Verdict::Allow(_) => return allowed,
            denied @ Verdict::Deny(_) => refusal = denied,
            Verdict::NoPolicy | Verdict::NotAsked => {}
        }
    }
    refusal
}
