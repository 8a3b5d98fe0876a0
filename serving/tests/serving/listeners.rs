//! Who listens: the table of `strongroom_testing::silent_peer::listeners`, compared with the sources.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use strongroom_testing::silent_peer::listeners::ALL;

/// The crates of programs, and what they are made of.
const PROGRAMS: [&str; 12] = [
    "audit",
    "cli",
    "client",
    "core",
    "crds",
    "csi-provider",
    "engine",
    "identity",
    "operator",
    "serving",
    "vault",
    "wire",
];

/// Where sockets are made: everything else binds by these two.
const MAKERS: [&str; 2] = [
    "serving/src/accept/socket.rs",
    "csi-provider/src/kubelet/socket.rs",
];
const MAKES: [&str; 7] = [
    "socket_with(",
    "TcpListener::bind",
    "UnixListener::bind",
    "TcpSocket::",
    "UdpSocket::",
    "UnixDatagram::",
    "net::listen(",
];

/// What binds one listener.
const BINDS: [&str; 2] = ["accept::bind(", "socket::bind("];

/// Where connections are accepted, and how it would be done elsewhere.
const ACCEPTS: &str = "serving/src/accept/";
const ACCEPTING: [&str; 4] = [
    ".accept().await",
    "axum::serve(",
    "serve_with_incoming",
    "serve_with_shutdown",
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The code of every program by its path, without its tests.
fn shipped() -> BTreeMap<String, String> {
    let mut sources = BTreeMap::new();
    for program in PROGRAMS {
        collect(&repository().join(program).join("src"), &mut sources);
    }
    assert!(sources.len() > 200);
    sources
}

fn collect(directory: &Path, sources: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            let name = path
                .strip_prefix(repository())
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            sources.insert(name, lines.collect::<Vec<_>>().join("\n"));
        }
    }
}

fn count(code: &str, words: &[&str]) -> usize {
    words.iter().map(|word| code.matches(word).count()).sum()
}

#[test]
fn each_listener_that_a_program_binds_has_a_line_in_the_table() {
    for (path, code) in shipped() {
        let made = MAKERS.contains(&path.as_str()) || count(&code, &MAKES) == 0;
        assert!(
            made,
            "{path} makes a socket of its own: let it use accept::bind or socket::bind"
        );
        let bound = count(&code, &BINDS);
        let named = ALL.iter().filter(|listener| listener.bound_in == path).count();
        assert_eq!(
            bound, named,
            "{path}: listeners that it binds, and those that the table names"
        );
    }
}

#[test]
fn connections_are_accepted_within_the_limits_of_this_crate_and_nowhere_else() {
    for (path, code) in shipped() {
        let here = path.starts_with(ACCEPTS) || count(&code, &ACCEPTING) == 0;
        assert!(
            here,
            "{path} accepts connections: let strongroom_serving::accept do it"
        );
    }
}

#[test]
fn each_listener_has_a_test_that_lets_silent_peers_stand_at_it() {
    for listener in ALL {
        let test = fs::read_to_string(repository().join(listener.tested_in)).unwrap();
        let named = format!("\"{}\"", listener.name);
        assert!(
            test.contains(&named),
            "{} lays no siege to {}",
            listener.tested_in,
            listener.name
        );
    }
}
