//! `strongroom dev` as a person meets it: the vault that runs, what is done with it, and what is refused.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use strongroom_testing::Directory;

use super::text;

/// Runs `strongroom dev`, with the files of the user in `directory`.
fn dev(directory: &Path, arguments: &[&str]) -> Output {
    command(directory, arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
    command
        .arg("dev")
        .args(arguments)
        .env("STRONGROOM_DEV_DIR", directory.join("dev"))
        .current_dir(directory);
    command
}

/// A vault that runs, until this is dropped.
struct Running(Child);

impl Running {
    fn start(directory: &Path, arguments: &[&str]) -> Self {
        let ready = directory.join("ready.json");
        let mut command = command(directory, &["--port", "0", "--ready-file", "ready.json"]);
        let mut child = Self(command.args(arguments).stdin(Stdio::null()).spawn().unwrap());
        let begun = Instant::now();
        while !ready.exists() {
            assert!(child.0.try_wait().unwrap().is_none(), "it ended");
            assert!(begun.elapsed() < Duration::from_mins(1), "it is not ready");
            sleep(Duration::from_millis(20));
        }
        child
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn succeeded(output: &Output) -> &str {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn a_snapshot_has_what_the_vault_has_and_the_vault_has_it_again_after_a_reset() {
    let directory = Directory::new();
    let directory = directory.path();
    let seeds = "- {name: db, value: \"CANARY\\n\", contentType: text/plain, tags: {a: b}, expires: +30d}\n\
                 - {name: off, value: x, enabled: false}\n";
    fs::write(directory.join("seeds.yaml"), seeds).unwrap();
    let _running = Running::start(directory, &[]);
    let set = dev(directory, &["seed", "seeds.yaml"]);
    assert_eq!(succeeded(&set), "2 secrets set, 0 were there already\n");
    let again = dev(directory, &["seed", "seeds.yaml"]);
    assert_eq!(succeeded(&again), "0 secrets set, 2 were there already\n");

    let taken = dev(directory, &["snapshot", "s.yaml"]);
    assert_eq!(
        succeeded(&taken),
        "1 secrets written to s.yaml; keys and certificates are not in it\n"
    );
    assert!(text(&taken.stderr).contains("off is disabled"), "{taken:?}");
    let file = directory.join("s.yaml");
    let snapshot = fs::read_to_string(&file).unwrap();
    for part in [
        "value: \"CANARY\\n\"",
        "contentType: \"text/plain\"",
        "\"a\": \"b\"",
        "expires: ",
    ] {
        assert!(snapshot.contains(part), "{snapshot}");
    }
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let refused = dev(directory, &["snapshot", "s.yaml"]);
    assert_eq!(refused.status.code(), Some(5));
    succeeded(&dev(directory, &["snapshot", "s.yaml", "--force"]));

    let unasked = dev(directory, &["reset"]);
    assert_eq!(unasked.status.code(), Some(2), "{unasked:?}");
    assert_eq!(
        succeeded(&dev(directory, &["reset", "--yes"])),
        "2 objects purged\n"
    );
    let back = dev(directory, &["seed", "s.yaml"]);
    assert_eq!(succeeded(&back), "1 secrets set, 0 were there already\n");
    let last = dev(directory, &["snapshot", "t.yaml"]);
    succeeded(&last);
    assert_eq!(fs::read_to_string(directory.join("t.yaml")).unwrap(), snapshot);
}

#[test]
fn an_account_that_may_not_get_a_secret_is_told_which() {
    let directory = Directory::new();
    let directory = directory.path();
    let manifests = "
apiVersion: strongroom.dev/v1alpha1
kind: Vault
metadata: {name: prod, namespace: team-a}
spec: {}
---
apiVersion: strongroom.dev/v1alpha1
kind: AccessPolicy
metadata: {name: lists, namespace: team-a}
spec:
  vaultRef: {name: prod}
  effect: Allow
  subjects: [{serviceAccount: {namespace: shop, name: api}}]
  objects: [\"*\"]
  permissions: {secrets: [list]}
";
    fs::write(directory.join("deploy.yaml"), manifests).unwrap();
    fs::write(directory.join("a.env"), "db=1\n").unwrap();
    let arguments = ["-f", "deploy.yaml", "--as", "shop/api", "--seed", "a.env"];
    let _running = Running::start(directory, &arguments);
    let refused = dev(directory, &["snapshot", "s.yaml"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let said = text(&refused.stderr);
    assert!(said.contains("--permission secrets/get --object db"), "{said}");
    assert!(!directory.join("s.yaml").exists());
    let reset = dev(directory, &["reset", "--yes"]);
    assert_eq!(reset.status.code(), Some(1), "{reset:?}");
    assert!(
        text(&reset.stderr).contains("cannot delete secrets/db"),
        "{reset:?}"
    );
}

#[test]
fn without_a_vault_that_runs_nothing_is_done() {
    let directory = Directory::new();
    let directory = directory.path();
    fs::write(directory.join("a.env"), "A=1\n").unwrap();
    for arguments in [
        &["seed", "a.env"][..],
        &["snapshot", "s.yaml"],
        &["reset", "--yes"],
    ] {
        let output = dev(directory, arguments);
        assert_eq!(output.status.code(), Some(4), "{output:?}");
        assert!(!directory.join("s.yaml").exists());
    }
    let output = dev(directory, &["snapshot", "s.env"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_manifest_that_a_cluster_refuses_is_refused_with_its_sentence() {
    let directory = Directory::new();
    let directory = directory.path();
    let vault = "{apiVersion: strongroom.dev/v1alpha1, kind: Vault, metadata: {name: v}, spec: {softDelete: {retentionDay: 7}}}";
    fs::write(directory.join("v.yaml"), vault).unwrap();
    let output = dev(directory, &["run", "-f", "v.yaml", "--", "true"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = text(&output.stderr);
    assert!(
        said.contains("unknown field \"spec.softDelete.retentionDay\""),
        "{said}"
    );
}

#[test]
fn seeds_that_git_keeps_are_warned_of() {
    let directory = Directory::new();
    let directory = directory.path();
    let git = |words: &[&str]| {
        let mut command = Command::new("git");
        command.args(words).current_dir(directory).stdout(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    fs::write(directory.join("a.env"), "A=CANARY\n").unwrap();
    if !git(&["init", "--quiet"]) {
        return;
    }
    let said = |output: &Output| text(&output.stderr).contains("tracked by git");
    let run = || dev(directory, &["run", "--seed", "a.env", "--", "true"]);
    assert!(!said(&run()));
    assert!(git(&["add", "a.env"]));
    let output = run();
    assert!(output.status.success() && said(&output), "{output:?}");
    assert!(!text(&output.stderr).contains("CANARY"));
}

#[test]
fn where_files_cannot_be_is_told_with_what_to_do() {
    let directory = Directory::new();
    let directory = directory.path();
    let mut homeless = command(directory, &["run", "--", "true"]);
    for name in ["STRONGROOM_DEV_DIR", "XDG_DATA_HOME", "HOME"] {
        homeless.env_remove(name);
    }
    let output = homeless.output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    assert!(
        text(&output.stderr).contains("there is no home directory"),
        "{output:?}"
    );

    fs::write(directory.join("file"), "").unwrap();
    let output = dev(directory, &["run", "--data", "file/data", "--", "true"]);
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    assert!(
        text(&output.stderr).contains("name another one with --data"),
        "{output:?}"
    );
}

#[test]
fn a_directory_with_objects_is_one_vaults_at_a_time() {
    let directory = Directory::new();
    let directory = directory.path();
    let _running = Running::start(directory, &["--data", "data"]);
    let output = dev(directory, &["run", "--data", "data", "--", "true"]);
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    assert!(
        text(&output.stderr).contains("another `strongroom dev`"),
        "{output:?}"
    );
}

/// A machine whose programs only note how they were called.
fn fake_programs(directory: &Path) -> PathBuf {
    let bin = directory.join("bin");
    fs::create_dir(&bin).unwrap();
    for name in ["trust", "sudo"] {
        let path = bin.join(name);
        let script = format!("#!/bin/sh\necho \"$*\" >> {}\n", directory.join("log").display());
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    bin
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_to_trust_the_authority_is_shown_and_run_only_once_somebody_agrees() {
    let directory = Directory::new();
    let directory = directory.path();
    let bin = fake_programs(directory);
    let trust = |arguments: &[&str]| {
        let mut command = command(directory, &["trust"]);
        command.args(arguments).stdin(Stdio::null());
        command
            .env("PATH", &bin)
            .env("HOME", directory)
            .env_remove("JAVA_HOME");
        command.output().unwrap()
    };
    let log = || fs::read_to_string(directory.join("log")).unwrap_or_default();
    let certificate = directory.join("dev/ca.crt");
    let printed = trust(&["--print"]);
    let line = format!("trust anchor --store {}\n", certificate.display());
    assert!(succeeded(&printed).ends_with(&line), "{printed:?}");
    let unasked = trust(&[]);
    assert_eq!(unasked.status.code(), Some(2), "{unasked:?}");
    assert!(text(&unasked.stderr).contains(&line), "{unasked:?}");
    assert_eq!(log(), "");
    succeeded(&trust(&["--yes"]));
    assert!(log().contains("anchor --store"), "{}", log());
    succeeded(&trust(&["--uninstall", "--yes"]));
    assert!(log().contains("anchor --remove"), "{}", log());
    fs::remove_dir_all(&bin).unwrap();
    let nothing = trust(&["--yes"]);
    assert_eq!(nothing.status.code(), Some(5), "{nothing:?}");
}
