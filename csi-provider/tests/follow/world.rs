//! The world around one volume: two vaults, its SecretRef, the identity service, the trust bundle, the files, and a clock
//! that stands until it is moved.
//!
//! It checks all along what must hold in any history: nothing is asked twice at once, what is acknowledged is what the
//! files hold, and files never go back behind what was acknowledged.

pub mod disk;
pub mod spec;
pub mod vault;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::{Duration, Instant, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use strongroom_client::identity::VaultToken;
use strongroom_core::{ObjectName, Version};
use strongroom_csi::{
    follow::state::{Action, Event, Failure, Follow, Moment, ReportReason, Start, VaultMessage},
    pod::{Pod, PodToken},
    source::{
        load::Loaded,
        obtain::{Known, Obtained},
    },
    volume::spec::{Object, VolumeSpec},
};

use disk::Disk;
use spec::Wanted;
use vault::{Request, Vault};

pub const SECOND: Duration = Duration::from_secs(1);

/// For how long the identity service issues vault tokens.
pub const LIFE: Duration = Duration::from_mins(15);

pub struct World {
    pub vaults: [Vault; 2],
    /// What the SecretRef asks for; `None` when it does not exist.
    pub secret_ref: Option<Wanted>,
    ref_changed_at: Option<Instant>,
    pub disk: Disk,
    pub exchange: Option<Exchange>,
    pub obtain: Option<Obtain>,
    /// What went over the stream, and the stream itself: the vault that the volume is attached to.
    pub stream: Stream,
    pub now: Moment,
    pub log: Vec<String>,
    pub reports: Vec<(ReportReason, String)>,
    pub exchanges: u64,
    pub reads: u64,
    pub saves: u64,
    pub rotations: Vec<Duration>,
    /// What the next write fails with.
    pub write_failure: Option<Failure>,
    tokens: u64,
    pod_tokens: u64,
    follow: Option<Follow>,
}

pub struct Exchange {
    pub known: Option<String>,
}

/// An obtaining that is under way.
pub struct Obtain {
    pub known: Option<Known>,
    pub read: Read,
}

/// What the SecretRef and the vault said when they were read.
pub enum Read {
    NotYet,
    Failed,
    Same,
    Changed(Wanted, Box<Obtained>),
}

#[derive(Default)]
pub struct Stream {
    pub vault: Option<usize>,
    pub open: bool,
    pub to_vault: VecDeque<Request>,
    pub to_driver: VecDeque<VaultMessage>,
    fetching: BTreeSet<ObjectName>,
    /// The subscription that is not answered.
    subscribing: Option<Vec<Object>>,
}

impl World {
    /// A volume that was published a moment ago and is not subscribed yet.
    pub fn published(wanted: Wanted) -> Self {
        let mut world = Self::empty(wanted);
        let obtained = world.load(wanted, None);
        world.disk.replace(&obtained.loaded.image, wanted);
        world.start(Start {
            token: pod_token(1),
            spec: Some(obtained.spec),
            held: obtained.loaded.versions,
            vault_token: obtained.token,
            reread: false,
        });
        world
    }

    /// A published volume whose vault reports changes.
    pub fn subscribed(wanted: Wanted) -> Self {
        let mut world = Self::published(wanted);
        world.connect();
        world.settle();
        world
    }

    /// A volume that a process before published, as this process finds it.
    pub fn restarted(mut self, with_state: bool) -> Self {
        let follow = self.follow.take().unwrap();
        let (token, spec, held) = follow.saved().unwrap();
        let start = Start {
            token: token.clone(),
            spec: with_state.then(|| spec.clone()),
            held: if with_state { held.clone() } else { BTreeMap::new() },
            vault_token: None,
            reread: true,
        };
        self.hang_up();
        self.stream = Stream::default();
        (self.exchange, self.obtain) = (None, None);
        self.start(start);
        // The first look at the trust bundle is a change.
        self.feed(Event::BundleChanged);
        self
    }

    fn empty(wanted: Wanted) -> Self {
        Self {
            vaults: [Vault::new(0), Vault::new(1)],
            secret_ref: Some(wanted),
            ref_changed_at: None,
            disk: Disk::default(),
            exchange: None,
            obtain: None,
            stream: Stream::default(),
            now: Moment {
                instant: Instant::now() + Duration::from_hours(1),
                time: SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365 * 50),
                random: 0.5,
            },
            log: Vec::new(),
            reports: Vec::new(),
            exchanges: 0,
            reads: 0,
            saves: 0,
            rotations: Vec::new(),
            write_failure: None,
            tokens: 0,
            pod_tokens: 1,
            follow: None,
        }
    }

    fn start(&mut self, start: Start) {
        let (follow, actions) = Follow::start(start, self.now);
        self.follow = Some(follow);
        self.carry_out(actions);
    }

    pub fn follow(&self) -> &Follow {
        self.follow.as_ref().unwrap()
    }

    /// Feeds an event, and carries out what follows, as the task does.
    pub fn feed(&mut self, event: Event) {
        self.log.push(format!("{event:?}"));
        let actions = self.follow.as_mut().unwrap().on(event, self.now);
        self.carry_out(actions);
    }

    fn carry_out(&mut self, actions: Vec<Action>) {
        let mut actions = VecDeque::from(actions);
        let mut events = VecDeque::new();
        loop {
            while let Some(action) = actions.pop_front() {
                self.log.push(format!("  {action:?}"));
                events.extend(self.perform(action));
            }
            let Some(event) = events.pop_front() else { break };
            self.log.push(format!(" {event:?}"));
            actions.extend(self.follow.as_mut().unwrap().on(event, self.now));
        }
        self.disk.check();
    }

    fn perform(&mut self, action: Action) -> Option<Event> {
        match action {
            Action::Attach(vault) => {
                assert_eq!(self.stream.vault, None, "attached twice: {}", self.history());
                self.stream.vault = Some(spec::index(&vault));
            }
            Action::Detach => {
                self.hang_up();
                self.stream = Stream::default();
            }
            Action::Exchange { known, .. } => {
                assert!(
                    self.exchange.is_none() && self.obtain.is_none(),
                    "asked twice: {}",
                    self.history()
                );
                self.exchanges += 1;
                self.exchange = Some(Exchange {
                    known: known.map(|token| token.expose().to_owned()),
                });
            }
            Action::Obtain { known, .. } => {
                assert!(
                    self.exchange.is_none() && self.obtain.is_none(),
                    "asked twice: {}",
                    self.history()
                );
                self.reads += 1;
                self.obtain = Some(Obtain {
                    known,
                    read: Read::NotYet,
                });
            }
            Action::Write(change) => {
                if let Some(failure) = self.write_failure.take() {
                    return Some(Event::Written(Err(failure)));
                }
                return Some(Event::Written(Ok(self.disk.write(change))));
            }
            Action::Save => self.saves += 1,
            Action::Report { reason, note } => self.reports.push((reason, note)),
            Action::CountRotation(took) => self.rotations.push(took),
            Action::Subscribe { token, objects } => {
                let asked = self.stream.subscribing.replace(objects.clone());
                assert_ne!(
                    asked.as_ref(),
                    Some(&objects),
                    "asked twice at once: {}",
                    self.history()
                );
                self.stream.fetching.clear();
                self.send(Request::Subscribe(token, objects));
            }
            Action::Renew(token) => self.send(Request::Renew(token)),
            Action::Fetch(names) => {
                assert!(
                    !names.is_empty() && self.stream.fetching.is_disjoint(&names),
                    "fetched twice at once: {}",
                    self.history()
                );
                self.stream.fetching.extend(names.iter().cloned());
                self.send(Request::Fetch(names));
            }
            Action::Acknowledge { objects, error } => self.acknowledge(objects, error),
        }
        None
    }

    fn send(&mut self, request: Request) {
        assert!(self.stream.open, "sent on a closed stream: {}", self.history());
        self.stream.to_vault.push_back(request);
    }

    fn acknowledge(&mut self, objects: Vec<(Object, Option<Version>)>, error: String) {
        let vault = self.stream.vault.unwrap();
        for (object, version) in &objects {
            assert_eq!(
                self.disk.version(object),
                *version,
                "acknowledged what the files do not hold: {}",
                self.history()
            );
            if let Some(version) = version {
                self.disk.acknowledged(vault, object, *version);
            }
        }
        self.send(Request::Ack(objects, error));
    }

    /// What the volume's spec reads as now, from its vault.
    pub fn load(&mut self, wanted: Wanted, token: Option<VaultToken>) -> Obtained {
        let spec = spec::of(wanted);
        let has_objects = !spec.objects().is_empty();
        let image = self.disk.image(&spec, &self.vaults);
        let versions = spec.objects().into_iter().map(|object| {
            let vault = &self.vaults[spec::index(&spec.vault)];
            (object.clone(), vault.current(object).unwrap())
        });
        let versions = versions.collect();
        let token = has_objects.then(|| token.unwrap_or_else(|| self.issue()));
        Obtained {
            spec,
            loaded: Loaded { image, versions },
            token,
        }
    }

    pub fn issue(&mut self) -> VaultToken {
        self.tokens += 1;
        VaultToken::new(format!("{}", self.tokens).into(), self.now.time + LIFE)
    }

    /// The vaults refuse every token that was issued so far.
    pub fn refuse_tokens(&mut self) {
        for vault in &mut self.vaults {
            vault.refuses_to = self.tokens;
        }
    }

    pub fn connect(&mut self) {
        if self.stream.vault.is_some() && !self.stream.open {
            self.stream.open = true;
            self.feed(Event::Connected);
        }
    }

    pub fn disconnect(&mut self) {
        if self.stream.open {
            self.hang_up();
            self.feed(Event::Disconnected);
        }
    }

    /// The stream is lost with what was on it, and the vault forgets the subscription.
    fn hang_up(&mut self) {
        if let Some(vault) = self.stream.vault {
            self.vaults[vault].subscription = None;
        }
        self.stream = Stream {
            vault: self.stream.vault,
            ..Stream::default()
        };
    }

    /// The vault takes one message of the stream.
    pub fn deliver_to_vault(&mut self) -> bool {
        let Some(request) = self.stream.to_vault.pop_front() else {
            return false;
        };
        let vault = &mut self.vaults[self.stream.vault.unwrap()];
        let is_subscribe = matches!(request, Request::Subscribe(..));
        let answers = vault.answer(request, self.now.time);
        let is_accepted = matches!(answers.first(), Some(VaultMessage::Subscribed(_)));
        self.stream.to_driver.extend(answers);
        let remembered = |at: Instant| self.now.instant - at < Duration::from_mins(3);
        if is_subscribe && is_accepted && self.ref_changed_at.is_some_and(remembered) {
            self.stream.to_driver.push_back(VaultMessage::RefChanged);
        }
        true
    }

    /// The node driver takes one message of the stream.
    pub fn deliver_to_driver(&mut self) -> bool {
        let Some(message) = self.stream.to_driver.pop_front() else {
            return false;
        };
        match &message {
            VaultMessage::Contents(contents) => {
                for (name, ..) in contents {
                    self.stream.fetching.remove(name);
                }
            }
            VaultMessage::Subscribed(_) => self.stream.subscribing = None,
            VaultMessage::Revoked { .. } => {
                self.stream.subscribing = None;
                self.stream.fetching.clear();
            }
            VaultMessage::Changed(_) | VaultMessage::RefChanged => {}
        }
        self.feed(Event::Vault(message));
        true
    }

    /// The vault has a new version, and reports it.
    pub fn put(&mut self, vault: usize, name: &str) -> Version {
        let version = self.vaults[vault].put(name);
        self.notify(vault, name, false);
        version
    }

    pub fn set_unavailable(&mut self, vault: usize, name: &str, unavailable: bool) {
        self.vaults[vault].set_unavailable(name, unavailable);
        self.notify(vault, name, true);
    }

    fn notify(&mut self, vault: usize, name: &str, with_pinned: bool) {
        if self.stream.vault == Some(vault) {
            self.stream
                .to_driver
                .extend(self.vaults[vault].changed(name, with_pinned));
        }
    }

    pub fn revoke(&mut self, refused: strongroom_csi::follow::state::Refused) {
        if let Some(vault) = self.stream.vault {
            self.stream.to_driver.extend(self.vaults[vault].revoke(refused));
        }
    }

    /// The SecretRef changes, and the operator notifies the vaults.
    pub fn change_ref(&mut self, wanted: Option<Wanted>) {
        self.secret_ref = wanted;
        self.ref_changed_at = Some(self.now.instant);
        let subscribed = self
            .stream
            .vault
            .filter(|vault| self.vaults[*vault].subscription.is_some());
        if subscribed.is_some() {
            self.stream.to_driver.push_back(VaultMessage::RefChanged);
        }
    }

    pub fn change_bundle(&mut self) {
        self.disk.bundle += 1;
        self.feed(Event::BundleChanged);
    }

    pub fn bring_token(&mut self) {
        self.pod_tokens += 1;
        self.feed(Event::PodToken(pod_token(self.pod_tokens)));
    }

    pub fn finish_exchange(&mut self) -> bool {
        if self.exchange.take().is_none() {
            return false;
        }
        let token = self.issue();
        self.feed(Event::Exchanged(Ok(token)));
        true
    }

    pub fn fail_exchange(&mut self, is_retryable: bool) {
        if self.exchange.take().is_some() {
            self.feed(Event::Exchanged(Err(failure(is_retryable))));
        }
    }

    /// The SecretRef and its contents are read now, and not yet brought.
    pub fn read_contents(&mut self) {
        let Some(mut obtain) = self.obtain.take() else {
            return;
        };
        if matches!(obtain.read, Read::NotYet) {
            obtain.read = self.read_now(obtain.known.take());
        }
        self.obtain = Some(obtain);
    }

    fn read_now(&mut self, known: Option<Known>) -> Read {
        let Some(wanted) = self.secret_ref else {
            return Read::Failed;
        };
        let spec = spec::of(wanted);
        if known.as_ref().is_some_and(|known| known.spec == spec) {
            return Read::Same;
        }
        let vault = &self.vaults[spec::index(&spec.vault)];
        if spec.objects().iter().any(|object| vault.current(object).is_err()) {
            return Read::Failed;
        }
        let token = known
            .filter(|known| known.spec.vault == spec.vault)
            .and_then(|known| known.token);
        Read::Changed(wanted, Box::new(self.load(wanted, token)))
    }

    /// Brings what was read, or reads it now.
    pub fn finish_obtain(&mut self) -> bool {
        self.read_contents();
        let Some(obtain) = self.obtain.take() else {
            return false;
        };
        let obtained = match obtain.read {
            Read::NotYet | Read::Failed => Err(failure(false)),
            Read::Same => Ok(None),
            Read::Changed(wanted, obtained) => {
                self.disk.next = Some(wanted);
                Ok(Some(obtained))
            }
        };
        self.feed(Event::Obtained(obtained));
        true
    }

    pub fn fail_obtain(&mut self, is_retryable: bool) {
        if self.obtain.take().is_some() {
            self.feed(Event::Obtained(Err(failure(is_retryable))));
        }
    }

    /// Lets time pass, and wakes the volume whenever it wants to be.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now.instant + time;
        for _ in 0..1_000 {
            let wake = self.follow().wakes_at(self.now).filter(|wake| *wake <= end);
            let next = wake.unwrap_or(end);
            let step = next.saturating_duration_since(self.now.instant);
            self.now.instant += step;
            self.now.time += step;
            if wake.is_none() {
                return;
            }
            self.feed(Event::Woken);
        }
        panic!("it wakes all the time: {}", self.history());
    }

    /// Everybody answers everything, without time passing.
    pub fn settle(&mut self) {
        for _ in 0..1_000 {
            let busy = self.deliver_to_vault()
                || self.deliver_to_driver()
                || self.finish_exchange()
                || self.finish_obtain();
            if !busy {
                return;
            }
        }
        panic!("it does not come to rest: {}", self.history());
    }

    pub fn read(&self, path: &str) -> Option<String> {
        self.disk.read(path)
    }

    pub fn history(&self) -> String {
        let start = self.log.len().saturating_sub(60);
        self.log[start..].join("\n")
    }

    /// The spec that the volume follows.
    pub fn spec(&self) -> Option<VolumeSpec> {
        self.follow().saved().map(|(_, spec, _)| spec.clone())
    }
}

pub fn failure(is_retryable: bool) -> Failure {
    Failure {
        note: "it failed".to_owned(),
        is_retryable,
    }
}

pub fn pod_token(number: u64) -> PodToken {
    let pod = Pod {
        namespace: "shop".parse().unwrap(),
        name: "api-0".parse().unwrap(),
        uid: "7f0c7a2e-0b5d-4f7e-9d2c-3a5b8c9d0e1f".parse().unwrap(),
        account: "api".parse().unwrap(),
    };
    let claims = json!({"exp": 4_000_000_000_u64, "jti": number, "kubernetes.io": {"namespace": "shop",
        "pod": {"name": "api-0", "uid": pod.uid.as_str()}, "serviceaccount": {"name": "api", "uid": "u"}}});
    let jwt = format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims.to_string()));
    PodToken::checked(jwt.into(), &pod).unwrap()
}
