//! What is on a machine comes to trust its authority, and no more: with programs that only note how they were called.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use strongroom_dev::trust::{Action, Lookup, RunError, run, steps};
use tempfile::TempDir;

/// A machine in a directory.
struct Machine {
    directory: TempDir,
    lookup: Lookup,
}

impl Machine {
    /// One with these programs and files.
    fn new(programs: &[&str], files: &[&str]) -> Self {
        let directory = TempDir::new().unwrap();
        let root = directory.path().to_owned();
        for file in files {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let lookup = Lookup {
            home: Some(root.join("home")),
            path: root.join("bin").into(),
            java_home: None,
            is_root: true,
            root,
        };
        let machine = Self { directory, lookup };
        for program in programs {
            machine.program(&format!("bin/{program}"), 0);
        }
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Puts a program there that notes how it was called.
    fn program(&self, name: &str, code: u8) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let log = self.path("log");
        let script = format!(
            "#!/bin/sh\necho \"${{0##*/}} $*\" >> {}\nexit {code}\n",
            log.display()
        );
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs every step; gives what was called, with paths below the root.
    fn act(&self, action: Action) -> Vec<String> {
        let found = self.lookup.look();
        for step in steps(&found, Path::new("/ca.crt"), action) {
            run(&step, Some(&self.lookup.path)).unwrap();
        }
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        let root = self.directory.path().display().to_string();
        log.lines().map(|line| line.replace(&root, "")).collect()
    }
}

#[test]
fn a_debian_with_browsers_is_told_by_its_own_programs() {
    let machine = Machine::new(
        &["update-ca-certificates", "install", "certutil"],
        &[
            "usr/local/share/ca-certificates/.keep",
            "home/.pki/nssdb/cert9.db",
            "home/.mozilla/firefox/abc.default/cert9.db",
            "home/.mozilla/firefox/profiles.ini",
        ],
    );
    assert_eq!(
        machine.act(Action::Install),
        [
            "install -m 0644 /ca.crt /usr/local/share/ca-certificates/strongroom-dev.crt",
            "update-ca-certificates ",
            "certutil -d sql:/home/.mozilla/firefox/abc.default -A -t C,, -n strongroom-dev -i /ca.crt",
            "certutil -d sql:/home/.pki/nssdb -A -t C,, -n strongroom-dev -i /ca.crt",
        ]
    );
}

#[test]
fn what_was_told_can_be_taken_back() {
    let machine = Machine::new(
        &["update-ca-trust", "rm"],
        &["etc/pki/ca-trust/source/anchors/.keep"],
    );
    assert_eq!(
        machine.act(Action::Uninstall),
        [
            "rm -f /etc/pki/ca-trust/source/anchors/strongroom-dev.pem",
            "update-ca-trust extract",
        ]
    );
}

#[test]
fn a_java_with_a_store_of_its_own_is_told_and_one_with_the_systems_is_not() {
    let mut machine = Machine::new(&[], &["jdk/lib/security/cacerts"]);
    machine.program("jdk/bin/keytool", 0);
    machine.lookup.java_home = Some(machine.path("jdk"));
    let called = machine.act(Action::Install);
    assert_eq!(called.len(), 1, "{called:?}");
    assert!(
        called[0].starts_with("keytool -importcert -noprompt -file /ca.crt"),
        "{called:?}"
    );

    let mut machine = Machine::new(&[], &["etc/ssl/certs/java/cacerts"]);
    machine.program("jdk/bin/keytool", 0);
    fs::create_dir_all(machine.path("jdk/lib/security")).unwrap();
    let store = machine.path("etc/ssl/certs/java/cacerts");
    std::os::unix::fs::symlink(store, machine.path("jdk/lib/security/cacerts")).unwrap();
    machine.lookup.java_home = Some(machine.path("jdk"));
    assert!(machine.act(Action::Install).is_empty());
}

#[test]
fn what_follows_a_command_that_fails_is_not_run() {
    let machine = Machine::new(
        &["update-ca-certificates"],
        &["usr/local/share/ca-certificates/.keep"],
    );
    machine.program("bin/install", 3);
    let step = &steps(&machine.lookup.look(), Path::new("/ca.crt"), Action::Install)[0];
    let failed = run(step, Some(&machine.lookup.path)).unwrap_err();
    assert!(matches!(failed, RunError::Failed { .. }), "{failed}");
    let log = fs::read_to_string(machine.path("log")).unwrap();
    assert_eq!(log.lines().count(), 1, "{log}");
}
