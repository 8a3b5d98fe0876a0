//! The cgroups that containers of a cluster leave: they outlive the processes, empty.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where cgroup file systems are mounted.
const MOUNT: &str = "/sys/fs/cgroup";
/// The cgroup under which containerd puts the containers of pods. Other clusters of the machine may
/// use it too, so only containers of known names are touched in it.
const PARENT: &str = "k8s.io";

/// Removes the cgroups of the containers that have a directory in `containers`, and gives those that
/// could not be removed.
pub fn remove(containers: &Path) -> Vec<PathBuf> {
    let names: Vec<_> = children(containers)
        .filter_map(|dir| Some(dir.file_name()?.to_owned()))
        .collect();
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
