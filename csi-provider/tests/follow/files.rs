//! The files: what is fetched, written and acknowledged.

use std::time::Duration;

use strongroom_csi::{
    follow::state::{Event, ReportReason},
    volume::certificate::SecretCertificate,
};

use crate::world::{
    SECOND, World, certificate, failure,
    spec::{Wanted, key_of, object, version},
};

#[test]
fn a_new_version_is_fetched_written_and_acknowledged_at_once() {
    let mut world = World::subscribed(Wanted::Both);
    let version = world.put(0, "db");
    world.settle();
    assert_eq!(
        (world.read("a").as_deref(), world.read("b").as_deref()),
        (Some("2"), Some("1"))
    );
    assert_eq!((world.vaults[0].fetches, world.disk.writes), (1, 1));
    assert_eq!(world.vaults[0].fetched, ["secrets/db"]);
    let (objects, error) = world.vaults[0].ack.clone().unwrap();
    assert!(objects.contains(&(object("db", None), Some(version))) && error.is_empty());
    assert_eq!(world.rotations, [Duration::ZERO]);
}

#[test]
fn a_key_and_a_secret_of_one_name_follow_each_its_own_versions() {
    let mut world = World::subscribed(Wanted::WithKeys);
    let files = |world: &World| ["a", "b", "c"].map(|path| world.read(path).unwrap());
    assert_eq!(files(&world), ["1", "PEM 1", "JWK 1"]);
    let rotated = world.put(0, "key db");
    world.settle();
    assert_eq!(files(&world), ["1", "PEM 2", "JWK 1"]);
    assert_eq!(world.vaults[0].fetched, ["keys/db"]);
    let (objects, error) = world.vaults[0].ack.clone().unwrap();
    let held = [
        (object("db", None), Some(version(1))),
        (key_of("db", None), Some(rotated)),
        (key_of("other", Some(1)), Some(version(1))),
    ];
    assert_eq!((objects.as_slice(), error.as_str()), (held.as_slice(), ""));
    world.put(0, "db");
    world.put(0, "key other");
    world.settle();
    assert_eq!(
        files(&world),
        ["2", "PEM 2", "JWK 1"],
        "of the key other, one version is shown"
    );
    assert_eq!(world.vaults[0].fetched, ["keys/db", "secrets/db"]);
}

#[test]
fn a_key_that_cannot_be_read_any_more_is_reported_as_a_key() {
    let mut world = World::subscribed(Wanted::WithKeys);
    world.set_unavailable(0, "key db", true);
    world.settle();
    let note = "key db: it is disabled; the files stay as they are";
    assert_eq!(
        world.reports,
        [(ReportReason::ObjectUnavailable, note.to_owned())]
    );
    assert_eq!(world.read("b").as_deref(), Some("PEM 1"));
}

/// Whether the files of the certificate are those of this version, all of them.
fn shows_certificate(world: &World, number: u128) -> bool {
    let signed = certificate::of(version(number));
    let lines = |pem: &str| pem.replace("\r\n", "\n");
    let key = world.read("tls.key").unwrap();
    let bundle = format!("{key}{}", world.read("tls.crt").unwrap());
    // The key is written anew, and is that of the leaf.
    let is_pair = SecretCertificate::read(bundle.as_bytes()).is_ok();
    is_pair
        && world.read("tls.crt").unwrap() == lines(&signed.certificate)
        && world.read("a").unwrap().ends_with(&format!(" {number}"))
}

#[test]
fn a_renewed_certificate_is_fetched_once_and_changes_all_its_files_in_one_write() {
    let mut world = World::subscribed(Wanted::Certificate);
    assert!(shows_certificate(&world, 1));
    let renewed = world.put(0, "tls");
    world.settle();
    assert!(shows_certificate(&world, 2));
    assert_eq!((world.vaults[0].fetches, world.disk.writes), (1, 1));
    assert_eq!(world.vaults[0].fetched, ["secrets/tls"]);
    let (objects, error) = world.vaults[0].ack.clone().unwrap();
    let held = [
        (object("other", None), Some(version(1))),
        (object("tls", None), Some(renewed)),
    ];
    assert_eq!((objects.as_slice(), error.as_str()), (held.as_slice(), ""));
}

#[test]
fn a_version_that_is_no_certificate_changes_no_file_of_it_and_is_reported() {
    let mut world = World::subscribed(Wanted::Certificate);
    world.put_spoiled(0, "tls");
    world.put(0, "other");
    world.settle();
    let note = "secret tls: it holds no certificate that can be read: it is neither PEM nor base64 of a PFX; the files stay \
                as they are";
    assert!(shows_certificate(&world, 1), "also the file of the secret itself");
    assert_eq!(world.read("b").as_deref(), Some("2"));
    let unavailable = (ReportReason::ObjectUnavailable, note.to_owned());
    assert!(world.reports.contains(&unavailable), "{:?}", world.reports);
    assert_eq!(world.vaults[0].ack.as_ref().unwrap().1, note);
    world.put(0, "tls");
    world.settle();
    assert!(shows_certificate(&world, 3));
    assert_eq!(world.vaults[0].ack.as_ref().unwrap().1, "");
}

#[test]
fn what_is_awaited_is_written_in_one_moment() {
    let mut world = World::subscribed(Wanted::Both);
    world.put(0, "db");
    world.deliver_to_driver();
    world.put(0, "other");
    world.deliver_to_driver();
    world.deliver_to_vault();
    world.deliver_to_driver();
    assert_eq!(world.disk.writes, 0);
    world.settle();
    assert_eq!(
        (
            world.read("a").as_deref(),
            world.read("b").as_deref(),
            world.disk.writes
        ),
        (Some("2"), Some("2"), 1)
    );
}

/// Each fetch is a read in the vault's audit log.
#[test]
fn a_version_that_is_reported_while_it_is_fetched_is_not_fetched_twice() {
    let mut world = World::subscribed(Wanted::Both);
    world.put(0, "db");
    world.deliver_to_driver();
    world.put(0, "db");
    world.settle();
    assert_eq!(
        (world.read("a").as_deref(), world.vaults[0].fetches),
        (Some("3"), 1)
    );
}

#[test]
fn a_version_that_is_reported_after_the_vault_read_the_one_before_is_fetched_after_it() {
    let mut world = World::subscribed(Wanted::Both);
    world.put(0, "db");
    world.deliver_to_driver();
    world.deliver_to_vault();
    // The vault's word overtakes its answer.
    world.put(0, "db");
    world.stream.to_driver.swap(0, 1);
    world.settle();
    assert_eq!(
        (world.read("a").as_deref(), world.vaults[0].fetches),
        (Some("3"), 2)
    );
}

#[test]
fn what_cannot_be_read_any_more_stays_as_it_is_and_is_reported() {
    let mut world = World::subscribed(Wanted::Both);
    world.set_unavailable(0, "db", true);
    world.put(0, "other");
    world.settle();
    let note = "secret db: it is disabled; the files stay as they are";
    assert_eq!(
        world.reports.first(),
        Some(&(ReportReason::ObjectUnavailable, note.to_owned()))
    );
    assert_eq!(
        (world.read("a").as_deref(), world.read("b").as_deref()),
        (Some("1"), Some("2"))
    );
    assert_eq!(world.vaults[0].ack.as_ref().unwrap().1, note);
    assert_eq!(
        world.vaults[0].fetched,
        ["secrets/other"],
        "what cannot be read is not fetched"
    );
    world.set_unavailable(0, "db", false);
    world.settle();
    assert_eq!(world.vaults[0].ack.as_ref().unwrap().1, "");
}

#[test]
fn a_write_that_fails_is_acknowledged_with_the_reason_and_tried_again() {
    let mut world = World::subscribed(Wanted::Both);
    world.write_failure = Some(failure(true));
    world.put(0, "db");
    world.settle();
    assert_eq!(world.vaults[0].ack.as_ref().unwrap().1, "it failed");
    assert_eq!((world.read("a").as_deref(), world.reports.len()), (Some("1"), 0));
    world.pass(SECOND);
    world.settle();
    assert_eq!(world.read("a").as_deref(), Some("2"));
    assert_eq!(world.vaults[0].ack.as_ref().unwrap().1, "");
}

#[test]
fn a_write_that_cannot_succeed_waits_for_the_kubelet_or_for_another_version() {
    for version in [false, true] {
        let mut world = World::subscribed(Wanted::Both);
        world.write_failure = Some(failure(false));
        world.put(0, "db");
        world.settle();
        world.pass(Duration::from_mins(2));
        world.settle();
        assert_eq!((world.read("a").as_deref(), world.reports.len()), (Some("1"), 1));
        if version {
            world.put(0, "db");
        } else {
            world.feed(Event::KubeletCalled);
        }
        world.settle();
        assert_ne!(world.read("a").as_deref(), Some("1"));
    }
}

#[test]
fn a_changed_trust_bundle_is_written_to_the_files_that_show_it() {
    let mut world = World::subscribed(Wanted::WithBundle);
    world.change_bundle();
    assert_eq!((world.read("ca").as_deref(), world.disk.writes), (Some("1"), 1));
    let mut other = World::subscribed(Wanted::Both);
    other.change_bundle();
    assert_eq!(other.disk.writes, 0);
}

/// Nothing else would write it: the vault reports no change of it.
#[test]
fn a_trust_bundle_that_could_not_be_written_is_written_later() {
    for wanted in [Wanted::Bundle, Wanted::WithBundle] {
        let mut world = World::published(wanted);
        world.connect();
        world.settle();
        world.write_failure = Some(failure(true));
        world.change_bundle();
        assert_eq!(world.read("ca").as_deref(), Some("0"));
        world.pass(SECOND);
        assert_eq!(world.read("ca").as_deref(), Some("1"), "{wanted:?}");
    }
}

#[test]
fn a_trust_bundle_that_changes_while_objects_are_fetched_is_written_though_they_cannot_be_read() {
    let mut world = World::subscribed(Wanted::WithBundle);
    world.put(0, "db");
    world.deliver_to_driver();
    world.change_bundle();
    assert_eq!(
        world.read("ca").as_deref(),
        Some("0"),
        "it waits for what is awaited"
    );
    world.set_unavailable(0, "db", true);
    world.settle();
    assert_eq!(world.read("ca").as_deref(), Some("1"));
}
