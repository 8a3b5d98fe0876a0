//! Floods by those who have proved nothing: each costs its own connection, and nobody else's.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use futures::{StreamExt as _, stream};
use reqwest::StatusCode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustls::pki_types::ServerName;
use strongroom_serving::tls::client_config;
use strongroom_testing::vault::{HOST, Vault};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpSocket, TcpStream},
    sync::Mutex,
};
use tokio_rustls::TlsConnector;

use crate::support::frames::{self, CONTINUATION, END_HEADERS, END_STREAM, HEADERS, PING, RST_STREAM, frame};

/// Connections of one address: fewer than the vault takes of one.
const OF_ONE: u32 = 100;

/// One at a time: each takes a good part of the descriptors that the tests of this process share.
static CROWD: Mutex<()> = Mutex::const_new(());

/// As many descriptors as this process may have.
fn raise_descriptors() -> u64 {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Nofile, raised).unwrap();
    maximum.unwrap_or(u64::MAX)
}

/// A connection from one of many addresses of this host.
async fn from_elsewhere(number: u32, address: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    let source = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 9, 0, 1)) + number / OF_ONE);
    socket.bind((source, 0).into())?;
    socket.connect(address).await
}

/// This process's anonymous memory: the vault's, that of the other ends, and of the tests beside.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

async fn serves(vault: &Vault) {
    // A connection of its own, and again on the same one.
    for _ in 0..2 {
        let answer = vault.set("a", "v").await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_connections_that_say_nothing_leave_room_for_a_client() {
    let _alone = CROWD.lock().await;
    let vault = Vault::start().await;
    let address = vault.running.addresses().data;
    // Ten thousand, or as many as there are descriptors for beside the vault's own ends, which are far fewer.
    let count = u32::try_from(raise_descriptors().saturating_sub(8_000).min(10_000)).unwrap();
    println!("{count} connections");
    let before = resident_kib();
    let opened = stream::iter(0..count).map(|number| async move {
        let mut stream = from_elsewhere(number, address).await?;
        // Every other one begins a handshake that it never goes on with.
        if number % 2 == 0 {
            stream.write_all(&[0x16, 3, 1]).await?;
        }
        Ok::<_, std::io::Error>(stream)
    });
    let held: Vec<_> = opened.buffer_unordered(64).collect().await;
    serves(&vault).await;
    let grown = resident_kib().saturating_sub(before);
    println!("{grown} KiB more than before, both ends");
    assert!(grown < 256 << 10, "{grown} KiB");
    assert!(held.iter().filter(|held| held.is_ok()).count() > 1000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_idle_sessions_than_the_vault_keeps_leave_room_for_a_client() {
    const MORE: u32 = 4_300;
    let _alone = CROWD.lock().await;
    raise_descriptors();
    let vault = Vault::start().await;
    let address = vault.running.addresses().data;
    let tls = TlsConnector::from(client_config(&vault.files.path("ca.crt")).unwrap());
    let before = resident_kib();
    let opened = stream::iter(0..MORE).map(|number| {
        let tls = tls.clone();
        async move {
            let tcp = from_elsewhere(number, address).await.unwrap();
            tls.connect(ServerName::try_from(HOST).unwrap(), tcp).await
        }
    });
    let held: Vec<_> = opened.buffer_unordered(64).collect().await;
    let done = held.iter().filter(|held| held.is_ok()).count();
    // Sessions that do nothing may hold 48 MiB: those beyond make room, some within their handshake.
    assert!(done > 3_000, "{done} handshakes were finished");
    serves(&vault).await;
    let grown = resident_kib().saturating_sub(before);
    println!("{grown} KiB more than before, both ends");
    assert!(grown < 256 << 10, "{grown} KiB");
}

/// Floods one connection, and says how often; others are served before, during and after.
async fn flooded(most: u32, next: impl FnMut(u32) -> Vec<u8>) -> u32 {
    let vault = Vault::start().await;
    serves(&vault).await;
    let address = vault.running.addresses().data;
    let stream = frames::connect(address, &vault.files.path("ca.crt")).await;
    let flood = frames::flood(stream, most, next);
    let others = async {
        for _ in 0..10 {
            serves(&vault).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let (sent, ()) = tokio::join!(flood, others);
    serves(&vault).await;
    sent
}

/// CVE-2023-44487.
#[tokio::test]
async fn a_flood_of_streams_that_are_reset_ends_its_connection() {
    const PAIRS: u32 = 100;
    let sent = flooded(1_000, |round| {
        (0..PAIRS)
            .flat_map(|pair| {
                let stream = (round * PAIRS + pair) * 2 + 1;
                let mut both = frame(HEADERS, END_STREAM | END_HEADERS, stream, &frames::get());
                both.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
                both
            })
            .collect()
    })
    .await;
    assert!(sent < 1_000, "{} streams were opened and reset", sent * PAIRS);
}

/// CVE-2024-27316 and its kin: a head that never ends.
#[tokio::test]
async fn a_head_that_never_ends_ends_its_connection() {
    let fields: Vec<u8> = [0, 1, b'a', 1, b'b'].repeat(200);
    for more in [&fields[..], &[]] {
        let sent = flooded(20_000, |number| {
            if number == 0 {
                frame(HEADERS, END_STREAM, 1, &frames::get())
            } else {
                frame(CONTINUATION, 0, 1, more)
            }
        })
        .await;
        assert!(sent < 20_000, "{sent} frames of {} bytes", more.len());
    }
}

/// CVE-2019-9512 and CVE-2019-9515.
#[tokio::test]
async fn a_flood_of_pings_or_settings_ends_its_connection() {
    for one in [
        frame(PING, 0, 0, &[7; 8]),
        frame(frames::SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0]),
    ] {
        let many = one.repeat(100);
        let sent = flooded(2_000, |_| many.clone()).await;
        assert!(sent < 2_000, "{} frames", sent * 100);
    }
}
