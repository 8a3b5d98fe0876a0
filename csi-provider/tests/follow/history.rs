//! Random histories. What holds at every step is checked by the world; here, that a volume always finds its way back: once
//! everybody answers again, its files are what its SecretRef and its vault say.

use std::time::Duration;

use proptest::prelude::*;
use strongroom_csi::follow::state::{Event, Refused};

use crate::world::{SECOND, World, failure, spec::Wanted};

#[derive(Debug, Clone, Copy)]
enum Happening {
    Connect,
    Disconnect,
    DeliverToVault,
    DeliverToDriver,
    Put(usize, usize),
    Rotate(usize, usize),
    Unavailable(usize, usize, bool),
    ChangeRef(Option<Wanted>),
    ChangeBundle,
    BringToken,
    KubeletCalls,
    FinishExchange,
    FailExchange(bool),
    ReadContents(bool),
    FinishObtain,
    FailObtain(bool),
    Revoke(bool),
    Forbid(usize, bool),
    RefuseTokens,
    FailNextWrite(bool),
    Pass(Duration),
    Talk,
    Settle,
}

use Happening::{
    BringToken, ChangeBundle, ChangeRef, Connect, DeliverToDriver, DeliverToVault, Disconnect, FailExchange,
    FailNextWrite, FailObtain, FinishExchange, FinishObtain, Forbid, KubeletCalls, Pass, Put, ReadContents,
    RefuseTokens, Revoke, Rotate, Settle, Talk, Unavailable,
};

fn wanted() -> impl Strategy<Value = Wanted> {
    (0..Wanted::ALL.len()).prop_map(|index| Wanted::ALL[index])
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => Just(Connect),
        1 => Just(Disconnect),
        4 => Just(DeliverToVault),
        4 => Just(DeliverToDriver),
        4 => (0..2_usize, object()).prop_map(|(vault, object)| Put(vault, object)),
        8 => (0..2_usize, object()).prop_map(|(vault, object)| Rotate(vault, object)),
        1 => (0..2_usize, object(), any::<bool>()).prop_map(|(vault, object, is)| Unavailable(vault, object, is)),
        3 => proptest::option::weighted(0.8, wanted()).prop_map(ChangeRef),
        1 => Just(ChangeBundle),
        1 => Just(BringToken),
        1 => Just(KubeletCalls),
        4 => Just(FinishExchange),
        1 => any::<bool>().prop_map(FailExchange),
        4 => any::<bool>().prop_map(ReadContents),
        4 => Just(FinishObtain),
        1 => any::<bool>().prop_map(FailObtain),
        1 => any::<bool>().prop_map(Revoke),
        1 => (0..2_usize, any::<bool>()).prop_map(|(vault, forbids)| Forbid(vault, forbids)),
        1 => Just(RefuseTokens),
        2 => any::<bool>().prop_map(FailNextWrite),
        3 => (0..1_000_u64).prop_map(|millis| Pass(Duration::from_millis(millis))),
        2 => (1..1_200_u64).prop_map(|seconds| Pass(Duration::from_secs(seconds))),
        4 => Just(Talk),
        1 => Just(Settle),
    ]
}

/// What the vaults have: two secrets, a certificate, and two keys of the names of the secrets.
const OBJECTS: [&str; 5] = ["db", "other", "tls", "key db", "key other"];

fn object() -> impl Strategy<Value = usize> {
    0..OBJECTS.len()
}

/// All that is on the stream arrives.
fn talk(world: &mut World) {
    while world.deliver_to_vault() || world.deliver_to_driver() {}
}

/// Answers whether it was a failure that only the kubelet's next call takes up.
fn happen(world: &mut World, happening: Happening) -> bool {
    match happening {
        Connect => world.connect(),
        Disconnect => world.disconnect(),
        DeliverToVault => drop(world.deliver_to_vault()),
        DeliverToDriver => drop(world.deliver_to_driver()),
        Put(vault, object) => drop(world.put(vault, OBJECTS[object])),
        Rotate(vault, object) => {
            world.put(vault, OBJECTS[object]);
            talk(world);
        }
        Unavailable(vault, object, is) => world.set_unavailable(vault, OBJECTS[object], is),
        ChangeRef(wanted) => {
            world.change_ref(wanted);
            return wanted.is_none();
        }
        ChangeBundle => world.change_bundle(),
        BringToken => world.bring_token(),
        KubeletCalls => world.feed(Event::KubeletCalled),
        FinishExchange => drop(world.finish_exchange()),
        FailExchange(is_retryable) => {
            world.fail_exchange(is_retryable);
            return !is_retryable;
        }
        ReadContents(is_overtaken) => {
            world.read_contents();
            if is_overtaken {
                world.put(0, "db");
                talk(world);
            }
        }
        FinishObtain => drop(world.finish_obtain()),
        FailObtain(is_retryable) => {
            world.fail_obtain(is_retryable);
            return !is_retryable;
        }
        Revoke(token) => world.revoke(if token {
            Refused::Token
        } else {
            Refused::Subscription
        }),
        Forbid(vault, forbids) => {
            world.vaults[vault].forbids = forbids;
            if forbids {
                world.revoke(Refused::Subscription);
            }
        }
        RefuseTokens => world.refuse_tokens(),
        FailNextWrite(is_retryable) => {
            world.write_failure = Some(failure(is_retryable));
            return true;
        }
        Pass(time) => world.pass(time),
        Talk => talk(world),
        Settle => world.settle(),
    }
    false
}

/// Nobody fails any more, and everybody answers at once.
fn heal(world: &mut World) {
    for vault in 0..2 {
        world.vaults[vault].forbids = false;
        for name in OBJECTS {
            if world.vaults[vault].is_unavailable(name) {
                world.set_unavailable(vault, name, false);
            }
        }
    }
    if world.secret_ref.is_none() {
        world.change_ref(Some(Wanted::Both));
    }
    world.write_failure = None;
}

/// Time passes in which everybody answers.
fn live(world: &mut World, time: Duration) {
    let end = world.now.instant + time;
    while world.now.instant < end {
        world.connect();
        world.settle();
        world.pass(SECOND);
    }
    world.connect();
    world.settle();
}

fn check_current(world: &World) {
    let wanted = world.secret_ref.unwrap();
    let spec = crate::world::spec::of(wanted);
    let history = || world.history();
    assert_eq!(
        world.spec().as_ref(),
        Some(&spec),
        "it does not follow its SecretRef: {}",
        history()
    );
    for object in spec.objects() {
        let vault = &world.vaults[crate::world::spec::index(&spec.vault)];
        assert_eq!(
            world.disk.version(object),
            vault.current(object).ok(),
            "{object} is stale: {}",
            history()
        );
        let (acknowledged, error) = vault.ack.as_ref().unwrap();
        let held = acknowledged
            .iter()
            .find(|(acknowledged, _)| acknowledged == object);
        assert!(
            held.is_none_or(|(_, version)| *version == world.disk.version(object)),
            "{}",
            history()
        );
        assert_eq!(error, "", "{}", history());
        assert!(
            vault.subscription.is_some() && world.follow().is_subscribed(),
            "{}",
            history()
        );
    }
    if world.read("ca").is_some() {
        assert_eq!(
            world.read("ca"),
            Some(world.disk.bundle.to_string()),
            "{}",
            history()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        // PROPTEST_CASES makes it more.
        cases: 4 * ProptestConfig::default().cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// The kubelet calls each minute or so for as long as the pod lives.
    #[test]
    fn once_everybody_answers_the_files_are_what_the_secret_ref_and_the_vault_say(
        first in wanted(),
        restart in proptest::option::of(any::<bool>()),
        happenings in proptest::collection::vec(happening(), 0..40),
    ) {
        let mut world = World::published(first);
        for happening in happenings {
            happen(&mut world, happening);
        }
        if let Some(with_state) = restart {
            world = world.restarted(with_state);
        }
        heal(&mut world);
        for _ in 0..8 {
            live(&mut world, Duration::from_secs(70));
            world.feed(Event::KubeletCalled);
        }
        live(&mut world, SECOND);
        check_current(&world);
    }

    /// Nothing waits for the kubelet unless somebody said that it is of no use before.
    #[test]
    fn what_is_likely_to_pass_is_tried_again_without_the_kubelet(
        first in wanted().prop_filter("it asks its vault for something", |wanted| *wanted != Wanted::Bundle),
        happenings in proptest::collection::vec(happening(), 0..40),
    ) {
        let mut world = World::subscribed(first);
        world.pass(SECOND);
        for happening in happenings {
            if happen(&mut world, happening) {
                return Ok(());
            }
        }
        world.finish_obtain();
        if world.spec().is_some_and(|spec| spec.objects().is_empty()) || !world.reports.is_empty() {
            return Ok(());
        }
        heal(&mut world);
        live(&mut world, Duration::from_secs(130));
        check_current(&world);
    }
}
