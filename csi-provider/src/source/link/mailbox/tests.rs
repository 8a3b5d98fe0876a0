use futures::FutureExt as _;
use strongroom_wire::watch::{Content, ObjectState, RefChanged, Revoked, Subscribed};

use super::*;

fn state(name: &str, version: &str) -> NamedState {
    NamedState {
        name: name.to_owned(),
        version: version.to_owned(),
        state: ObjectState::Available.into(),
        ..NamedState::default()
    }
}

fn fetch(names: &[&str]) -> Fetch {
    Fetch {
        id: "v".to_owned(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        keys: Vec::new(),
    }
}

fn changed(states: &[(&str, &str)]) -> Message {
    Message::Changed(Changed {
        id: "v".to_owned(),
        objects: states
            .iter()
            .map(|(name, version)| state(name, version))
            .collect(),
    })
}

fn subscribed() -> Message {
    Message::Subscribed(Subscribed::default())
}

fn ref_changed() -> Message {
    Message::RefChanged(RefChanged::default())
}

fn contents(name: &str, bytes: usize) -> Message {
    let content = Content {
        state: Some(state(name, "1")),
        value: vec![0; bytes],
    };
    Message::Contents(Contents {
        id: "v".to_owned(),
        contents: vec![content],
    })
}

fn names(mailbox: &Mailbox) -> Vec<String> {
    let one = |signal| match signal {
        Signal::Message(Message::Changed(changed)) => {
            let versions = changed
                .objects
                .iter()
                .map(|o| format!("{}:{}", o.name, o.version));
            versions.collect::<Vec<_>>().join(" ")
        }
        Signal::Message(Message::Contents(_)) => "contents".to_owned(),
        Signal::Message(Message::Subscribed(_)) => "subscribed".to_owned(),
        Signal::Message(Message::RefChanged(_)) => "ref".to_owned(),
        Signal::Message(Message::Revoked(_)) => "revoked".to_owned(),
        Signal::Connected(_) => "connected".to_owned(),
        Signal::Disconnected(_) => "disconnected".to_owned(),
    };
    std::iter::from_fn(|| mailbox.next().now_or_never().map(one)).collect()
}

#[test]
fn of_each_object_the_latest_word_waits_however_much_is_said() {
    let mailbox = Mailbox::default();
    for version in ["1", "2", "3"] {
        mailbox.put(changed(&[("a", version)])).unwrap();
        mailbox.put(ref_changed()).unwrap();
        mailbox.put(changed(&[("b", version)])).unwrap();
    }
    assert_eq!(names(&mailbox), ["a:3 b:3", "ref"]);
}

#[test]
fn a_new_subscription_and_its_end_take_the_place_of_what_was_said_before() {
    let mailbox = Mailbox::default();
    mailbox.put(changed(&[("a", "1")])).unwrap();
    mailbox.put(subscribed()).unwrap();
    mailbox.put(subscribed()).unwrap();
    mailbox.put(changed(&[("a", "2")])).unwrap();
    assert_eq!(names(&mailbox), ["subscribed", "a:2"]);
    mailbox.put(subscribed()).unwrap();
    mailbox.put(changed(&[("a", "2")])).unwrap();
    mailbox.put(Message::Revoked(Revoked::default())).unwrap();
    assert_eq!(names(&mailbox), ["revoked"]);
}

#[test]
fn contents_are_taken_once_for_each_time_they_were_asked_for() {
    let mailbox = Mailbox::default();
    assert_eq!(mailbox.put(contents("a", 1)), Err(Violation::Unasked));
    mailbox.expect(&fetch(&["A", "b"]));
    mailbox.put(contents("a", 1)).unwrap();
    assert_eq!(mailbox.put(contents("a", 1)), Err(Violation::Unasked));
    assert_eq!(mailbox.put(contents("c", 1)), Err(Violation::Unasked));
    mailbox.put(contents("b", VALUE_BYTES)).unwrap();
    assert_eq!(names(&mailbox), ["contents", "contents"]);
}

#[test]
fn contents_of_a_key_are_not_those_of_the_secret_of_that_name() {
    let mailbox = Mailbox::default();
    let of_key = || {
        let Message::Contents(mut contents) = contents("a", 1) else {
            unreachable!()
        };
        let state = contents.contents[0].state.as_mut().unwrap();
        state.set_kind(ObjectKind::Key);
        Message::Contents(contents)
    };
    mailbox.expect(&fetch(&["a"]));
    assert_eq!(mailbox.put(of_key()), Err(Violation::Unasked));
    let key = Fetch {
        keys: vec!["A".to_owned()],
        ..fetch(&[])
    };
    mailbox.expect(&key);
    mailbox.put(of_key()).unwrap();
    mailbox.put(contents("a", 1)).unwrap();
    assert_eq!(mailbox.put(of_key()), Err(Violation::Unasked));
}

#[test]
fn a_change_of_a_key_takes_no_place_of_the_secret_of_that_name() {
    let mailbox = Mailbox::default();
    let mut key = state("a", "2");
    key.set_kind(ObjectKind::Key);
    mailbox.put(changed(&[("a", "1")])).unwrap();
    mailbox
        .put(Message::Changed(Changed {
            id: "v".to_owned(),
            objects: vec![key],
        }))
        .unwrap();
    assert_eq!(names(&mailbox), ["a:1 a:2"]);
}

#[test]
fn a_state_of_a_kind_of_another_release_is_not_kept() {
    let mailbox = Mailbox::default();
    let later = NamedState {
        kind: 99,
        ..state("a", "1")
    };
    mailbox
        .put(Message::Changed(Changed {
            id: "v".to_owned(),
            objects: vec![later, state("b", "1")],
        }))
        .unwrap();
    assert_eq!(names(&mailbox), ["b:1"]);
}

#[test]
fn what_was_asked_on_a_stream_that_is_lost_is_not_taken_on_the_next() {
    let mailbox = Mailbox::default();
    mailbox.expect(&fetch(&["a"]));
    mailbox.restart(Signal::Disconnected("gone".to_owned()));
    assert_eq!(mailbox.put(contents("a", 1)), Err(Violation::Unasked));
    assert_eq!(names(&mailbox), ["disconnected"]);
}

#[test]
fn a_large_value_and_many_objects_are_violations() {
    let mailbox = Mailbox::default();
    mailbox.expect(&fetch(&["a"]));
    assert_eq!(
        mailbox.put(contents("a", VALUE_BYTES + 1)),
        Err(Violation::LargeValue)
    );
    let many: Vec<_> = (0..=OBJECTS).map(|n| format!("n{n}")).collect();
    let said: Vec<_> = many
        .iter()
        .map(|name| mailbox.put(changed(&[(name, "1")])))
        .collect();
    assert_eq!(said.iter().filter(|put| put.is_err()).count(), 1);
}

#[test]
fn a_name_or_version_that_is_too_long_is_not_kept() {
    let mailbox = Mailbox::default();
    let long = "x".repeat(1 << 16);
    mailbox
        .put(changed(&[(&long, "1"), ("a", &long), ("b", "1")]))
        .unwrap();
    assert_eq!(names(&mailbox), ["b:1"]);
}
