//! Where the files of a cluster lie, outside and inside of its namespaces.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

/// The state directory as the processes of a cluster see it.
pub const INSIDE: &str = "/run/strongroom";
/// The directory of the Kubernetes programs as the processes of a cluster see it.
pub const INSIDE_TOOLS: &str = "/run/strongroom-tools";
/// The name of the cluster when nobody says another.
pub const DEFAULT_NAME: &str = "strongroom";

/// The files of one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    name: String,
    base: PathBuf,
}

impl Layout {
    /// The layout of a named cluster: below `$STRONGROOM_STATE`, else `/var/lib/strongroom-cluster`.
    pub fn from_env(name: &str) -> Result<Self> {
        let base = env::var_os("STRONGROOM_STATE").filter(|dir| !dir.is_empty());
        Self::new(
            name,
            &base.map_or_else(|| PathBuf::from("/var/lib/strongroom-cluster"), PathBuf::from),
        )
    }

    /// The layouts of all clusters below `$STRONGROOM_STATE`, or below its default.
    pub fn all() -> Result<Vec<Self>> {
        let base = Self::from_env(DEFAULT_NAME)?.base;
        let entries = fs::read_dir(&base).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut all: Vec<Self> = names.filter_map(|name| Self::new(&name, &base).ok()).collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(all)
    }

    /// The layout of a named cluster below a directory.
    pub fn new(name: &str, base: &Path) -> Result<Self> {
        let letters = name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if name.is_empty() || name.len() > 30 || !letters || name.starts_with('-') {
            bail!("{name:?} cannot be a cluster's name: use at most 30 of a-z, 0-9 and -");
        }
        Ok(Self {
            name: name.to_owned(),
            base: base.to_owned(),
        })
    }

    /// The cluster's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The layout of the cluster for a run of tests beside the one of this cluster.
    ///
    /// # Errors
    /// The cluster's name is too long for it.
    pub fn second(&self) -> Result<Self> {
        Self::new(&format!("{}-second", self.name), &self.base)
    }

    /// The directory that holds everything of the cluster.
    pub fn root(&self) -> PathBuf {
        self.base.join(&self.name)
    }

    /// The file that `up` and `down` lock. It lies outside of the directory that `down` removes.
    pub fn lock(&self) -> PathBuf {
        self.base.join(format!(".{}.lock", self.name))
    }

    /// The record of what was started.
    pub fn record(&self) -> PathBuf {
        self.root().join("cluster.json")
    }

    /// The administrator's kubeconfig, for use outside of the cluster.
    pub fn kubeconfig(&self) -> PathBuf {
        self.root().join("kubeconfig")
    }

    /// The directory of the logs of all daemons.
    pub fn logs(&self) -> PathBuf {
        self.root().join("logs")
    }

    /// What a bundle's init is to do.
    pub fn bundle(&self, role: &str) -> PathBuf {
        self.root().join("bundles").join(format!("{role}.json"))
    }

    /// Where a node's containerd keeps a directory for each container that runs.
    pub fn containers(&self, node: &str) -> PathBuf {
        self.root()
            .join("nodes")
            .join(node)
            .join("lib/containerd/io.containerd.runtime.v2.task/k8s.io")
    }

    /// Writes a file of the cluster, readable by its owner only, and makes its directory.
    pub fn write(&self, relative: &str, text: &str) -> Result<()> {
        use std::{io::Write, os::unix::fs::OpenOptionsExt};
        let path = self.root().join(relative);
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        }
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        file.write_all(text.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

/// The path of a file of the cluster as its own processes see it.
pub fn inside(relative: &str) -> String {
    format!("{INSIDE}/{relative}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_the_state_directory() {
        for bad in ["", "..", "a/b", "-x", "A", &"a".repeat(31)] {
            assert!(Layout::new(bad, Path::new("/s")).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_second_cluster_has_a_directory_of_its_own_beside_the_first() {
        let first = Layout::new("one", Path::new("/s")).unwrap();
        let second = first.second().unwrap();
        assert_eq!(second.root(), Path::new("/s/one-second"));
        assert!(second.lock() != first.lock());
    }

    #[test]
    fn the_lock_survives_the_removal_of_the_cluster() {
        let layout = Layout::new("one", Path::new("/s")).unwrap();
        assert!(!layout.lock().starts_with(layout.root()));
    }
}
