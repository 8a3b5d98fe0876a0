//! The vault token: when another one is asked for.

use std::time::Duration;

use strongroom_csi::follow::state::{Event, Refused, ReportReason};

use crate::world::{LIFE, SECOND, World, spec::Wanted};

#[test]
fn a_call_of_the_kubelet_with_nothing_new_asks_nobody_and_a_new_token_is_exchanged_once() {
    let mut world = World::subscribed(Wanted::Both);
    for _ in 0..5 {
        world.feed(Event::KubeletCalled);
        world.pass(SECOND);
        world.settle();
    }
    assert_eq!((world.exchanges, world.reads, world.vaults[0].renews), (0, 0, 0));
    world.bring_token();
    world.settle();
    assert_eq!((world.exchanges, world.reads, world.vaults[0].renews), (1, 0, 1));
    assert_eq!(world.vaults[0].subscribes, 1, "it is renewed, not begun anew");
    assert!(world.saves > 0, "the process that comes after knows the token");
}

/// The token of before was due all the while that the one exchange was under way.
#[test]
fn a_token_that_nears_its_end_is_replaced_by_one_exchange() {
    let mut world = World::subscribed(Wanted::Both);
    world.pass((LIFE / 10 * 9).saturating_sub(SECOND));
    assert!(world.exchange.is_none());
    world.pass(2 * SECOND);
    assert_eq!(
        world.exchange.as_ref().map(|exchange| exchange.known.as_deref()),
        Some(Some("1"))
    );
    world.pass(SECOND);
    world.settle();
    assert_eq!((world.exchanges, world.vaults[0].renews), (1, 1));
    world.pass(LIFE / 10 * 9);
    world.settle();
    assert_eq!((world.exchanges, world.vaults[0].renews), (2, 2));
}

#[test]
fn an_expired_token_is_exchanged_anew_without_the_kubelet() {
    let mut world = World::subscribed(Wanted::Both);
    world.refuse_tokens();
    world.revoke(Refused::Token);
    world.settle();
    world.pass(SECOND);
    world.settle();
    assert_eq!((world.exchanges, world.reports.len()), (1, 0));
    world.put(0, "db");
    world.settle();
    assert_eq!(world.read("a").as_deref(), Some("2"));
}

#[test]
fn a_vault_that_refuses_every_token_is_reported_and_asked_ever_more_seldom() {
    let mut world = World::subscribed(Wanted::Both);
    world.revoke(Refused::Token);
    for _ in 0..60 {
        world.refuse_tokens();
        while world.finish_exchange() || world.deliver_to_driver() {}
        world.refuse_tokens();
        while world.deliver_to_vault() || world.deliver_to_driver() {}
        world.pass(SECOND);
    }
    assert!(
        (3..=6).contains(&world.exchanges),
        "{} in a minute",
        world.exchanges
    );
    assert!(
        world
            .reports
            .iter()
            .any(|(reason, _)| *reason == ReportReason::AccessRevoked)
    );
}

/// Else a vault spends what the identity service grants the whole node.
#[test]
fn a_vault_that_accepts_and_refuses_tokens_in_turn_is_brought_ever_fewer() {
    let mut world = World::subscribed(Wanted::Both);
    for _ in 0..6_000 {
        world.revoke(Refused::Token);
        world.settle();
        world.pass(SECOND / 10);
        world.settle();
    }
    assert!(
        (10..=18).contains(&world.exchanges),
        "{} in ten minutes",
        world.exchanges
    );
    assert!(world.reads <= 20, "{} reads", world.reads);
    world.pass(Duration::from_mins(15));
    world.settle();
    let before = world.exchanges;
    world.refuse_tokens();
    world.revoke(Refused::Token);
    world.settle();
    world.pass(SECOND);
    world.settle();
    assert_eq!(world.exchanges, before + 1, "it is forgiven after a while");
}

#[test]
fn a_vault_that_accepts_and_ends_subscriptions_in_turn_is_subscribed_to_ever_more_seldom() {
    let mut world = World::subscribed(Wanted::Both);
    for _ in 0..6_000 {
        world.revoke(Refused::Subscription);
        world.settle();
        world.pass(SECOND / 10);
        world.settle();
    }
    let subscribes = world.vaults[0].subscribes;
    assert!((10..=25).contains(&subscribes), "{subscribes} in ten minutes");
    assert!(world.reads <= 25 && world.exchanges == 0, "{} reads", world.reads);
}

#[test]
fn an_identity_service_that_is_down_for_a_while_is_not_reported_and_one_that_refuses_is() {
    let mut world = World::subscribed(Wanted::Both);
    world.bring_token();
    for _ in 0..4 {
        world.fail_exchange(true);
        world.pass(2 * SECOND);
    }
    assert!(world.reports.is_empty() && world.exchange.is_some());
    world.fail_exchange(false);
    assert_eq!(world.reports.len(), 1);
    world.pass(Duration::from_mins(2));
    assert!(world.exchange.is_none(), "only the kubelet's next call may help");
    world.feed(Event::KubeletCalled);
    world.settle();
    assert_eq!(world.vaults[0].renews, 1);
}

#[test]
fn a_token_that_the_kubelet_brings_during_an_exchange_is_exchanged_after_it() {
    let mut world = World::subscribed(Wanted::Both);
    world.bring_token();
    world.bring_token();
    assert_eq!(world.exchanges, 1);
    world.settle();
    assert_eq!((world.exchanges, world.vaults[0].renews), (2, 2));
}

/// What the SecretRef was obtained with is not what the kubelet brought since.
#[test]
fn a_token_that_the_kubelet_brings_while_the_secret_ref_is_read_is_exchanged_after_it() {
    let mut world = World::subscribed(Wanted::Both);
    world.pass(SECOND);
    world.change_ref(Some(Wanted::Pinned));
    world.deliver_to_driver();
    world.read_contents();
    world.bring_token();
    world.settle();
    assert_eq!(world.exchanges, 1);
}
