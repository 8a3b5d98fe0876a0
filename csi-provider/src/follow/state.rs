//! What the node driver does next for one published volume: a pure function of what happened and when.
//!
//! ```text
//!   event, moment --Follow::on--> actions, carried out in order; what they bring is the next event
//!                   Follow::wakes_at --> when to come back though nothing happened
//! ```
//!
//! Four concerns, each with a retry of its own: the vault token ([`credential`]), the stream ([`subscription`]), the
//! files ([`files`]) and the SecretRef ([`reference`]). [`step`] decides which of their steps is due.
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
mod begin;
mod credential;
mod event;
mod files;
mod making;
mod outcome;
mod reference;
mod report;
mod retry;
mod step;
mod subscription;
mod vault;

use std::{
    collections::BTreeMap,
    time::{Instant, SystemTime},
};

use strongroom_client::identity::VaultToken;
use strongroom_core::{ObjectPath, VaultRef, Version};

use crate::{
    pod::PodToken,
    volume::spec::{Object, VolumeSpec},
};
pub use action::{Action, Change, ReportReason};
use credential::Credential;
pub use event::{Event, Failure, Fetched, Moment, Reading, Refused, VaultMessage};
use files::{Files, Merge};
use reference::ReferenceSchedule;
pub use report::{NO_NEWER_TOKEN, sentence};
use step::{Retries, Standing};
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
    subscription: Subscription,
    files: Files,
    writing: Option<Writing>,
    reference: ReferenceSchedule,
    retries: Retries,
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

impl Follow {
    /// A volume that was just published, or that the process before followed, and the first actions.
    pub fn start(start: Start, now: Moment) -> (Self, Vec<Action>) {
        let mut follow = Self {
            pod_token: start.token,
            spec: start.spec,
            credential: Credential::new(start.vault_token, now.time),
            subscription: Subscription::default(),
            files: Files::new(start.held),
            writing: None,
            reference: ReferenceSchedule::new(now.instant),
            retries: Retries::new(now.instant),
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
        self.standing().wakes_at(now)
    }

    /// Whether the volume is counted as subscribed.
    pub const fn is_subscribed(&self) -> bool {
        self.subscription.is_requested()
    }

    /// Whether the vault is asked for the contents of `object` and has not answered.
    pub fn awaits(&self, object: &ObjectPath) -> bool {
        self.files.awaits(object)
    }

    /// Whether contents are asked for, or fetched and not written.
    pub fn holds_contents(&self) -> bool {
        self.writing.is_some() || self.files.holds_contents()
    }

    /// What the process that comes after this one needs to go on: the pod's newest token, what the SecretRef asks for, and
    /// what the files hold. `None` while the SecretRef is not known.
    pub fn saved(&self) -> Option<(&PodToken, &VolumeSpec, &BTreeMap<Object, Version>)> {
        Some((&self.pod_token, self.spec.as_ref()?, self.files.held()))
    }

    fn resume_after_kubelet_call(&mut self, now: Moment) {
        self.retries.kubelet_called(now.instant);
        if !self.subscription.is_requested() {
            self.reference.kubelet_called(now.instant);
        }
    }

    fn fetch_again(&mut self, actions: &mut Vec<Action>) {
        let Some(spec) = &self.spec else { return };
        if self.files.wants_fetch() && self.files.is_complete() {
            actions.push(Action::Fetch(self.files.fetch(spec)));
        }
    }

    /// The files hold what they can hold.
    fn settle(&mut self, actions: &mut Vec<Action>) {
        self.retries.files.succeed();
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

    fn standing(&self) -> Standing<'_> {
        Standing {
            spec: self.spec.as_ref(),
            credential: &self.credential,
            pod_token_ends: SystemTime::from(self.pod_token.expires_at()),
            subscription: &self.subscription,
            files: &self.files,
            reference: &self.reference,
            retries: &self.retries,
            is_asking: self.asked.is_some(),
            is_writing: self.writing.is_some(),
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
}
