//! What a vault says on a Watch stream.

mod messages;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant, SystemTime},
};

use prost::Message as _;
use strongroom_client::{identity::VaultToken, watch::FETCH_AT_ONCE};
use strongroom_core::ObjectPath;
use strongroom_crds::secret_ref::KeyEncoding;
use strongroom_csi::{
    follow::{
        state::{Action, Change, Event, Follow, Moment, Start},
        wire,
    },
    volume::{
        Content, FilePath,
        spec::{Object, Source, VolumeSpec},
        tree::Written,
    },
};
use strongroom_wire::watch::ServerMessage;

use super::fixture::pod_token;
use crate::{Seed, Verdict};
use messages::{changed, key, public_key, ref_changed, revoked, secret, subscribed, unknown, values};

/// What the volume holds: three files of two secrets, and two of a key that has the name of one of them.
const SPEC: &str = r#"{"vaultRef":{"name":"prod","namespace":"team-a"},"serviceAccountName":"api","files":[
    {"path":"a","secret":{"name":"db"}},{"path":"b","secret":{"name":"other"}},
    {"path":"c","secret":{"name":"db","version":"00000000000000000000000000000001"}},
    {"path":"d","key":{"name":"db"}},{"path":"e","key":{"name":"db","encoding":"JWK"}}]}"#;

/// The input is a list of happenings: a byte that chooses one, and for a message of the vault its length in two bytes, and
/// itself. The others are the stream's end and its beginning, and time that passes.
///
/// - Whatever a vault says, only objects that were asked for are written, and only to files of the SecretRef.
/// - It makes the node driver do and remember no more than the SecretRef has objects for.
/// - What is reported to the pod's author is a short line in the node driver's own words.
pub fn watch_message(input: &[u8]) -> Verdict {
    let mut volume = Volume::subscribed();
    let mut rest = input;
    while let Some((choice, after)) = rest.split_first() {
        rest = after;
        match choice % 8 {
            0 => volume.feed(Event::Disconnected),
            1 => volume.feed(Event::Connected),
            2 => volume.pass(Duration::from_secs(70)),
            _ => {
                let Some((length, after)) = rest.split_first_chunk::<2>() else {
                    break;
                };
                let length = usize::from(u16::from_be_bytes(*length)).min(after.len());
                let (message, after) = after.split_at(length);
                rest = after;
                if let Ok(ServerMessage { message: Some(said) }) = ServerMessage::decode(message) {
                    let said = wire::message(said, &volume.spec.vault);
                    volume.feed(Event::Vault(said));
                }
            }
        }
    }
    Verdict::taken_if(volume.writes > 0)
}

/// A volume that is followed.
struct Volume {
    follow: Follow,
    spec: VolumeSpec,
    now: Moment,
    /// The objects that the vault was asked for and has not answered.
    asked: BTreeSet<ObjectPath>,
    writes: usize,
}

impl Volume {
    fn subscribed() -> Self {
        let spec = VolumeSpec::parse(&serde_json::from_str(SPEC).unwrap()).unwrap();
        let now = Moment {
            instant: Instant::now() + Duration::from_hours(1),
            time: SystemTime::UNIX_EPOCH + Duration::from_hours(500_000),
            random: 0.5,
        };
        let start = Start {
            token: pod_token(),
            spec: Some(spec.clone()),
            held: BTreeMap::new(),
            vault_token: Some(VaultToken::new("t".into(), now.time + Duration::from_hours(24))),
            reread: false,
        };
        let (follow, actions) = Follow::start(start, now);
        let mut volume = Self {
            follow,
            spec,
            now,
            asked: BTreeSet::new(),
            writes: 0,
        };
        volume.carry_out(actions);
        volume.feed(Event::Connected);
        volume
    }

    fn pass(&mut self, time: Duration) {
        self.now.instant += time;
        self.now.time += time;
        self.feed(Event::Woken);
    }

    /// Feeds an event, carries out what follows, and compares what is remembered with what there is to remember.
    fn feed(&mut self, event: Event) {
        if matches!(event, Event::Disconnected) {
            self.asked.clear();
        }
        let actions = self.follow.on(event, self.now);
        self.carry_out(actions);
        let objects = self.spec.objects();
        let (_, _, held) = self.follow.saved().unwrap();
        assert!(
            held.keys().all(|object| objects.contains(object)),
            "an object of no file is held"
        );
    }

    fn carry_out(&mut self, actions: Vec<Action>) {
        let objects = self.spec.objects().len();
        assert!(
            actions.len() <= 8 + 2 * objects,
            "{} things to do at once",
            actions.len()
        );
        let mut written = 0;
        for action in actions {
            match action {
                Action::Fetch(wanted) => {
                    assert!(
                        wanted.iter().all(|object| self.names(object)),
                        "an object of no file is fetched"
                    );
                    assert!(wanted.len() <= objects.min(FETCH_AT_ONCE));
                    self.asked.extend(wanted);
                }
                Action::Write(Change::Merge { spec, contents }) => {
                    assert_eq!(spec, self.spec);
                    self.must_be_asked_for(&contents);
                    written += 1;
                }
                Action::Write(Change::Replace { .. }) => panic!("nobody changed the SecretRef"),
                Action::Report { note, .. } => must_be_ours(&note),
                Action::Acknowledge { objects, error } => {
                    assert!(objects.iter().all(|(object, _)| self.names(&object.path())));
                    must_be_ours(&error);
                }
                Action::Subscribe { objects, .. } => {
                    assert!(objects.iter().all(|object| self.names(&object.path())));
                }
                Action::Attach(vault) => assert_eq!(vault, self.spec.vault),
                Action::Detach
                | Action::Renew(_)
                | Action::Exchange { .. }
                | Action::Obtain { .. }
                | Action::Save
                | Action::CountRotation(_) => {}
            }
        }
        self.writes += written;
        for _ in 0..written {
            self.feed(Event::Written(Ok(Written::Replaced)));
        }
    }

    /// Whatever the vault sent: only files of the SecretRef become others, and only by what was asked for since they did.
    fn must_be_asked_for(&mut self, contents: &BTreeMap<FilePath, Content>) {
        let mut answered = BTreeSet::new();
        for (path, content) in contents {
            let file = self.spec.files.iter().find(|file| file.path == *path);
            let source = &file.expect("a file of the SecretRef").source;
            must_be_of_its_kind(source, content);
            answered.extend(source.objects().map(Object::path));
        }
        for object in &answered {
            assert!(self.asked.remove(object), "{object} was not asked for");
        }
    }

    fn names(&self, path: &ObjectPath) -> bool {
        self.spec.objects().iter().any(|object| object.path() == *path)
    }
}

/// Whatever the vault sent as a key, the files hold one.
fn must_be_of_its_kind(source: &Source, content: &Content) {
    let Source::Key { encoding, .. } = source else {
        return;
    };
    match encoding {
        KeyEncoding::Pem => {
            let pem = std::str::from_utf8(content.as_bytes()).unwrap();
            assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{pem}");
            assert_eq!(pem.matches("-----").count(), 4, "{pem}");
        }
        KeyEncoding::Jwk => {
            let jwk: serde_json::Value = serde_json::from_slice(content.as_bytes()).unwrap();
            let kid = jwk["kid"].as_str().unwrap();
            assert!(kid.starts_with("https://prod.team-a.svc/keys/"), "{kid}");
        }
    }
}

fn must_be_ours(note: &str) {
    assert!(
        note.len() <= 1024 && !note.chars().any(char::is_control),
        "{note}"
    );
    assert!(!note.contains("CANARY"), "a vault's words are shown: {note}");
}

/// What an honest vault says, and what a hostile one could.
pub fn seeds() -> Vec<Seed> {
    let both = || vec![secret("db", 2), secret("other", 3)];
    let honest = [subscribed(both()), values(both())].concat();
    let next = || vec![secret("db", 4)];
    let rotated = [honest.clone(), changed(next()), values(next())].concat();
    let foreign = vec![secret("hidden", 1), secret("../db", 1)];
    let of_key = |content| [subscribed(vec![key("db", 5)]), content].concat();
    let key_as = |kid| of_key(public_key(key("db", 5), kid));
    vec![
        Seed::taken("key", key_as("https://elsewhere.example/keys/DB/")),
        Seed::refused(
            "key-of-another-name",
            key_as("https://prod.team-a.svc/keys/other/"),
        ),
        Seed::refused("secret-as-a-key", of_key(values(vec![key("db", 5)]))),
        Seed::taken("honest", honest.clone()),
        Seed::taken("rotated", rotated),
        Seed::taken("again", [honest.clone(), vec![0, 1], honest.clone()].concat()),
        Seed::taken(
            "revoked",
            [honest, revoked(1), vec![2], revoked(5), vec![2]].concat(),
        ),
        Seed::refused("unasked", values(both())),
        Seed::refused("foreign", [subscribed(foreign.clone()), values(foreign)].concat()),
        Seed::refused("unavailable", subscribed(vec![unknown("db"), unknown("CANARY")])),
        Seed::refused("reference", ref_changed()),
    ]
}
