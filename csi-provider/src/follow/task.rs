//! The task of one published volume: carries out what [`state`](super::state) decides, and feeds back what comes of it.
//! Every change of the files after the first publish happens here, one after the other.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use strongroom_client::watch::FETCH_AT_ONCE;
use strongroom_wire::watch::client_message;
use tokio::{
    task::AbortHandle,
    time::{Instant, sleep_until},
};

use super::{
    attachment::Attachment,
    fetching::{FetchStep, Fetching},
    notices::Notices,
    rewrite,
    state::{Action, Change, Event, Failure, Follow, Moment, ReportReason, Start},
    wire,
    work::{self, Work, working},
};
use crate::{
    metrics::{Metrics, Outcome},
    services::Services,
    shares::Holder,
    source::link::{Closed, Signal},
    volume::{Facts, saved::VolumeRecord, tree::Written},
};

/// The task sleeps this long where nothing is to be done before something happens.
const NEVER: Duration = Duration::from_hours(1);

struct Task {
    facts: Facts,
    services: Arc<Services>,
    notices: Arc<Notices>,
    attachment: Attachment,
    fetching: Fetching,
    follow: Follow,
    /// What another server is asked.
    work: Option<Work>,
    counted: bool,
}

/// Starts the task of a volume, and answers with the way to it and how to end it.
pub fn spawn(facts: Facts, start: Start, services: &Arc<Services>) -> (Arc<Notices>, AbortHandle) {
    let notices = Arc::<Notices>::default();
    let (follow, actions) = Follow::start(start, moment());
    let task = Task {
        notices: Arc::clone(&notices),
        attachment: Attachment::new(facts.id.clone()),
        fetching: Fetching::new(services.sources.room.clone()),
        facts,
        services: Arc::clone(services),
        follow,
        work: None,
        counted: false,
    };
    let handle = tokio::spawn(task.run(actions)).abort_handle();
    (notices, handle)
}

/// Now, and a number that differs from process to process and call to call: good for spreading, for nothing else.
fn moment() -> Moment {
    Moment {
        instant: Instant::now().into_std(),
        time: SystemTime::now(),
        random: fastrand::f64(),
    }
}

impl Task {
    async fn run(mut self, first: Vec<Action>) {
        self.carry_out(first).await;
        loop {
            let wakes_at = self.follow.wakes_at(moment()).map(Instant::from_std);
            tokio::select! {
                signal = self.attachment.next() => {
                    let event = self.event(signal);
                    self.feed(event).await;
                }
                event = self.notices.next() => self.feed(event).await,
                (event, _share) = working(&mut self.work) => {
                    self.work = None;
                    self.feed(event).await;
                }
                step = self.fetching.next() => self.fetch(step).await,
                () = sleep_until(wakes_at.unwrap_or_else(|| Instant::now() + NEVER)) => {
                    self.feed(Event::Woken).await;
                }
            }
        }
    }

    fn event(&mut self, signal: Signal) -> Event {
        match signal {
            Signal::Connected(stream) => {
                self.attachment.connected(stream);
                Event::Connected
            }
            Signal::Disconnected(reason) => {
                tracing::debug!(volume = %self.facts.id, reason, "the stream is lost");
                self.attachment.disconnected();
                Event::Disconnected
            }
            Signal::Message(message) => {
                let now = Timestamp::now().as_duration();
                self.services.metrics.last_contact.set(now.as_secs_f64());
                let said = self.attachment.vault().map(|vault| wire::message(message, vault));
                // What comes when no vault is listened to any more is nothing's.
                said.map_or(Event::Woken, Event::Vault)
            }
        }
    }

    async fn feed(&mut self, event: Event) {
        let actions = self.follow.on(event, moment());
        self.carry_out(actions).await;
    }

    /// Carries actions out, and those that follow from what they bring.
    async fn carry_out(&mut self, actions: Vec<Action>) {
        let mut actions = VecDeque::from(actions);
        let mut events = VecDeque::new();
        loop {
            while let Some(action) = actions.pop_front() {
                events.extend(self.perform(action).await);
            }
            let Some(event) = events.pop_front() else { break };
            actions.extend(self.follow.on(event, moment()));
        }
        self.fetching.settle(&self.follow);
        self.count();
    }

    async fn perform(&mut self, action: Action) -> Option<Event> {
        match action {
            Action::Attach(name) => {
                let vault = self.services.sources.vaults.get(&name);
                self.attachment.attach(name, vault);
            }
            Action::Detach => self.attachment.detach(),
            Action::Subscribe { token, objects } => {
                return self.send(wire::subscribe(&self.facts, &token, &objects)).await;
            }
            Action::Renew(token) => return self.send(wire::renew(&self.facts, &token)).await,
            Action::Fetch(objects) => {
                if let Some((_, spec, _)) = self.follow.saved() {
                    let namespace = Holder::Namespace(self.facts.pod.namespace.clone());
                    self.fetching.want(objects, spec, namespace);
                }
            }
            Action::Acknowledge { objects, error } => {
                return self.send(wire::acknowledge(&self.facts, &objects, error)).await;
            }
            Action::Exchange { token, vault, known } => {
                let services = Arc::clone(&self.services);
                self.work = Some(Box::pin(work::exchange(services, token, vault, known)));
            }
            Action::Obtain { token, known } => {
                let (services, facts) = (Arc::clone(&self.services), self.facts.clone());
                self.work = Some(Box::pin(work::obtain(services, facts, token, known)));
            }
            Action::Write(change) => return Some(self.write(change)),
            Action::Save => self.save(),
            Action::Report { reason, note } => self.report(reason, &note),
            Action::CountRotation(took) => Metrics::observe(&self.services.metrics.rotation_seconds, took),
        }
        None
    }

    async fn send(&mut self, message: client_message::Message) -> Option<Event> {
        let sent = self.attachment.send(message).await;
        sent.err().map(|Closed| Event::Disconnected)
    }

    /// Asks for what there is room for, in messages whose answers are short enough.
    async fn fetch(&mut self, step: FetchStep) {
        let objects: Vec<_> = match step {
            FetchStep::Ask(objects) => objects.into_iter().collect(),
            FetchStep::Stalled => {
                self.attachment
                    .give_up("the vault does not send what it is asked for");
                return self.feed(Event::Disconnected).await;
            }
        };
        for objects in objects.chunks(FETCH_AT_ONCE) {
            if let Some(event) = self.send(wire::fetch(&self.facts, objects)).await {
                return self.feed(event).await;
            }
        }
    }

    fn write(&self, change: Change) -> Event {
        let written = rewrite::write(&self.services, &self.facts, change);
        match &written {
            Ok(Written::Unchanged) => {}
            Ok(Written::Replaced) => self.services.metrics.rewrites.count(Outcome::Ok),
            Err(_) => self.services.metrics.rewrites.count(Outcome::Failed),
        }
        Event::Written(written.map_err(Failure::from))
    }

    fn save(&self) {
        let (Some(saved), Some((token, spec, held))) = (&self.services.saved, self.follow.saved()) else {
            return;
        };
        if let Err(error) = saved.write(&VolumeRecord::new(&self.facts, token, spec, held)) {
            tracing::warn!(volume = %self.facts.id, %error, "cannot keep the volume's state");
        }
    }

    fn report(&self, reason: ReportReason, note: &str) {
        let Facts {
            id, pod, secret_ref, ..
        } = &self.facts;
        let reason = reason.as_str();
        let about = format!(
            "SecretRef {secret_ref}, service account {}/{}",
            pod.namespace, pod.account
        );
        let sent = self.services.events.warn(pod, reason, format!("{about}: {note}"));
        if sent {
            tracing::warn!(volume = %id, pod = %pod.name, namespace = %pod.namespace, reason, note);
        } else {
            tracing::debug!(volume = %id, pod = %pod.name, namespace = %pod.namespace, reason, note);
        }
    }

    fn count(&mut self) {
        if self.counted != self.follow.is_subscribed() {
            self.counted = !self.counted;
            let gauge = &self.services.metrics.subscriptions;
            if self.counted {
                gauge.inc()
            } else {
                gauge.dec()
            };
        }
    }
}

/// Aborted: the volume is taken away, or the process ends.
impl Drop for Task {
    fn drop(&mut self) {
        if self.counted {
            self.services.metrics.subscriptions.dec();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_draw_numbers_from_zero_to_one_that_differ() {
        let mut drawn: Vec<_> = (0..100).map(|_| moment().random).collect();
        drawn.sort_by(f64::total_cmp);
        drawn.dedup();
        assert!(drawn.len() > 90 && drawn.iter().all(|number| (0.0..=1.0).contains(number)));
        assert!(
            drawn.iter().any(|n| *n < 0.3) && drawn.iter().any(|n| *n > 0.7),
            "{drawn:?}"
        );
    }
}
