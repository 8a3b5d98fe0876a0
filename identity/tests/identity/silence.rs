//! Peers that send a head and nothing else: they stop nobody's login.

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use futures::future::join_all;
use strongroom_testing::{
    cluster::AccountToken,
    silent_peer::{Held, Http, Siege},
};

use crate::{VAULT, installation::Installation};

/// Addresses of the attack: together they have far more requests in flight than exchanges are worked on at once.
const SOURCES: u8 = 16;
const PATH: &str = "/adfs/oauth2/token";
const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_without_bodies_stop_no_login_and_are_answered_soon() {
    let installation = Installation::start().await;
    let port = installation.port();
    let attack = join_all((1..=SOURCES).map(|last| {
        let port = port.clone();
        async move {
            let mut peer = port
                .open(Ipv4Addr::new(127, 8, 0, last), Http::Two)
                .await
                .unwrap();
            peer.heads_without_bodies(30, PATH, FORM).await;
            peer.hold(Duration::from_secs(4)).await
        }
    }));
    let attack = tokio::spawn(attack);
    let token = AccountToken::of_pod("shop", "api", "n1").sign(&installation.cluster);
    while !attack.is_finished() {
        let began = Instant::now();
        let (status, body) = installation
            .exchange(&[("scope", VAULT), ("client_assertion", &token)])
            .await;
        assert_eq!(status, 200, "{body}");
        assert!(began.elapsed() < Duration::from_secs(2));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let held: Vec<Held> = attack.await.unwrap();
    // The heads of answers come also at window 0.
    let answered = held.iter().filter(|held| held.received.len() > 30 * 20);
    assert_eq!(answered.count(), usize::from(SOURCES));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_that_stand_still_in_every_way_keep_nobody_from_any_port() {
    let installation = Installation::start().await;
    let (tokens, health) = (installation.port(), installation.health_port());
    let siege = |listener, port, last| Siege {
        listener,
        port,
        source: Ipv4Addr::new(127, 8, 1, last),
        path: PATH,
        peers: 3,
        within: Duration::from_secs(20),
    };
    let account = AccountToken::of_pod("shop", "api", "n1").sign(&installation.cluster);
    let logs_in = async || {
        let fields = [("scope", VAULT), ("client_assertion", account.as_str())];
        let (status, body) = installation.exchange(&fields).await;
        assert_eq!(status, 200, "{body}");
    };
    let looks = async || assert_eq!(installation.health("/healthz").await.0, 200);
    let (to_tokens, to_health) = (
        siege("identity tokens", &tokens, 1),
        siege("identity health", &health, 2),
    );
    tokio::join!(to_tokens.lay(logs_in), to_health.lay(looks));
}
