//! The cgroups that containers of a cluster leave: they outlive the processes, empty.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// Where cgroup file systems are mounted.
const MOUNT: &str = "/sys/fs/cgroup";
/// The cgroup under which containerd puts the containers of pods. Other clusters of the machine may
/// use it too, so only containers of known names are touched in it.
const PARENT: &str = "k8s.io";

/// How long the kernel may hold on to a cgroup after its last process has ended.
const LINGER: Duration = Duration::from_secs(15);

/// Removes the cgroups of the containers that have a directory in `containers`, and gives those that
/// could not be removed.
pub fn remove(containers: &Path) -> Vec<PathBuf> {
    let names: Vec<_> = children(containers)
        .filter_map(|dir| Some(dir.file_name()?.to_owned()))
        .collect();
    let end = Instant::now() + LINGER;
    loop {
        let left = remove_once(&names);
        if left.is_empty() || Instant::now() >= end {
            return left;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn remove_once(names: &[OsString]) -> Vec<PathBuf> {
    let mut left = Vec::new();
    for parent in parents() {
        let own = names
            .iter()
            .map(|name| parent.join(name))
            .filter(|dir| dir.is_dir());
        left.extend(own.filter(|dir| !remove_tree(dir)));
        // Succeeds only when nobody else has a container there.
        let _ = fs::remove_dir(&parent);
    }
    left
}

/// The processes of a container, as the caller's PID namespace numbers them.
pub fn processes(container: &str) -> Vec<i32> {
    let lists = parents()
        .into_iter()
        .map(|parent| parent.join(container).join("cgroup.procs"));
    let mut lists = lists
        .filter_map(|list| fs::read_to_string(list).ok())
        .filter(|list| !list.is_empty());
    let list = lists.next().unwrap_or_default();
    list.lines().filter_map(|line| line.parse().ok()).collect()
}

/// Below the mount itself (version 2), or below each hierarchy (version 1).
fn parents() -> Vec<PathBuf> {
    let mount = Path::new(MOUNT);
    let roots = std::iter::once(mount.to_owned()).chain(children(mount));
    roots
        .map(|root| root.join(PARENT))
        .filter(|dir| dir.is_dir())
        .collect()
}

/// A cgroup's files cannot be removed, its directory can once it has no child and no process.
fn remove_tree(dir: &Path) -> bool {
    for child in children(dir) {
        remove_tree(&child);
    }
    fs::remove_dir(dir).is_ok() || !dir.exists()
}

fn children(dir: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_removed_from_its_leaves() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().join("container");
        fs::create_dir_all(top.join("a/b")).unwrap();
        assert!(remove_tree(&top) && !top.exists());
    }

    #[test]
    fn nothing_is_touched_for_a_node_without_containers() {
        assert!(remove(Path::new("/nonexistent")).is_empty());
    }
}
