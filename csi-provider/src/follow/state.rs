//! What the node driver does next for one published volume: a pure function of what happened and when.
//!
//! ```text
//!   event, moment --Follow::on--> actions, carried out in order; what they bring is the next event
//!                   Follow::wakes_at --> when to come back though nothing happened
//! ```
//!
//! Four concerns, each with a retry of its own: the vault token ([`credential`]), the stream ([`subscription`]), the
//! files ([`files`]) and the SecretRef ([`reference`]).
//!
//! Invariants:
//! - the files never go back to a version older than one that was acknowledged to the same vault;
//! - of one thing nothing is asked while the answer to an earlier question is under way;
//! - after every event something is asked, or a subscription is open, or there is a moment to wake at, or the kubelet's
//!   next call takes up what was given up;
//! - only what the vault or the SecretRef says changes a file: no failure does.
//!
//! No clock, no randomness, no I/O and no task is named here, so that tests drive it through any history.

mod action;
mod credential;
mod event;
mod files;
mod outcome;
mod reference;
mod report;
mod retry;
mod subscription;
mod vault;

use std::{
    collections::BTreeMap,
    time::{Instant, SystemTime},
};

use strongroom_client::identity::VaultToken;
use strongroom_core::{VaultRef, Version};

use crate::{
    pod::PodToken,
    source::obtain::Known,
    volume::spec::{Object, VolumeSpec},
};
pub use action::{Action, Change, ReportReason};
use credential::Credential;
pub use event::{Event, Failure, Moment, Reading, Refused, VaultMessage};
use files::{Files, Merge};
use reference::ReferenceSchedule;
use report::sentence;
use retry::Retry;
use subscription::Subscription;

/// What is known of a volume when the node driver begins to follow it.
#[derive(Debug)]
pub struct Start {
    /// The pod's newest token.
    pub token: PodToken,
    /// What the SecretRef asks for; `None` after a loss of the node driver's state.
    pub spec: Option<VolumeSpec>,
    /// What the files hold.
    pub held: BTreeMap<Object, Version>,
    /// The vault token it was published with; `None` after a restart, and where none is needed.
    pub vault_token: Option<VaultToken>,
    /// Whether the SecretRef may have changed unseen, so that it is read again before long.
    pub reread: bool,
}

/// The state of one published volume.
#[derive(Debug)]
pub struct Follow {
    pod_token: PodToken,
    /// What the SecretRef asked for when it was read last and could be followed.
    spec: Option<VolumeSpec>,
    credential: Credential,
    exchange_retry: Retry,
    subscription: Subscription,
    subscribe_retry: Retry,
    files: Files,
    files_retry: Retry,
    writing: Option<Writing>,
    reference: ReferenceSchedule,
    reference_retry: Retry,
    asked: Option<Asked>,
}

/// What another server is asked. One thing at a time.
#[derive(Debug)]
enum Asked {
    /// A vault token for this token of the pod.
    Exchange(PodToken),
    /// The SecretRef and its contents.
    Obtain {
        /// With this token of the pod.
        token: PodToken,
        /// What the files held at the time.
        held: BTreeMap<Object, Version>,
        /// Whether the trust bundle changed since.
        bundle_changed: bool,
    },
}

/// What is being written to the files.
#[derive(Debug)]
enum Writing {
    Merge(Merge),
    Replace(Box<Replacement>),
}

/// What a volume is once its files are replaced.
#[derive(Debug)]
struct Replacement {
    spec: VolumeSpec,
    versions: BTreeMap<Object, Version>,
    vault_token: Option<VaultToken>,
    /// The pod's token that it was obtained with.
    token: PodToken,
    bundle_changed: bool,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Exchange,
    Subscribe,
    Obtain,
    Fetch,
    Write,
}

impl Follow {
    /// A volume that was just published, or that the process before followed, and the first actions.
    pub fn start(start: Start, now: Moment) -> (Self, Vec<Action>) {
        let mut follow = Self {
            pod_token: start.token,
            spec: start.spec,
            credential: Credential::new(start.vault_token, now.time),
            exchange_retry: Retry::soon(now.instant),
            subscription: Subscription::default(),
            subscribe_retry: Retry::seldom(now.instant),
            files: Files::new(start.held),
            files_retry: Retry::soon(now.instant),
            writing: None,
            reference: ReferenceSchedule::new(now.instant),
            reference_retry: Retry::soon(now.instant),
            asked: None,
        };
        if start.reread {
            follow.reference.missed(now.instant, now.random);
        }
        let mut actions = Vec::new();
        actions.extend(follow.watched_vault().map(Action::Attach));
        follow.advance(now, &mut actions);
        (follow, actions)
    }

    /// What to do after `event`.
    pub fn on(&mut self, event: Event, now: Moment) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Connected => {
                self.subscription.open();
                self.files.forget_fetches();
            }
            Event::Disconnected => {
                self.subscription.close();
                self.files.forget_fetches();
            }
            Event::Lagged => self.attach_anew(&mut actions),
            Event::Vault(message) => self.take_message(message, now, &mut actions),
            Event::PodToken(token) => {
                self.pod_token = token;
                self.credential.outdate();
                self.resume_after_kubelet_call(now);
                actions.push(Action::Save);
            }
            Event::KubeletCalled => self.resume_after_kubelet_call(now),
            Event::BundleChanged => self.change_bundle(&mut actions),
            Event::Exchanged(exchanged) => self.finish_exchange(exchanged, now, &mut actions),
            Event::Obtained(obtained) => self.finish_obtain(obtained, now, &mut actions),
            Event::Written(written) => self.finish_write(written, now, &mut actions),
            Event::Woken => {}
        }
        self.advance(now, &mut actions);
        actions
    }

    /// When to call [`Self::on`] with [`Event::Woken`] if nothing happens before.
    pub fn wakes_at(&self, now: Moment) -> Option<Instant> {
        let retries = self
            .due(now)
            .into_iter()
            .filter_map(|step| self.retry(step).ends_at());
        retries
            .chain(self.next_read(now))
            .chain(self.next_renewal(now))
            .min()
    }

    /// Whether the volume is counted as subscribed.
    pub const fn is_subscribed(&self) -> bool {
        self.subscription.is_requested()
    }

    /// What the process that comes after this one needs to go on: the pod's newest token, what the SecretRef asks for, and
    /// what the files hold. `None` while the SecretRef is not known.
    pub fn saved(&self) -> Option<(&PodToken, &VolumeSpec, &BTreeMap<Object, Version>)> {
        Some((&self.pod_token, self.spec.as_ref()?, self.files.held()))
    }

    /// Begins whatever is due and not paused.
    fn advance(&mut self, now: Moment, actions: &mut Vec<Action>) {
        while let Some(step) = self.next_step(now) {
            self.begin(step, now, actions);
        }
    }

    fn next_step(&self, now: Moment) -> Option<Step> {
        let is_ready = |step: &Step| !self.retry(*step).is_paused(now.instant);
        self.due(now).into_iter().find(is_ready)
    }

    /// What is due, paused or not. Where nothing is known, reading the SecretRef also gets a token; a volume that asks its
    /// vault for no object needs neither a token nor a subscription.
    fn due(&self, now: Moment) -> Vec<Step> {
        let is_idle = self.asked.is_none() && self.writing.is_none();
        let Some(spec) = &self.spec else {
            return is_idle.then_some(Step::Obtain).into_iter().collect();
        };
        let has_objects = !spec.objects().is_empty();
        let is_read_due = self.reference.is_due(now.instant);
        let has_token = self.credential.usable(now.time).is_some();
        let needs_token = self.credential.is_due(now.time, self.pod_token_ends())
            || (self.subscription.is_due() && !has_token);
        let is_write_due = self.writing.is_none() && self.files.wants_write();
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

    const fn retry(&self, step: Step) -> &Retry {
        match step {
            Step::Exchange => &self.exchange_retry,
            Step::Subscribe => &self.subscribe_retry,
            Step::Obtain => &self.reference_retry,
            Step::Fetch | Step::Write => &self.files_retry,
        }
    }

    fn next_read(&self, now: Moment) -> Option<Instant> {
        self.reference.next().filter(|next| *next > now.instant)
    }

    fn next_renewal(&self, now: Moment) -> Option<Instant> {
        self.watched_vault()?;
        let renewal = self.credential.renewal(self.pod_token_ends())?;
        let wait = renewal
            .duration_since(now.time)
            .ok()
            .filter(|wait| !wait.is_zero())?;
        Some(now.instant + wait)
    }

    fn begin(&mut self, step: Step, now: Moment, actions: &mut Vec<Action>) {
        match step {
            Step::Exchange => self.exchange(actions),
            Step::Subscribe => self.subscribe(now, actions),
            Step::Obtain => self.obtain(now, actions),
            Step::Fetch => actions.push(Action::Fetch(self.files.fetch())),
            Step::Write => self.write(actions),
        }
    }

    fn exchange(&mut self, actions: &mut Vec<Action>) {
        let Some(spec) = &self.spec else { return };
        self.asked = Some(Asked::Exchange(self.pod_token.clone()));
        actions.push(Action::Exchange {
            token: self.pod_token.clone(),
            vault: spec.vault.clone(),
            known: self.credential.token().cloned(),
        });
    }

    fn subscribe(&mut self, now: Moment, actions: &mut Vec<Action>) {
        self.subscription.request();
        self.files.forget_fetches();
        if let (Some(spec), Some(token)) = (&self.spec, self.credential.usable(now.time)) {
            actions.push(Action::Subscribe {
                token: token.clone(),
                objects: spec.watched().into_values().cloned().collect(),
            });
        }
    }

    fn obtain(&mut self, now: Moment, actions: &mut Vec<Action>) {
        self.reference.begin(now.instant);
        self.asked = Some(Asked::Obtain {
            token: self.pod_token.clone(),
            held: self.files.held().clone(),
            bundle_changed: false,
        });
        let known = self.spec.clone().map(|spec| Known {
            spec,
            token: self.credential.usable(now.time).cloned(),
        });
        actions.push(Action::Obtain {
            token: self.pod_token.clone(),
            known,
        });
    }

    /// Brings the files up to date with what was fetched and with the trust bundle.
    fn write(&mut self, actions: &mut Vec<Action>) {
        let Some(spec) = self.spec.clone() else { return };
        let (merge, contents) = self.files.merge();
        self.writing = Some(Writing::Merge(merge));
        actions.push(Action::Write(Change::Merge { spec, contents }));
    }

    fn resume_after_kubelet_call(&mut self, now: Moment) {
        for retry in [
            &mut self.exchange_retry,
            &mut self.subscribe_retry,
            &mut self.files_retry,
            &mut self.reference_retry,
        ] {
            retry.kubelet_called(now.instant);
        }
        if !self.subscription.is_requested() {
            self.reference.kubelet_called(now.instant);
        }
    }

    fn fetch_again(&mut self, actions: &mut Vec<Action>) {
        if self.files.wants_fetch() && self.files.is_complete() {
            actions.push(Action::Fetch(self.files.fetch()));
        }
    }

    /// The files hold what they can hold.
    fn settle(&mut self, actions: &mut Vec<Action>) {
        self.files_retry.succeed();
        let unavailable = self.files.unavailable();
        let error = if unavailable.is_empty() {
            String::new()
        } else {
            sentence(unavailable)
        };
        self.acknowledge(error, actions);
    }

    fn acknowledge(&self, error: String, actions: &mut Vec<Action>) {
        if let Some(spec) = self.spec.as_ref().filter(|_| self.subscription.is_requested()) {
            actions.push(Action::Acknowledge {
                objects: self.files.acknowledgement(spec),
                error,
            });
        }
    }

    /// What was lost is made up for: the vault reports the present state to a new subscription.
    fn attach_anew(&mut self, actions: &mut Vec<Action>) {
        self.subscription.close();
        self.files.forget_fetches();
        if let Some(vault) = self.watched_vault() {
            actions.extend([Action::Detach, Action::Attach(vault)]);
        }
        self.change_bundle(actions);
    }

    fn change_bundle(&mut self, actions: &mut Vec<Action>) {
        if let Some(Asked::Obtain { bundle_changed, .. }) = &mut self.asked {
            *bundle_changed = true;
        }
        let Some(spec) = &self.spec else { return };
        self.files.change_bundle(spec);
        // What is awaited is written together with it.
        if self.files.wants_write() && self.writing.is_none() {
            self.write(actions);
        }
    }

    /// The vault whose stream the volume listens to: none where it shows the trust bundle alone.
    fn watched_vault(&self) -> Option<VaultRef> {
        let spec = self.spec.as_ref()?;
        (!spec.objects().is_empty()).then(|| spec.vault.clone())
    }

    fn is_from(&self, vault: &VaultRef) -> bool {
        self.spec.as_ref().is_some_and(|spec| spec.vault == *vault)
    }

    fn pod_token_ends(&self) -> SystemTime {
        SystemTime::from(self.pod_token.expires_at())
    }
}
