//! Peers that let the vault wait: it waits for none of them for long, and they keep nobody out.

use std::{net::Ipv4Addr, time::Duration};

use futures::future::join_all;
use reqwest::StatusCode;
use strongroom_testing::{
    silent_peer::{
        Held, Http, Port, Siege, SilentPeer,
        frames::{END_HEADERS, END_STREAM, HEADERS, frame, head, opening, stream},
    },
    vault::{HOST, OPERATOR, Vault},
};
use tokio::time::Instant;

const STRANGER: Ipv4Addr = Ipv4Addr::new(127, 8, 0, 1);

/// Longer than the vault waits for anyone.
const LONG: Duration = Duration::from_secs(40);

/// How long it may wait for a peer whose turn it is: its patience, and until it looks.
const WAIT: Duration = Duration::from_secs(17);

fn data_port(vault: &Vault) -> Port {
    Port::tls(vault.running.addresses().data, HOST, &vault.files.path("ca.crt"))
}

async fn open(port: &Port, http: Http) -> SilentPeer {
    port.open(STRANGER, http).await.unwrap()
}

/// Serves `vault`'s own client while `attack` lasts, and gives the longest that an answer took.
async fn serves_during<T>(vault: &Vault, attack: impl Future<Output = T>) -> (T, Duration) {
    tokio::pin!(attack);
    let mut longest = Duration::ZERO;
    let mut number = 0;
    loop {
        let began = Instant::now();
        // Together more versions than one secret may have.
        number = (number + 1) % 10;
        let name = format!("a{number}");
        assert_eq!(vault.set(&name, "v").await.status, StatusCode::OK);
        longest = longest.max(began.elapsed());
        tokio::select! {
            done = &mut attack => return (done, longest),
            () = tokio::time::sleep(Duration::from_millis(50)) => {}
        }
    }
}

fn assert_ended(held: &Held, within: Duration, what: &str) {
    let ended = held.ended.unwrap_or_else(|| panic!("{what}: never ended"));
    assert!(ended < within, "{what}: ended after {ended:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_nobody_takes_end_their_connection_and_take_no_room_of_others() {
    let vault = Vault::start().await;
    let port = data_port(&vault);
    let peers = join_all((0..40).map(|_| async {
        let mut peer = open(&port, Http::Two).await;
        peer.ask_with_window(0, 200, "/secrets/x?api-version=2026-04-01")
            .await;
        peer.hold(LONG).await
    }));
    let (held, longest) = serves_during(&vault, peers).await;
    let ended = held
        .iter()
        .filter(|held| held.ended.is_some_and(|ended| ended < WAIT));
    // What waits for a turn of its source holds nothing, and is refused: its connection idles.
    assert!(ended.count() > 0);
    let answered = |held: &Held| held.received.len();
    println!("{longest:?}, {:?}", held.iter().map(answered).max());
    for held in &held {
        assert_ended(held, LONG, "window 0");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_of_standing_still_ends_the_connection() {
    let vault = Vault::start().await;
    let port = data_port(&vault);
    let health = Port::plain(vault.running.addresses().health);
    let path = "/secrets/x?api-version=2026-04-01";
    let heads = async |port: &Port, http| {
        let mut peer = open(port, http).await;
        peer.half_head().await;
        ("half a head", peer.hold(LONG).await)
    };
    let taken = async {
        let mut peer = open(&port, Http::Two).await;
        peer.ask_with_window(1, 8, path).await;
        ("a byte a second taken", peer.take_a_byte_a_second(LONG, 8).await)
    };
    let bodies = async {
        let mut peer = open(&port, Http::Two).await;
        peer.heads_without_bodies(8, path, "application/json").await;
        ("answered before its body", peer.hold(LONG).await)
    };
    // One that policy lets set a secret, so that the vault does wait for its body.
    let bearer = format!("Bearer {}", vault.token("team-a/admin"));
    let fields = [("authorization", bearer.as_str()), ("content-length", "100")];
    let mut write = opening(65_535);
    write.extend(frame(
        HEADERS,
        END_HEADERS,
        stream(0),
        &head("PUT", HOST, path, &fields),
    ));
    let slowly = async {
        let mut peer = open(&port, Http::Two).await;
        peer.send(&write).await;
        ("a byte a second sent", peer.send_a_byte_a_second(LONG, 1).await)
    };
    // And one whose answers are its own.
    let mut read = opening(0);
    read.extend(frame(
        HEADERS,
        END_STREAM | END_HEADERS,
        stream(0),
        &head("GET", HOST, path, &fields[..1]),
    ));
    let known = async {
        let mut peer = open(&port, Http::Two).await;
        peer.send(&read).await;
        ("window 0 with a token", peer.hold(LONG).await)
    };
    let all = async {
        tokio::join!(
            heads(&port, Http::One),
            heads(&port, Http::Two),
            heads(&health, Http::One),
            taken,
            bodies,
            slowly,
            known
        )
    };
    let ((one, two, health, taken, bodies, slowly, known), longest) =
        serves_during(&vault, Box::pin(all)).await;
    for (what, held) in [&taken, &bodies, &known] {
        assert_ended(held, WAIT, what);
    }
    // The vault answers that the body did not come in time, and the peer may then ask for something else.
    let (what, held) = &slowly;
    assert!(!held.received.is_empty(), "{what}");
    for (what, held) in [&one, &two, &health] {
        assert_ended(held, Duration::from_secs(27), what);
    }
    assert!(longest < Duration::from_secs(2), "{longest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_that_stand_still_in_every_way_keep_nobody_from_any_port() {
    let vault = Vault::start().await;
    let (addresses, bundle) = (vault.running.addresses(), vault.files.path("ca.crt"));
    let data = data_port(&vault);
    // Those that show no certificate, and the operator itself.
    let admin = Port::tls(addresses.admin, HOST, &bundle);
    let operator = admin
        .clone()
        .showing(&vault.files.admin.client(OPERATOR), &bundle);
    let health = Port::plain(addresses.health);
    let (status, health_url) = (
        operator_client(&vault),
        format!("http://{}/healthz", addresses.health),
    );
    let siege = |listener, port, last| Siege {
        listener,
        port,
        source: Ipv4Addr::new(127, 8, 1, last),
        path: "/secrets/x?api-version=2026-04-01",
        peers: 3,
        within: Duration::from_secs(28),
    };
    let sets = async || assert_eq!(vault.set("a", "v").await.status, StatusCode::OK);
    let pushes = async || {
        let url = format!("https://{HOST}:{}/v1/status", addresses.admin.port());
        assert_eq!(status.get(url).send().await.unwrap().status(), StatusCode::OK);
    };
    let looks = async || assert!(reqwest::get(&health_url).await.unwrap().status().is_success());
    let (to_data, to_admin, to_operator, to_health) = (
        siege("vault data", &data, 1),
        siege("vault admin", &admin, 2),
        siege("vault admin", &operator, 3),
        siege("vault health", &health, 4),
    );
    tokio::join!(
        to_data.lay(sets),
        to_admin.lay(pushes),
        to_operator.lay(pushes),
        to_health.lay(looks)
    );
}

/// The operator's client, each of whose requests makes a connection.
pub fn operator_client(vault: &Vault) -> reqwest::Client {
    let ca = std::fs::read(vault.files.path("ca.crt")).unwrap();
    let shown = vault.files.admin.client(OPERATOR).both();
    reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&ca).unwrap()])
        .identity(reqwest::Identity::from_pem(shown.as_bytes()).unwrap())
        .resolve(HOST, vault.running.addresses().admin)
        .pool_max_idle_per_host(0)
        .no_proxy()
        .build()
        .unwrap()
}
