//! Subscribe and Renew: the token is verified, compared, and forgotten; its claims stay.

use std::{sync::Arc, time::Instant};

use strongroom_audit::{RefusalReason, Resource};
use strongroom_core::{NamedObject, ObjectState, Operation};
use strongroom_serving::accept::Source;
use strongroom_wire::watch::{Renew, Subscribe, Subscribed, server_message::Message};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::Stream;
use crate::{
    access::Failure,
    auth::Authenticated,
    watch::{
        refusal::{StreamEnd, SubscriptionRefusal},
        request::{self, SubscriptionId},
        subscription::Subscription,
    },
};

impl Stream {
    pub(super) async fn subscribe(&mut self, mut asked: Subscribe) -> Result<(), StreamEnd> {
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
                self.record_refusal(&holder, Operation::VolumeSubscribe, refusal, began)
                    .await?;
                self.revoke(id, refusal).await
            }
        }
    }

    pub(super) async fn renew(&mut self, asked: Renew) -> Result<(), StreamEnd> {
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
        if let Err(refusal) = self.count_requests(&holder, 1) {
            self.record_refusal(&holder, Operation::VolumeRenew, refusal, began)
                .await?;
            return self.revoke(id, refusal).await;
        }
        let slot = self.slot().await?;
        let Some(subscription) = self.subscriptions.get_mut(&id) else {
            return Ok(());
        };
        if let Err(other) = subscription.renew(Arc::clone(&holder)) {
            let refusal = SubscriptionRefusal::from(other);
            self.record_refusal(&holder, Operation::VolumeRenew, refusal, began)
                .await?;
            return self.revoke_in(slot, &id, refusal);
        }
        let objects = subscription.objects().to_vec();
        let shown = self
            .show(&holder, Operation::VolumeRenew, &objects, began)
            .await?;
        let (Some(states), Some(subscription)) = (shown, self.subscriptions.get_mut(&id)) else {
            return self.revoke_in(slot, &id, SubscriptionRefusal::Forbidden);
        };
        let objects = subscription.record_all_sent(states);
        slot.send(Message::Subscribed(Subscribed {
            id: id.to_string(),
            objects,
        }));
        Ok(())
    }

    async fn authenticate(
        &self,
        token: Zeroizing<String>,
    ) -> Result<Arc<Authenticated>, SubscriptionRefusal> {
        let authenticator = &self.core.service.authenticator;
        if let Some(known) = authenticator.recall(&token) {
            return Ok(known);
        }
        // Whose tokens keep being refused gets no more of them verified, as at the REST API.
        let source = Source::from(self.client.address());
        if self.core.access.check_tokens(source).is_err() {
            return Err(SubscriptionRefusal::Unverified);
        }
        let verification = authenticator.authenticate(&token);
        let limit = self.core.limits.authentication_timeout;
        Ok(timeout(limit, verification)
            .await
            .map_err(|_| SubscriptionRefusal::Unverified)??)
    }

    /// Ends the subscription whose token was refused; and the stream, if too many are refused before a valid one.
    async fn refuse_token(
        &mut self,
        id: SubscriptionId,
        refusal: SubscriptionRefusal,
    ) -> Result<(), StreamEnd> {
        self.refused = self.refused.saturating_add(1);
        self.core
            .service
            .refusals
            .count(self.client.address(), RefusalReason::BadToken);
        if let SubscriptionRefusal::Token(error) = refusal {
            self.core.service.metrics.authentication_failure(error);
            self.core
                .access
                .count_refused_token(Source::from(self.client.address()), Instant::now());
        }
        self.revoke(id, refusal).await?;
        let is_empty = self.subscriptions.is_empty();
        if is_empty && self.refused >= self.core.limits.refused_tokens {
            Err(StreamEnd::Unproven)
        } else {
            Ok(())
        }
    }

    /// Checks what the holder asks for, within the limits.
    fn enter(
        &mut self,
        holder: &Arc<Authenticated>,
        asked: Subscribe,
    ) -> Result<Subscription, SubscriptionRefusal> {
        self.count_requests(holder, 1)?;
        let limits = &self.core.limits;
        if asked.objects.len().saturating_add(asked.keys.len()) > limits.objects {
            return Err(SubscriptionRefusal::Objects(limits.objects));
        }
        if self.subscriptions.len() >= limits.subscriptions_per_stream {
            return Err(SubscriptionRefusal::Subscriptions(
                limits.subscriptions_per_stream,
            ));
        }
        let objects = request::objects(&asked.objects, &asked.keys)?;
        let secret_ref = request::secret_ref(asked.r#ref, holder.principal.namespace())?;
        let paths = objects.iter().map(NamedObject::path).collect();
        // Entered before anything is looked at, so that no change falls between.
        let registration = self
            .core
            .registry
            .enter(&holder.principal, &self.mailbox, paths, secret_ref)?;
        Ok(Subscription::new(Arc::clone(holder), objects, registration))
    }

    /// Sends the states of a new subscription; refuses it where policy allows none of its objects.
    async fn welcome(
        &mut self,
        id: SubscriptionId,
        mut subscription: Subscription,
        began: Instant,
    ) -> Result<(), StreamEnd> {
        let slot = self.slot().await?;
        let holder = Arc::clone(&subscription.holder);
        let shown = self
            .show(&holder, Operation::VolumeSubscribe, subscription.objects(), began)
            .await?;
        let Some(states) = shown else {
            return self.revoke_in(slot, &id, SubscriptionRefusal::Forbidden);
        };
        let objects = subscription.record_all_sent(states);
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

    /// The states of `objects`, for `holder`; none where policy allows a read of none of them. Either is recorded.
    async fn show(
        &self,
        holder: &Authenticated,
        operation: Operation,
        objects: &[NamedObject],
        began: Instant,
    ) -> Result<Option<Vec<ObjectState>>, StreamEnd> {
        let caller = self.caller(holder, began);
        match self.core.access.show(caller, operation, objects).await {
            Ok(states) => Ok(Some(states)),
            Err(refused) => match refused.failure() {
                Failure::Forbidden(_) => Ok(None),
                failure => Err(failure.clone().into()),
            },
        }
    }

    /// Counts requests of the holder against the rate of its account, as over REST: a Fetch is one for each name.
    pub(super) fn count_requests(
        &self,
        holder: &Authenticated,
        requests: usize,
    ) -> Result<(), SubscriptionRefusal> {
        let count = || self.core.access.count_request(&holder.principal);
        (0..requests)
            .try_for_each(|_| count())
            .map_err(|_throttled| SubscriptionRefusal::Throttled)
    }

    /// Records that the vault refuses what `holder` asks for, before policy is asked.
    pub(super) async fn record_refusal(
        &self,
        holder: &Authenticated,
        operation: Operation,
        refusal: SubscriptionRefusal,
        began: Instant,
    ) -> Result<(), StreamEnd> {
        let caller = self.caller(holder, began);
        let refused = self
            .core
            .access
            .refuse(caller, operation, Resource::Vault, refusal.failure())
            .await;
        if refused.is_recorded() {
            Ok(())
        } else {
            Err(Failure::Audit.into())
        }
    }
}
