//! The stream: what is subscribed to, and what becomes of it.

use std::time::Duration;

use strongroom_core::ObjectKind;
use strongroom_csi::{
    follow::state::{Action, Event, Follow, Refused, ReportReason, Start, VaultMessage},
    source::load::Reason,
};

use crate::world::{
    SECOND, World,
    disk::value,
    failure, pod_token,
    spec::{Wanted, key_of, object, of, path, version},
};

#[test]
fn a_published_volume_subscribes_as_soon_as_the_stream_is_open() {
    let mut world = World::published(Wanted::Both);
    assert_eq!(world.vaults[0].subscribes, 0);
    world.connect();
    world.settle();
    assert_eq!((world.vaults[0].subscribes, world.vaults[0].fetches), (1, 0));
    assert_eq!(
        (world.exchanges, world.reads),
        (0, 0),
        "all that it needs came with the publish"
    );
    let (objects, error) = world.vaults[0].ack.clone().unwrap();
    assert_eq!((objects.len(), error.as_str()), (2, ""));
    world.pass(31 * SECOND);
    world.settle();
    assert_eq!(world.reads, 0, "nothing was missed before the first subscription");
}

#[test]
fn a_subscription_names_each_secret_once_with_its_pin() {
    let mut world = World::subscribed(Wanted::FollowedAndPinned);
    let (_, objects) = world.vaults[0].subscription.as_ref().unwrap();
    assert_eq!(*objects, [object("db", None), object("other", Some(1))]);
    let newer = world.put(0, "db");
    world.settle();
    let files = ["a", "b", "c"].map(|path| world.read(path).unwrap());
    assert_eq!(files, ["2", "1", "1"]);
    let (acknowledged, error) = world.vaults[0].ack.clone().unwrap();
    assert_eq!(
        (acknowledged, error.as_str()),
        (
            vec![
                (object("db", None), Some(newer)),
                (object("other", Some(1)), Some(version(1)))
            ],
            ""
        )
    );
    assert_eq!(world.vaults[0].fetched, ["secrets/db"]);
}

#[test]
fn a_vault_of_a_release_before_keys_follows_the_secrets_and_is_reported_for_the_keys() {
    let mut world = World::published(Wanted::WithKeys);
    world.vaults[0].is_earlier = true;
    world.connect();
    world.settle();
    let why = "the vault is of an earlier release, which reports no changes of keys";
    let note = format!("key db: {why}; key other: {why}; the files stay as they are");
    assert_eq!(world.reports, [(ReportReason::ObjectUnavailable, note.clone())]);
    let (objects, error) = world.vaults[0].ack.clone().unwrap();
    assert_eq!(error, note);
    assert!(objects.contains(&(key_of("db", None), Some(version(1)))));
    world.put(0, "db");
    world.settle();
    assert_eq!(world.read("a").as_deref(), Some("2"));
    assert_eq!(world.vaults[0].fetched, ["secrets/db"]);
}

#[test]
fn a_secret_that_the_files_do_not_hold_is_acknowledged_without_a_version() {
    let mut world = World::published(Wanted::FollowedAndPinned);
    let start = Start {
        token: pod_token(1),
        spec: Some(of(Wanted::FollowedAndPinned)),
        held: [(object("db", None), version(2))].into(),
        vault_token: Some(world.issue()),
        reread: false,
    };
    let (mut follow, _) = Follow::start(start, world.now);
    follow.on(Event::Connected, world.now);
    let readings = vec![(path("db"), Ok(version(2)))];
    let actions = follow.on(Event::Vault(VaultMessage::Subscribed(readings)), world.now);
    let [Action::Acknowledge { objects, error }] = actions.as_slice() else {
        panic!("{actions:?}")
    };
    assert_eq!(
        *objects,
        [
            (object("db", None), Some(version(2))),
            (object("other", Some(1)), None)
        ]
    );
    assert_eq!(error, "");
}

/// Of names outside of the SecretRef, and of contents that nobody asked for.
fn foreign() -> [VaultMessage; 4] {
    let secret = || Ok((version(9), value(ObjectKind::Secrets, version(9))));
    [
        VaultMessage::Changed(vec![
            (path("third"), Ok(version(9))),
            (path("fourth"), Err(Reason::NotFound)),
        ]),
        VaultMessage::Contents(vec![
            (path("third"), secret()),
            (path("fourth"), Err(Reason::NotFound)),
        ]),
        VaultMessage::Contents(vec![(path("db"), secret())]),
        // Of the key whose name is that of a secret which is shown.
        VaultMessage::Changed(vec![(path("key db"), Ok(version(9)))]),
    ]
}

#[test]
fn a_vault_that_speaks_of_other_objects_is_not_heard() {
    for message in 0..4 {
        let mut world = World::subscribed(Wanted::Both);
        world.vaults[0].ack = None;
        world.feed(Event::Vault(foreign().into_iter().nth(message).unwrap()));
        world.settle();
        assert_eq!((world.vaults[0].fetches, world.disk.writes), (0, 0));
        assert_eq!((world.vaults[0].ack.clone(), world.reports.len()), (None, 0));
        assert!(world.rotations.is_empty());
    }
}

#[test]
fn a_vault_that_accepts_other_objects_is_asked_for_none_of_them() {
    let mut world = World::published(Wanted::Both);
    world.connect();
    world.deliver_to_vault();
    let Some(VaultMessage::Subscribed(readings)) = world.stream.to_driver.front_mut() else {
        panic!("it is not accepted")
    };
    readings.push((path("third"), Ok(version(9))));
    readings.push((path("fourth"), Err(Reason::NotFound)));
    readings.push((path("key db"), Ok(version(9))));
    world.settle();
    assert_eq!((world.vaults[0].fetches, world.reports.len()), (0, 0));
    let (objects, error) = world.vaults[0].ack.clone().unwrap();
    assert_eq!((objects.len(), error.as_str()), (2, ""));
}

/// Else such a vault would have a node write again and again what cannot be written.
#[test]
fn a_vault_that_speaks_of_other_objects_ends_no_pause() {
    for message in 0..2 {
        let mut world = World::subscribed(Wanted::Both);
        world.write_failure = Some(failure(false));
        world.put(0, "db");
        world.settle();
        assert_eq!(world.vaults[0].fetches, 1);
        world.feed(Event::Vault(foreign().into_iter().nth(message).unwrap()));
        world.settle();
        assert_eq!(
            (world.vaults[0].fetches, world.read("a").as_deref()),
            (1, Some("1"))
        );
        assert_eq!(world.vaults[0].ack.as_ref().unwrap().1, "it failed");
    }
}

#[test]
fn a_volume_of_nothing_but_the_trust_bundle_asks_neither_vault_nor_identity_service() {
    let mut world = World::published(Wanted::Bundle);
    assert_eq!(world.stream.vault, None);
    for _ in 0..3 {
        world.bring_token();
        world.pass(Duration::from_mins(1));
    }
    assert_eq!((world.exchanges, world.reads, world.disk.writes), (0, 0, 0));
    assert_eq!(world.follow().wakes_at(world.now), None);
}

#[test]
fn a_refused_subscription_is_asked_for_again_seldom_and_without_the_kubelet() {
    let mut world = World::subscribed(Wanted::Both);
    world.vaults[0].forbids = true;
    world.revoke(Refused::Subscription);
    world.settle();
    world.put(0, "db");
    for _ in 0..600 {
        world.feed(Event::KubeletCalled);
        world.pass(SECOND);
        world.settle();
    }
    let asked = world.vaults[0].subscribes - 1;
    assert!((10..=20).contains(&asked), "{asked} in ten minutes");
    assert_eq!(world.exchanges, 0);
    assert!(
        world
            .reports
            .iter()
            .all(|(reason, note)| *reason == ReportReason::AccessRevoked
                && note == "policy changed; the files stay as they are")
    );
    assert_eq!(world.read("a").as_deref(), Some("1"), "the files stay");
    world.vaults[0].forbids = false;
    world.pass(Duration::from_mins(1));
    world.settle();
    assert_eq!(world.read("a").as_deref(), Some("2"));
}

#[test]
fn a_lost_stream_changes_no_file_and_the_next_one_brings_what_was_missed() {
    let mut world = World::subscribed(Wanted::Both);
    world.disconnect();
    world.put(0, "db");
    world.pass(Duration::from_mins(1));
    assert_eq!((world.read("a").as_deref(), world.disk.writes), (Some("1"), 0));
    world.connect();
    world.settle();
    assert_eq!(world.read("a").as_deref(), Some("2"));
    assert_eq!((world.exchanges, world.vaults[0].fetches), (0, 1));
}

/// A SecretRef that cannot be followed is no reason not to hear of the objects of the one before.
#[test]
fn a_volume_whose_secret_ref_is_broken_subscribes_again_after_a_lost_stream() {
    let mut world = World::subscribed(Wanted::Both);
    world.pass(SECOND);
    world.change_ref(None);
    world.settle();
    assert_eq!(world.reports.len(), 1, "it was read in vain");
    world.disconnect();
    world.put(0, "db");
    world.connect();
    world.settle();
    assert_eq!(world.read("a").as_deref(), Some("2"));
}

/// An identity service that is down is no reason not to subscribe with a token that is still good.
#[test]
fn a_volume_that_gets_no_newer_token_subscribes_with_the_one_that_is_still_good() {
    let mut world = World::subscribed(Wanted::Both);
    world.bring_token();
    world.fail_exchange(true);
    world.disconnect();
    world.put(0, "db");
    world.connect();
    while world.deliver_to_vault() || world.deliver_to_driver() {}
    assert_eq!(world.read("a").as_deref(), Some("2"));
}

#[test]
fn what_the_subscription_of_before_still_brings_is_not_taken_for_the_new_ones() {
    let mut world = World::subscribed(Wanted::Both);
    world.pass(SECOND);
    world.change_ref(Some(Wanted::Pinned));
    world.deliver_to_driver();
    world.put(0, "db");
    world.deliver_to_driver();
    // Reported and asked for under the spec of before, answered while the new one is subscribed to.
    world.put(0, "db");
    world.finish_obtain();
    while world.deliver_to_driver() || world.deliver_to_vault() {
        assert_eq!(world.read("a").as_deref(), Some("1"), "it is pinned");
    }
    assert_eq!(world.vaults[0].subscribes, 2);
}
