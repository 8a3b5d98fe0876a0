//! Sessions that ask for nothing: a client that holds them open keeps no other client out.

use std::net::Ipv4Addr;

use futures::{StreamExt as _, stream};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::installation::Installation;

/// Sessions, more than the service keeps; and those of one address, fewer than it takes of one.
const SESSIONS: u32 = 2_300;
const OF_ONE: u32 = 40;

/// As many descriptors as this process may have.
fn raise_descriptors() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Nofile, raised).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_idle_sessions_than_the_service_keeps_leave_room_for_a_client() {
    raise_descriptors();
    let installation = Installation::start().await;
    let opened = stream::iter(0..SESSIONS).map(|number| {
        let source = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 9, 0, 1)) + number / OF_ONE);
        installation.session_from(source)
    });
    let held: Vec<_> = opened.buffer_unordered(32).collect().await;
    let done = held.iter().filter(|held| held.is_ok()).count();
    assert!(done > 2048, "{done} handshakes were finished");
    for _ in 0..2 {
        assert!(installation.get("/keys").await["keys"].is_array());
    }
    let (_, metrics) = installation.health("/metrics").await;
    let open = metrics
        .lines()
        .find_map(|line| line.strip_prefix("strongroom_identity_connections "));
    // Those that were given up may take a moment to end.
    assert!(open.unwrap().parse::<u32>().unwrap() < 2_100, "{open:?}");
}
