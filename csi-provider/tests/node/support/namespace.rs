//! A mount namespace for one test.

use std::{env, fs, path::PathBuf, process::Command};

use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};

/// Set in the process that runs the test's body.
const INSIDE: &str = "STRONGROOM_TEST_INSIDE";
/// The directory for that process. The process that starts it makes and removes it, since one that panics could not
/// remove a directory that is mounted over.
const ROOT: &str = "STRONGROOM_TEST_ROOT";

/// Runs `body` in a process and mount namespace of its own, with a directory below which mounts are shared, as they are
/// below a kubelet's. The process runs the test again that `body` is a closure of.
pub fn in_private_mounts<F: Future<Output = ()>, B: FnOnce(PathBuf) -> F>(body: B) {
    let test = test_of::<B>();
    if env::var(INSIDE).is_ok_and(|inside| inside == test) {
        let root = PathBuf::from(env::var_os(ROOT).unwrap());
        mount("test", &root, "tmpfs", MountFlags::empty(), None).unwrap();
        mount_change(&root, MountPropagationFlags::SHARED).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(body(root.clone()));
        drop(runtime);
        rustix::mount::unmount(&root, rustix::mount::UnmountFlags::DETACH).unwrap();
        return;
    }
    assert!(
        rustix::process::geteuid().is_root(),
        "this test mounts file systems: run it as root"
    );
    let root = tempfile::tempdir().unwrap();
    let run = Command::new("unshare")
        .args([
            "--mount",
            "--propagation",
            "private",
            "--kill-child",
            "--fork",
            "--",
        ])
        .arg(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(INSIDE, test)
        .env(ROOT, root.path())
        .output()
        .expect("unshare, of util-linux, runs");
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr)
    );
    assert!(run.status.success(), "{said}");
    println!("{said}");
    assert!(said.contains("1 passed"), "no test is called {test}: {said}");
}

/// The test that a closure is from, as the test program names it: its path without the crate.
fn test_of<B>() -> &'static str {
    let path = std::any::type_name::<B>();
    let (_, path) = path.split_once("::").unwrap();
    path.split("::{{closure}}").next().unwrap()
}

/// The line of a process's mount table for `path`, or nothing.
pub fn mount_line(process: &str, path: &std::path::Path) -> Option<String> {
    let table = fs::read_to_string(format!("/proc/{process}/mountinfo")).unwrap();
    let path = path.to_str().unwrap();
    table
        .lines()
        .rfind(|line| line.split(' ').nth(4) == Some(path))
        .map(str::to_owned)
}
