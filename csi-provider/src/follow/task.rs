//! The task that keeps one published volume current.

mod message;
mod work;

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use strongroom_client::{identity::VaultToken, watch::Sender};
use strongroom_core::{ObjectName, Version};
use tokio::{sync::mpsc, time::Instant};

use super::{
    backoff::{Backoff, random},
    plan::{self, Due, Step, Wants},
};
use crate::{
    pod::PodToken,
    services::Services,
    source::{
        link::{Route, Signal},
        load::Reason,
        vaults::Vault,
    },
    volume::{
        Content, Facts,
        saved::Record,
        spec::{Object, Source, VolumeSpec},
    },
};
use work::Done;

/// What is known of a volume when its task starts.
#[derive(Debug)]
pub struct Start {
    /// The pod's newest token.
    pub token: PodToken,
    /// What the SecretRef asks for; `None` after a loss of the driver's state.
    pub spec: Option<VolumeSpec>,
    /// What the files hold.
    pub held: BTreeMap<Object, Version>,
    /// The vault token it was published with; `None` after a restart, and where none is needed.
    pub vault_token: Option<VaultToken>,
    /// Whether the SecretRef may have changed unseen, so that it is read again before long.
    pub reread: bool,
}

/// A volume's task. Every change of its files after the first publish happens here, one after the other.
pub struct Task {
    facts: Facts,
    services: Arc<Services>,
    route: Route,
    /// Counts the streams that this volume listened to.
    attachment: u64,
    vault: Option<Arc<Vault>>,
    token: PodToken,
    vault_token: Option<(VaultToken, SystemTime)>,
    spec: Option<VolumeSpec>,
    held: BTreeMap<Object, Version>,
    due: Due,
    stream: Option<Sender>,
    awaited: BTreeSet<ObjectName>,
    fetched: BTreeMap<ObjectName, (Version, Content)>,
    trouble: BTreeMap<ObjectName, Reason>,
    changed_at: Option<Instant>,
    backoff: Backoff,
    /// How often in a row the vault refused the subscription though it took the token.
    refusals: Backoff,
    not_before: Instant,
    /// When the SecretRef was last read, and when it is to be read again.
    read_at: Instant,
    reread_at: Option<Instant>,
    counted: bool,
}

/// How often the SecretRef of a volume without a subscription is read, when the kubelet comes: nobody tells of its
/// changes.
const UNTOLD: Duration = Duration::from_mins(5);
/// The least time between two readings of one volume's SecretRef, however often its vault says that it changed.
const BETWEEN_READS: Duration = Duration::from_millis(250);
/// Over how long the volumes of a node spread the reading of `SecretRef`s that may have changed unseen.
const SPREAD: Duration = Duration::from_secs(30);

type Work = Pin<Box<dyn Future<Output = Done> + Send>>;

impl Task {
    /// Starts the task of a volume, and answers with the way to it and how to end it.
    pub fn spawn(facts: Facts, start: Start, services: &Arc<Services>) -> (Route, tokio::task::AbortHandle) {
        let (route, signals, lagged) = Route::new();
        let exchange = start.vault_token.is_none();
        let mut task = Self {
            facts,
            services: Arc::clone(services),
            route: route.clone(),
            attachment: 0,
            vault: None,
            token: start.token,
            vault_token: start.vault_token.map(|token| (token, SystemTime::now())),
            spec: start.spec,
            held: start.held,
            due: Due {
                exchange,
                ..Due::default()
            },
            stream: None,
            awaited: BTreeSet::new(),
            fetched: BTreeMap::new(),
            trouble: BTreeMap::new(),
            changed_at: None,
            backoff: Backoff::new(Duration::from_millis(100), Duration::from_secs(30)),
            refusals: Backoff::new(Duration::from_secs(5), Duration::from_mins(1)),
            not_before: Instant::now(),
            read_at: Instant::now(),
            reread_at: None,
            counted: false,
        };
        if start.reread {
            task.reread_before_long();
        }
        task.attach();
        let handle = tokio::spawn(task.run(signals, lagged)).abort_handle();
        (route, handle)
    }

    async fn run(mut self, mut signals: mpsc::Receiver<(u64, Signal)>, lagged: Arc<AtomicBool>) {
        let mut work: Option<Work> = None;
        loop {
            if lagged.swap(false, Ordering::Relaxed) {
                // Whatever was lost: attached anew, the volume hears the present state.
                self.detach();
                self.attach();
            }
            if work.is_none() && Instant::now() >= self.not_before {
                work = self.begin().await;
            }
            let wake = self.wake(work.is_some());
            tokio::select! {
                signal = signals.recv() => match signal {
                    Some((from, signal)) if from == self.attachment || !signal.is_of_stream() => {
                        self.hear(signal).await;
                    }
                    // Of a stream that it no longer listens to.
                    Some(_) => {}
                    None => return,
                },
                done = working(&mut work) => {
                    work = None;
                    self.finish(done).await;
                }
                () = tokio::time::sleep_until(wake) => self.look_at_the_clock(),
            }
            self.count();
        }
    }

    /// Begins the next step; those that take time are answered as work, so that the vault's word is heard meanwhile.
    async fn begin(&mut self) -> Option<Work> {
        match self.due.step(self.wants()) {
            Step::Nothing => None,
            Step::Exchange => self.exchange(),
            Step::Reread => Some(self.reread()),
            Step::Subscribe => {
                self.subscribe().await;
                None
            }
        }
    }

    async fn hear(&mut self, signal: Signal) {
        match signal {
            Signal::Connected(sender) => {
                self.stream = Some(sender);
                self.due.connect();
                self.forget_fetches();
            }
            Signal::Disconnected(reason) => {
                tracing::debug!(volume = %self.facts.id, reason, "the stream is lost");
                self.stream = None;
                self.due.disconnect();
                self.forget_fetches();
            }
            Signal::Message(message) => self.message(*message).await,
            Signal::Token(token) => {
                self.token = token;
                self.due.exchange = true;
                self.again();
                self.save();
            }
            Signal::Again => self.again(),
            // What is awaited is written together with it.
            Signal::Bundle if self.shows_bundle() && self.awaited.is_empty() => self.rewrite().await,
            Signal::Bundle => {}
        }
    }

    fn wants(&self) -> Wants {
        Wants::of(self.spec.as_ref())
    }

    fn shows_bundle(&self) -> bool {
        let files = self.spec.iter().flat_map(|spec| &spec.files);
        files.into_iter().any(|file| file.source == Source::TrustBundle)
    }

    /// Takes up what was given up.
    fn again(&mut self) {
        if self.due.parked {
            self.at_once();
        }
        self.due.reread |= !self.due.subscribed && self.read_at.elapsed() >= UNTOLD;
    }

    /// Tries again without waiting any longer.
    fn at_once(&mut self) {
        self.due.parked = false;
        self.not_before = Instant::now();
    }

    /// Has a SecretRef read that is said to have changed, also where the one before could not be followed.
    fn follow_change(&mut self) {
        self.at_once();
        let at = self.read_at + BETWEEN_READS;
        self.reread_at = Some(self.reread_at.map_or(at, |planned| planned.min(at)));
    }

    /// When to look again without being told.
    fn wake(&self, working: bool) -> Instant {
        let now = Instant::now();
        let renewal = self.renewal_in().map(|wait| now + wait);
        let retry = (!working && self.due.step(self.wants()) != Step::Nothing).then_some(self.not_before);
        // An hour stands for never.
        [renewal, retry, self.reread_at]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(now + Duration::from_hours(1))
    }

    fn renewal_in(&self) -> Option<Duration> {
        if self.due.exchange || self.due.parked || self.wants() == Wants::Nothing {
            return None;
        }
        let (token, got_at) = self.vault_token.as_ref()?;
        let at = plan::renewal(
            *got_at,
            token.expires_at(),
            SystemTime::from(self.token.expires_at()),
        )?;
        Some(at.duration_since(SystemTime::now()).unwrap_or_default())
    }

    fn look_at_the_clock(&mut self) {
        self.due.exchange |= self.renewal_in().is_some_and(|wait| wait.is_zero());
        if self.reread_at.is_some_and(|at| at <= Instant::now()) {
            self.reread_at = None;
            self.due.reread = true;
        }
    }

    /// Has the SecretRef read again at a moment of this volume's own: a vault that comes back has all the volumes of
    /// all nodes subscribe at once, and the API server is not to hear of it.
    fn reread_before_long(&mut self) {
        self.reread_at
            .get_or_insert_with(|| Instant::now() + SPREAD.mul_f64(random()));
    }

    /// Tries again soon where that may help, else when the kubelet comes.
    fn try_later(&mut self, may_help: bool) {
        if may_help {
            self.put_off();
        } else {
            self.due.parked = true;
        }
    }

    /// Puts off the next step after a failure.
    fn put_off(&mut self) {
        self.not_before = self.backoff.after_failure(Instant::now(), random());
    }

    /// Listens to the vault, if there is something to listen for.
    fn attach(&mut self) {
        let Some(spec) = self.spec.as_ref().filter(|_| self.wants() == Wants::Objects) else {
            return;
        };
        let vault = self.services.vaults.get(&spec.vault);
        self.attachment = self.attachment.wrapping_add(1);
        let route = self.route.attached(self.attachment);
        vault.link.attach(self.facts.id.clone(), route);
        self.vault = Some(vault);
    }

    fn detach(&mut self) {
        if let Some(vault) = self.vault.take() {
            vault.link.detach(self.facts.id.clone(), self.route.clone());
        }
        self.stream = None;
        self.due.disconnect();
        self.forget_fetches();
    }

    fn forget_fetches(&mut self) {
        self.awaited.clear();
        self.fetched.clear();
    }

    /// Keeps what a new process needs to go on.
    fn save(&self) {
        let (Some(saved), Some(spec)) = (&self.services.saved, &self.spec) else {
            return;
        };
        let record = Record::new(&self.facts, &self.token, spec, &self.held);
        if let Err(error) = saved.write(&record) {
            tracing::warn!(volume = %self.facts.id, %error, "cannot keep the volume's state");
        }
    }

    fn warn(&self, reason: &'static str, note: &str) {
        let Facts {
            id, pod, secret_ref, ..
        } = &self.facts;
        let sent = self
            .services
            .events
            .warn(pod, reason, format!("SecretRef {secret_ref}: {note}"));
        if sent {
            tracing::warn!(volume = %id, pod = %pod.name, namespace = %pod.namespace, reason, note);
        } else {
            tracing::debug!(volume = %id, pod = %pod.name, namespace = %pod.namespace, reason, note);
        }
    }

    fn count(&mut self) {
        if self.counted != self.due.subscribed {
            self.counted = self.due.subscribed;
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
        self.detach();
    }
}

async fn working(work: &mut Option<Work>) -> Done {
    match work {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}
