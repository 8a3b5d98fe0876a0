//! Stores: files of two objects, of which neither changes alone. That a store is always of the versions that the other files
//! show is checked by the world.

use strongroom_csi::follow::state::{Event, ReportReason};

use crate::world::{SECOND, World, failure, spec::Wanted};

/// The version of the certificate and that of the password, in the files of the secrets themselves.
fn shown(world: &World) -> (String, String) {
    let number = |path: &str| world.read(path).unwrap().rsplit(' ').next().unwrap().to_owned();
    (number("a"), number("b"))
}

fn versions(certificate: u32, password: u32) -> (String, String) {
    (certificate.to_string(), password.to_string())
}

fn said(world: &World) -> &str {
    &world.vaults[0].ack.as_ref().unwrap().1
}

#[test]
fn whichever_changes_both_are_fetched_and_written_in_one_moment() {
    let mut world = World::subscribed(Wanted::Store);
    world.put(0, "tls");
    world.settle();
    assert_eq!(shown(&world), versions(2, 1));
    world.put(0, "other");
    world.settle();
    assert_eq!(shown(&world), versions(2, 2));
    let both = ["secrets/other", "secrets/tls"];
    assert_eq!(world.vaults[0].fetched, [both, both].concat());
    assert_eq!((world.vaults[0].fetches, world.disk.writes), (2, 2));
    assert_eq!((said(&world), world.reports.len(), world.reads), ("", 0, 0));
}

#[test]
fn two_that_change_at_once_are_written_in_one_moment() {
    let mut world = World::subscribed(Wanted::Store);
    world.put(0, "tls");
    world.deliver_to_driver();
    world.put(0, "other");
    world.settle();
    assert_eq!(shown(&world), versions(2, 2));
    assert_eq!(world.disk.writes, 1);
}

#[test]
fn a_change_of_something_else_fetches_neither() {
    let mut world = World::subscribed(Wanted::Store);
    world.put(0, "db");
    world.settle();
    assert_eq!(world.vaults[0].fetched, ["secrets/db"]);
    assert_eq!(world.read("d").as_deref(), Some("2"));
}

/// A program that watches the file would read it anew.
#[test]
fn what_has_the_same_versions_is_not_written_again() {
    let mut world = World::subscribed(Wanted::Store);
    for _ in 0..3 {
        world.disconnect();
        world.connect();
        world.settle();
        world.feed(Event::KubeletCalled);
        world.set_unavailable(0, "other", true);
        world.settle();
        world.set_unavailable(0, "other", false);
        world.settle();
    }
    for with_state in [true, false] {
        world = world.restarted(with_state);
        world.connect();
        world.settle();
        world.pass(40 * SECOND);
        world.connect();
        world.settle();
    }
    assert_eq!((shown(&world), world.disk.writes), (versions(1, 1), 0));
    assert_eq!(said(&world), "");
}

#[test]
fn a_renewed_certificate_waits_for_a_password_that_cannot_be_read_and_says_so() {
    let mut world = World::subscribed(Wanted::Store);
    world.set_unavailable(0, "other", true);
    world.settle();
    let note = "secret other: it is disabled; the files stay as they are";
    let event = (ReportReason::ObjectUnavailable, note.to_owned());
    assert_eq!(world.reports, std::slice::from_ref(&event));
    world.put(0, "tls");
    world.put(0, "db");
    world.settle();
    assert_eq!(
        shown(&world),
        versions(1, 1),
        "also the file of the certificate alone"
    );
    assert_eq!(world.read("d").as_deref(), Some("2"), "and nothing else waits");
    assert_eq!(world.reports, [event.clone(), event], "at the renewal again");
    assert_eq!(said(&world), note);
    world.set_unavailable(0, "other", false);
    world.settle();
    assert_eq!((shown(&world), said(&world)), (versions(2, 1), ""));
}

#[test]
fn a_password_that_no_store_can_have_changes_no_file_and_one_that_can_brings_all_that_waited() {
    let mut world = World::subscribed(Wanted::Store);
    world.put_spoiled(0, "other");
    world.settle();
    let note = "secret other: it cannot be the password of a store: it is not UTF-8, or has a zero byte; the files stay as they \
                are";
    assert_eq!(shown(&world), versions(1, 1));
    assert_eq!(said(&world), note);
    world.put(0, "tls");
    world.settle();
    assert_eq!(
        shown(&world),
        versions(1, 1),
        "the password that there is is no other's"
    );
    let event = (ReportReason::ObjectUnavailable, note.to_owned());
    assert_eq!(world.reports, [event.clone(), event]);
    world.put(0, "other");
    world.settle();
    assert_eq!((shown(&world), said(&world)), (versions(2, 3), ""));
}

#[test]
fn a_new_password_waits_for_a_certificate_that_is_none() {
    let mut world = World::subscribed(Wanted::Store);
    world.put_spoiled(0, "tls");
    world.settle();
    world.put(0, "other");
    world.settle();
    assert_eq!(shown(&world), versions(1, 1));
    assert!(
        said(&world).starts_with("secret tls: it holds no certificate"),
        "{}",
        said(&world)
    );
    world.put(0, "tls");
    world.settle();
    assert_eq!((shown(&world), said(&world)), (versions(3, 2), ""));
}

#[test]
fn a_store_that_could_not_be_written_is_written_later() {
    let mut world = World::subscribed(Wanted::Store);
    world.write_failure = Some(failure(true));
    world.put(0, "other");
    world.settle();
    assert_eq!((shown(&world), said(&world)), (versions(1, 1), "it failed"));
    world.pass(SECOND);
    world.settle();
    assert_eq!((shown(&world), said(&world)), (versions(1, 2), ""));
}

/// The subscription has one version of each secret, and the store that is pinned needs another one.
#[test]
fn where_two_versions_of_a_password_are_shown_a_change_has_all_read_anew() {
    for changed in ["tls", "other"] {
        let mut world = World::subscribed(Wanted::StoreOfBoth);
        world.pass(SECOND);
        world.put(0, changed);
        world.settle();
        let expected = if changed == "tls" {
            versions(2, 1)
        } else {
            versions(1, 2)
        };
        assert_eq!(shown(&world), expected, "{changed}");
        assert_eq!((world.reads, world.disk.writes), (1, 1));
        assert_eq!(world.read("old").as_deref(), Some("1"));
        assert_eq!(world.vaults[0].fetched, Vec::<String>::new());
        assert_eq!((said(&world), world.reports.len()), ("", 0));
        world.put(0, "db");
        world.settle();
        assert_eq!(
            world.vaults[0].fetched,
            ["secrets/db"],
            "what is in no store comes on the stream"
        );
        assert_eq!(world.reads, 1);
    }
}

#[test]
fn what_is_to_be_read_anew_is_so_until_it_is_in_the_files() {
    let mut world = World::subscribed(Wanted::StoreOfBoth);
    world.pass(SECOND);
    world.put(0, "tls");
    world.deliver_to_driver();
    world.fail_obtain(true);
    world.pass(SECOND);
    world.write_failure = Some(failure(false));
    world.finish_obtain();
    assert_eq!(shown(&world), versions(1, 1));
    world.feed(Event::KubeletCalled);
    world.settle();
    assert_eq!((shown(&world), said(&world)), (versions(2, 1), ""));
}

#[test]
fn a_password_that_comes_back_ends_the_wait_of_what_is_to_be_read_anew() {
    let mut world = World::subscribed(Wanted::StoreOfBoth);
    world.pass(SECOND);
    world.set_unavailable(0, "other", true);
    world.put(0, "tls");
    world.settle();
    assert_eq!(shown(&world), versions(1, 1));
    let reasons: Vec<_> = world.reports.iter().map(|(reason, _)| *reason).collect();
    assert_eq!(
        reasons,
        [ReportReason::ObjectUnavailable, ReportReason::RefreshFailed]
    );
    world.set_unavailable(0, "other", false);
    world.pass(SECOND);
    world.settle();
    assert_eq!((shown(&world), said(&world)), (versions(2, 1), ""));
}

#[test]
fn a_subscription_that_is_not_answered_is_not_asked_for_again_when_all_was_read_anew() {
    let mut world = World::subscribed(Wanted::StoreOfBoth);
    world.pass(SECOND);
    world.put(0, "tls");
    world.deliver_to_driver();
    world.disconnect();
    world.connect();
    world.finish_obtain();
    assert_eq!(shown(&world), versions(2, 1));
    world.put(0, "other");
    world.settle();
    world.pass(SECOND);
    world.settle();
    assert_eq!((shown(&world), said(&world)), (versions(2, 2), ""));
}

/// A vault that reports new versions all the time costs the API server no more than one that reports a changed SecretRef.
#[test]
fn what_is_said_to_change_all_the_time_is_read_anew_ever_more_seldom() {
    let mut world = World::subscribed(Wanted::StoreOfBoth);
    world.pass(SECOND);
    for _ in 0..600 {
        world.put(0, "other");
        world.settle();
        world.pass(SECOND);
    }
    assert!((12..=30).contains(&world.reads), "{} in ten minutes", world.reads);
    world.pass(60 * SECOND);
    world.settle();
    assert_eq!((shown(&world), said(&world)), (versions(1, 601), ""));
}
