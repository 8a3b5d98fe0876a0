//! The world around one volume: two vaults, its SecretRef, the identity service, the trust bundle, the files, and a clock
//! that stands until it is moved.
//!
//! [`actions`] carries out what the volume does and checks it; [`others`] is what everybody else does.

mod actions;
pub mod certificate;
pub mod disk;
mod others;
pub mod spec;
pub mod vault;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::{Duration, Instant, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use strongroom_client::identity::VaultToken;
use strongroom_core::ObjectPath;
use strongroom_csi::{
    follow::state::{Event, Failure, Follow, Moment, ReportReason, Start, VaultMessage},
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
    fetching: BTreeSet<ObjectPath>,
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
