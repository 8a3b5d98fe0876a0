//! The SecretRef: when it is read, and what becomes of what it asks for.

use std::time::Duration;

use strongroom_csi::follow::state::{Event, Refused, VaultMessage};

use crate::world::{SECOND, World, failure, spec::Wanted};

fn changed(wanted: Wanted, to: Wanted) -> World {
    let mut world = World::subscribed(wanted);
    world.pass(SECOND);
    world.change_ref(Some(to));
    world
}

#[test]
fn a_changed_secret_ref_changes_the_files_and_the_subscription() {
    let mut world = changed(Wanted::Both, Wanted::WithBundle);
    world.settle();
    assert_eq!((world.read("b"), world.read("ca").as_deref()), (None, Some("0")));
    assert_eq!(
        (world.vaults[0].subscribes, world.exchanges),
        (2, 0),
        "with the token of before"
    );
}

#[test]
fn a_secret_ref_that_moved_to_another_vault_takes_its_volume_along() {
    let mut world = changed(Wanted::Both, Wanted::Moved);
    world.set_unavailable(0, "other", true);
    world.settle();
    world.connect();
    world.settle();
    assert_eq!(world.read("a").as_deref(), Some("1001"));
    assert!(world.vaults[0].subscription.is_none() && world.vaults[1].subscription.is_some());
    assert_eq!(
        world.vaults[1].ack.as_ref().unwrap().1,
        "",
        "what was wrong at the old vault is not held against the new one"
    );
}

#[test]
fn a_secret_ref_that_cannot_be_followed_leaves_all_as_it_is_until_it_changes_again() {
    let mut world = changed(Wanted::Both, Wanted::Moved);
    world.set_unavailable(1, "db", true);
    world.settle();
    assert_eq!((world.read("a").as_deref(), world.reports.len()), (Some("1"), 1));
    assert!(
        world.vaults[0].subscription.is_some(),
        "it listens where its files are from"
    );
    world.set_unavailable(1, "db", false);
    world.pass(Duration::from_mins(2));
    world.settle();
    assert_eq!(world.read("a").as_deref(), Some("1"));
    world.change_ref(Some(Wanted::Moved));
    world.settle();
    assert_eq!(world.read("a").as_deref(), Some("1001"));
}

#[test]
fn a_secret_ref_that_is_mended_while_the_broken_one_is_read_is_read_again() {
    let mut world = World::subscribed(Wanted::Both);
    world.pass(SECOND);
    world.change_ref(None);
    world.deliver_to_driver();
    world.read_contents();
    world.change_ref(Some(Wanted::WithBundle));
    world.settle();
    world.pass(SECOND);
    world.settle();
    assert_eq!(world.read("ca").as_deref(), Some("0"));
}

#[test]
fn a_secret_ref_that_is_gone_is_read_again_when_the_kubelet_calls() {
    let mut world = World::subscribed(Wanted::Both);
    world.pass(SECOND);
    world.change_ref(None);
    world.settle();
    assert_eq!((world.reads, world.reports.len()), (1, 1));
    world.secret_ref = Some(Wanted::WithBundle);
    world.feed(Event::KubeletCalled);
    world.settle();
    assert_eq!(world.read("ca").as_deref(), Some("0"));
}

/// How often a SecretRef is read in ten minutes in which the vault says twenty times a second that it changed.
fn reads_under_a_flood(world: &mut World) -> u64 {
    for _ in 0..12_000 {
        world.stream.to_driver.push_back(VaultMessage::RefChanged);
        world.settle();
        world.pass(SECOND / 20);
    }
    world.reads
}

#[test]
fn a_secret_ref_that_is_said_to_change_and_does_not_is_read_ever_more_seldom() {
    let mut world = World::subscribed(Wanted::Both);
    world.pass(SECOND);
    let reads = reads_under_a_flood(&mut world);
    assert!((15..=20).contains(&reads), "{reads} in ten minutes");
    world.change_ref(Some(Wanted::WithBundle));
    world.settle();
    world.pass(Duration::from_mins(1));
    world.settle();
    assert_eq!(
        world.read("ca").as_deref(),
        Some("0"),
        "a change is found in time"
    );
    world.change_ref(Some(Wanted::Both));
    world.settle();
    world.pass(SECOND);
    world.settle();
    assert_eq!(world.read("ca"), None, "and what changes is read at once again");
}

#[test]
fn a_secret_ref_that_cannot_be_read_is_read_ever_more_seldom_however_often_it_is_said_to_change() {
    let mut world = World::subscribed(Wanted::Both);
    world.pass(SECOND);
    world.secret_ref = None;
    let reads = reads_under_a_flood(&mut world);
    assert!((15..=20).contains(&reads), "{reads} in ten minutes");
}

#[test]
fn a_secret_ref_that_changes_all_the_time_is_read_four_times_a_second() {
    let mut world = World::subscribed(Wanted::Both);
    world.pass(SECOND);
    let mut wanted = [Wanted::WithBundle, Wanted::Both].into_iter().cycle();
    for _ in 0..200 {
        world.change_ref(wanted.next());
        world.settle();
        world.pass(SECOND / 200);
        world.settle();
    }
    assert!((2..=5).contains(&world.reads), "{} in a second", world.reads);
}

#[test]
fn after_a_lost_stream_the_secret_ref_is_read_at_a_moment_of_the_volumes_own() {
    for (random, seconds) in [(0.0, 0), (0.5, 15), (1.0, 30)] {
        let mut world = World::subscribed(Wanted::Both);
        world.now.random = random;
        world.disconnect();
        world.connect();
        world.settle();
        world.pass((seconds * SECOND).saturating_sub(SECOND));
        world.settle();
        assert_eq!(world.reads, u64::from(seconds == 0));
        world.pass(2 * SECOND);
        world.settle();
        assert_eq!(world.reads, 1, "{random}");
        world.bring_token();
        world.settle();
        world.pass(31 * SECOND);
        world.settle();
        assert_eq!((world.reads, world.vaults[0].renews), (1, 1), "once is enough");
    }
}

/// While the vault reports nothing, a change of the SecretRef may be missed.
#[test]
fn after_an_ended_subscription_the_secret_ref_is_read_again() {
    for refused in [Refused::Token, Refused::Subscription] {
        let mut world = World::subscribed(Wanted::Both);
        world.revoke(refused);
        world.settle();
        world.pass(Duration::from_mins(1));
        world.settle();
        world.pass(31 * SECOND);
        world.settle();
        assert_eq!((world.vaults[0].subscribes, world.reads), (2, 1), "{refused:?}");
    }
}

#[test]
fn without_a_subscription_the_secret_ref_is_read_every_five_minutes_when_the_kubelet_calls() {
    let mut world = World::published(Wanted::Bundle);
    for minute in 1..=11 {
        world.pass(Duration::from_mins(1));
        world.feed(Event::KubeletCalled);
        world.settle();
        assert_eq!(world.reads, minute / 5, "after {minute} minutes");
    }
}

/// The vault that refuses the pod may be the one that the SecretRef no longer names.
#[test]
fn a_volume_that_gets_no_token_of_its_vault_still_reads_its_secret_ref() {
    let mut world = World::subscribed(Wanted::Both);
    world.refuse_tokens();
    world.revoke(Refused::Token);
    world.deliver_to_driver();
    world.secret_ref = Some(Wanted::Moved);
    for _ in 0..6 {
        world.pass(Duration::from_mins(1));
        world.fail_exchange(false);
        world.feed(Event::KubeletCalled);
        world.fail_exchange(false);
    }
    world.finish_obtain();
    world.connect();
    world.settle();
    assert_eq!(world.read("a").as_deref(), Some("1001"));
}

/// The vault forgets after three minutes that the SecretRef changed.
#[test]
fn a_volume_whose_first_subscription_comes_late_reads_its_secret_ref_again() {
    let mut world = World::published(Wanted::Both);
    world.change_ref(Some(Wanted::WithBundle));
    world.pass(Duration::from_mins(4));
    world.connect();
    world.settle();
    world.pass(30 * SECOND);
    world.settle();
    assert_eq!(world.read("ca").as_deref(), Some("0"));
}

#[test]
fn what_was_read_before_a_newer_version_reached_the_files_is_not_written_over_it() {
    let mut world = changed(Wanted::Both, Wanted::WithBundle);
    world.deliver_to_driver();
    world.read_contents();
    world.put(0, "db");
    while world.deliver_to_driver() || world.deliver_to_vault() {}
    assert_eq!(world.read("a").as_deref(), Some("2"));
    world.finish_obtain();
    assert_eq!(world.read("a").as_deref(), Some("2"));
    world.pass(SECOND);
    world.settle();
    assert_eq!(
        (world.read("a").as_deref(), world.read("ca").as_deref()),
        (Some("2"), Some("0"))
    );
}

#[test]
fn files_that_cannot_be_replaced_stay_and_are_tried_again_when_the_kubelet_calls() {
    let mut world = changed(Wanted::Both, Wanted::Moved);
    world.write_failure = Some(failure(true));
    world.settle();
    assert_eq!((world.read("a").as_deref(), world.reports.len()), (Some("1"), 1));
    world.put(0, "db");
    world.settle();
    assert_eq!(world.read("a").as_deref(), Some("2"));
    world.feed(Event::KubeletCalled);
    world.settle();
    assert_eq!(world.read("a").as_deref(), Some("1001"));
}

#[test]
fn after_a_restart_a_volume_subscribes_and_fetches_only_what_changed_meanwhile() {
    let mut world = World::subscribed(Wanted::Both).restarted(true);
    world.put(0, "db");
    world.settle();
    world.connect();
    world.settle();
    assert_eq!(
        (world.read("a").as_deref(), world.vaults[0].fetches),
        (Some("2"), 1)
    );
    assert_eq!((world.exchanges, world.reads), (1, 0));
    world.pass(30 * SECOND);
    assert!(world.obtain.is_some(), "its SecretRef may have changed unseen");
}

#[test]
fn without_state_a_volume_reads_its_secret_ref_and_goes_on_from_there() {
    let mut world = World::subscribed(Wanted::Both).restarted(false);
    world.put(0, "db");
    world.fail_obtain(true);
    assert_eq!(world.read("a").as_deref(), Some("1"));
    world.pass(SECOND);
    world.settle();
    assert_eq!(world.read("a").as_deref(), Some("2"));
    world.connect();
    world.settle();
    world.put(0, "db");
    world.settle();
    assert_eq!(world.read("a").as_deref(), Some("3"));
}
