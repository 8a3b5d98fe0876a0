//! What is asked of one that runs.

use std::path::Path;

use rustix::process::Signal;

use crate::world::{World, until};

#[test]
fn one_that_is_detached_is_asked_and_ended_from_elsewhere() {
    let world = World::new();
    let started = world.run(&["dev", "--port", "0", "--detach"]);
    let said = String::from_utf8(started.stderr).unwrap();
    assert!(
        started.status.success() && said.starts_with("ready https://dev.vault.localhost:"),
        "{said}"
    );
    assert!(world.set("a", "CANARY", None).status.success());
    let status = world.said(&["dev", "status"]);
    let url = said.split(' ').nth(1).unwrap();
    assert!(status.contains(&format!("dev/dev is at {url}\n")), "{status}");
    assert!(status.contains("Faults: none."), "{status}");
    let log = status
        .lines()
        .find_map(|line| line.strip_prefix("The requests are in "));
    let log = Path::new(log.unwrap().trim_end_matches('.')).to_owned();
    until("the request is in the log", || {
        std::fs::read_to_string(&log)
            .unwrap()
            .contains("SecretSet  secrets/a")
    });
    assert_eq!(world.said(&["dev", "stop"]), "");
    assert!(!log.exists());
    let gone = world.run(&["dev", "status"]);
    assert_eq!(gone.status.code(), Some(4), "{gone:?}");
    let left: Vec<_> = std::fs::read_dir(world.path("dev"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| {
            std::path::Path::new(name)
                .extension()
                .is_some_and(|end| end == "log")
        })
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn one_that_cannot_start_detached_says_why() {
    let world = World::new();
    let failed = world.run(&["dev", "--detach", "-f", "/nonexistent.yaml"]);
    let said = String::from_utf8(failed.stderr).unwrap();
    assert_eq!(failed.status.code(), Some(2), "{said}");
    assert!(said.contains("cannot read /nonexistent.yaml"), "{said}");
}

#[test]
fn of_two_the_last_is_meant_unless_a_url_says_which() {
    let world = World::new();
    let (first, second) = (world.start(&[]), world.start(&[]));
    let last = format!("dev/dev is at {}\n", second.url);
    assert!(world.said(&["dev", "status"]).starts_with(&last));
    let env = world.said(&["dev", "env", "--url", &first.url]);
    assert!(
        env.contains(&format!("export VAULT_URL='{}'", first.url)),
        "{env}"
    );
    let unknown = world.run(&["dev", "stop", "--url", "https://localhost:1"]);
    let said = String::from_utf8(unknown.stderr).unwrap();
    assert_eq!(unknown.status.code(), Some(4), "{said}");
    assert!(said.contains(&first.url) && said.contains(&second.url), "{said}");
    world.said(&["dev", "stop", "--url", &second.url]);
    second.wait();
    let left = format!("dev/dev is at {}\n", first.url);
    assert!(world.said(&["dev", "status"]).starts_with(&left));
    first.end(Signal::TERM);
}

#[test]
fn time_and_faults_of_one_that_runs_are_changed() {
    let world = World::new();
    let dev = world.start(&[]);
    let now: jiff::Timestamp = world.said(&["dev", "time", "now"]).trim().parse().unwrap();
    let moved: jiff::Timestamp = world.said(&["dev", "time", "+91d"]).trim().parse().unwrap();
    let days = moved.duration_since(now).as_secs() / 86_400;
    assert_eq!(days, 91);
    assert!(
        world
            .said(&["dev", "status"])
            .contains("91 days and 0 hours ahead of this machine")
    );
    assert!(world.set("a", "CANARY", None).status.success());
    for (words, code, said) in [
        (&["dev", "time", "-1d"][..], 2, "only moves forward"),
        (&["dev", "time", "+20000d"], 2, "at most ten years"),
        (&["dev", "fault"], 2, "required"),
        (&["dev", "fault", "--fail", "404:5%"], 2, "429, 500 or 503"),
        (
            &["dev", "fault", "--fail", "429:60%", "--fail", "500:60%"],
            2,
            "more than 100%",
        ),
    ] {
        let refused = world.run(words);
        let error = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(code), "{words:?}: {error}");
        assert!(error.contains(said), "{words:?}: {error}");
    }
    world.said(&["dev", "fault", "--fail", "429:100%", "--latency", "5ms"]);
    assert!(
        world
            .said(&["dev", "status"])
            .contains("Faults: 429:100%, 5 ms later.")
    );
    assert!(!world.set("b", "CANARY", None).status.success());
    world.said(&["dev", "fault", "--none"]);
    assert!(world.set("b", "CANARY", None).status.success());
    let (_, stderr) = dev.end(Signal::TERM);
    assert!(stderr.contains("TIME of the vaults from now on: "), "{stderr}");
    assert!(
        stderr.contains("FAULT on purpose: 429 for PUT /secrets/b"),
        "{stderr}"
    );
}
