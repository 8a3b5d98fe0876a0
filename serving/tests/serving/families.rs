//! IPv4 and IPv6, on nodes that have both and on nodes that have one: each in a network namespace of its own.

use std::{
    env, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    process::Command,
    time::Duration,
};

use strongroom_serving::accept::{bind, everywhere};

/// Set in the process that runs the test's body.
const INSIDE: &str = "STRONGROOM_TEST_INSIDE";

/// Runs `body` in a process with a network of its own, whose only device is a loopback that is up, after the commands of
/// `prepare`. The process runs the test again that is called `test`.
fn in_own_network(test: &str, prepare: &str, body: impl FnOnce()) {
    if env::var(INSIDE).is_ok_and(|inside| inside == test) {
        return body();
    }
    assert!(
        rustix::process::geteuid().is_root(),
        "this test makes a network: run it as root"
    );
    let script = format!("set -e; ip link set lo up; {prepare}; exec \"$@\"");
    let run = Command::new("unshare")
        .args(["--net", "--", "sh", "-c", &script, "sh"])
        .arg(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(INSIDE, test)
        .output()
        .unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr)
    );
    assert!(run.status.success(), "{said}");
    assert!(said.contains("1 passed"), "no test is called {test}: {said}");
}

fn connect(to: impl Into<IpAddr>, port: u16) -> io::Result<TcpStream> {
    let address = SocketAddr::new(to.into(), port);
    TcpStream::connect_timeout(&address, Duration::from_secs(1))
}

#[test]
fn a_node_that_keeps_ipv6_sockets_to_ipv6_is_answered_in_both_families() {
    let test = "families::a_node_that_keeps_ipv6_sockets_to_ipv6_is_answered_in_both_families";
    in_own_network(test, "echo 1 > /proc/sys/net/ipv6/bindv6only", || {
        let (_listener, address) = bind(everywhere(0)).unwrap();
        connect(Ipv4Addr::LOCALHOST, address.port()).unwrap();
        connect(Ipv6Addr::LOCALHOST, address.port()).unwrap();
    });
}

#[test]
fn a_node_without_any_ipv4_address_is_answered() {
    let test = "families::a_node_without_any_ipv4_address_is_answered";
    in_own_network(test, "ip address del 127.0.0.1/8 dev lo", || {
        let (_listener, address) = bind(everywhere(0)).unwrap();
        assert!(connect(Ipv4Addr::LOCALHOST, address.port()).is_err());
        connect(Ipv6Addr::LOCALHOST, address.port()).unwrap();
    });
}

#[test]
fn a_node_with_ipv6_turned_off_is_answered() {
    let test = "families::a_node_with_ipv6_turned_off_is_answered";
    in_own_network(test, "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6", || {
        let (_listener, address) = bind(everywhere(0)).unwrap();
        assert!(connect(Ipv6Addr::LOCALHOST, address.port()).is_err());
        connect(Ipv4Addr::LOCALHOST, address.port()).unwrap();
    });
}
