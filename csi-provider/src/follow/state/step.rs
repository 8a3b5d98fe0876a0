//! Which step of a volume is due, and when the next attempt of each may begin.

use std::time::{Instant, SystemTime};

use super::{
    Moment, credential::Credential, files::Files, reference::ReferenceSchedule, retry::Retry,
    subscription::Subscription,
};
use crate::volume::spec::VolumeSpec;

/// Something that a volume begins of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// To exchange the pod's token for a vault token.
    Exchange,
    /// To have the vault report changes.
    Subscribe,
    /// To read the SecretRef, and what it asks for.
    Obtain,
    /// To ask the vault for contents.
    Fetch,
    /// To bring the files up to date.
    Write,
}

/// When each step may be attempted again. Steps of one concern share a retry.
#[derive(Debug)]
pub struct Retries {
    /// Of [`Step::Exchange`], after what the identity service answers.
    pub exchange: Retry,
    /// Of [`Step::Exchange`], after what the vault says of the tokens.
    pub refused: Retry,
    /// Of [`Step::Subscribe`].
    pub subscribe: Retry,
    /// Of [`Step::Fetch`] and [`Step::Write`].
    pub files: Retry,
    /// Of [`Step::Obtain`].
    pub reference: Retry,
}

impl Retries {
    /// No step has failed, and none is paused.
    pub const fn new(now: Instant) -> Self {
        Self {
            exchange: Retry::soon(now),
            refused: Retry::seldom(now),
            subscribe: Retry::seldom(now),
            files: Retry::soon(now),
            reference: Retry::soon(now),
        }
    }

    /// The kubelet called: ends the pauses that waited for it.
    pub fn kubelet_called(&mut self, now: Instant) {
        for retry in [
            &mut self.exchange,
            &mut self.subscribe,
            &mut self.files,
            &mut self.reference,
        ] {
            retry.kubelet_called(now);
        }
    }

    fn is_paused(&self, step: Step, now: Instant) -> bool {
        self.ends_at(step).is_none_or(|end| end > now)
    }

    /// When the pause of `step` ends, which may be past; `None` if only the kubelet ends it.
    fn ends_at(&self, step: Step) -> Option<Instant> {
        match step {
            Step::Exchange => Some(self.exchange.ends_at()?.max(self.refused.ends_at()?)),
            Step::Subscribe => self.subscribe.ends_at(),
            Step::Obtain => self.reference.ends_at(),
            Step::Fetch | Step::Write => self.files.ends_at(),
        }
    }
}

/// What decides which steps of a volume are due.
///
/// Guarantees that a step that is due and paused, and everything that becomes due by time alone, is seen by
/// [`Self::wakes_at`], unless only the kubelet ends the pause.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// What the SecretRef asks for; `None` while that is not known.
    pub spec: Option<&'a VolumeSpec>,
    /// The vault token.
    pub credential: &'a Credential,
    /// When the pod's token ends.
    pub pod_token_ends: SystemTime,
    /// The place on the vault's stream.
    pub subscription: &'a Subscription,
    /// What the files hold, and what is on its way to them.
    pub files: &'a Files,
    /// When the SecretRef is read.
    pub reference: &'a ReferenceSchedule,
    /// The pauses after failures.
    pub retries: &'a Retries,
    /// Whether another server is asked something.
    pub is_asking: bool,
    /// Whether the files are being written.
    pub is_writing: bool,
}

impl Standing<'_> {
    /// The step to begin at `now`: the first that is due and not paused.
    pub fn next_step(&self, now: Moment) -> Option<Step> {
        let is_ready = |step: &Step| !self.retries.is_paused(*step, now.instant);
        self.due(now).into_iter().find(is_ready)
    }

    /// When a step may be due though nothing happens before, given that [`Self::next_step`] names none at `now`.
    pub fn wakes_at(&self, now: Moment) -> Option<Instant> {
        let retries = self
            .due(now)
            .into_iter()
            .filter_map(|step| self.retries.ends_at(step));
        retries
            .chain(self.next_read(now))
            .chain(self.next_renewal(now))
            .min()
    }

    /// What is due, paused or not. Where nothing is known, reading the SecretRef also gets a token; a volume that asks its
    /// vault for no object needs neither a token nor a subscription.
    fn due(&self, now: Moment) -> Vec<Step> {
        let is_idle = !self.is_asking && !self.is_writing;
        let Some(spec) = self.spec else {
            return is_idle.then_some(Step::Obtain).into_iter().collect();
        };
        let has_objects = !spec.objects().is_empty();
        let is_read_due = self.reference.is_due(now.instant);
        let has_token = self.credential.usable(now.time).is_some();
        let needs_token = self.credential.is_due(now.time, self.pod_token_ends)
            || (self.subscription.is_due() && !has_token);
        let is_write_due = !self.is_writing && self.files.wants_write();
        let is_fetch_due =
            self.subscription.is_active() && self.files.is_complete() && self.files.wants_fetch();
        [
            (Step::Exchange, has_objects && is_idle && needs_token),
            (
                Step::Subscribe,
                has_objects && self.subscription.is_due() && has_token,
            ),
            (Step::Obtain, is_idle && is_read_due),
            (Step::Fetch, is_fetch_due),
            (Step::Write, is_write_due),
        ]
        .into_iter()
        .filter_map(|(step, is_due)| is_due.then_some(step))
        .collect()
    }

    fn next_read(&self, now: Moment) -> Option<Instant> {
        self.reference.next().filter(|next| *next > now.instant)
    }

    fn next_renewal(&self, now: Moment) -> Option<Instant> {
        let has_objects = self.spec.is_some_and(|spec| !spec.objects().is_empty());
        let renewal = self.credential.renewal(self.pod_token_ends)?;
        let wait = renewal
            .duration_since(now.time)
            .ok()
            .filter(|wait| has_objects && !wait.is_zero())?;
        Some(now.instant + wait)
    }
}
