//! The cache directory: one directory per tool and version, finished ones marked.

use std::{
    env,
    fs::{self, File},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use super::{Tool, go};

/// The file that says that a tool's directory is finished.
const COMPLETE: &str = ".complete";

/// The cache directory.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// The cache that the environment names: `$STRONGROOM_CACHE`, else `~/.cache/strongroom`.
    pub fn from_env() -> Result<Self> {
        let root = match (env::var_os("STRONGROOM_CACHE"), env::var_os("HOME")) {
            (Some(dir), _) if !dir.is_empty() => PathBuf::from(dir),
            (_, Some(home)) if !home.is_empty() => PathBuf::from(home).join(".cache/strongroom"),
            _ => anyhow::bail!("neither STRONGROOM_CACHE nor HOME is set, so there is no place for tools"),
        };
        Self::at(&root)
    }

    /// A cache in a directory, which is made when it is missing.
    pub fn at(root: &Path) -> Result<Self> {
        fs::create_dir_all(root).with_context(|| format!("cannot make the cache {}", root.display()))?;
        let root = root
            .canonicalize()
            .with_context(|| format!("cannot use the cache {}", root.display()))?;
        Ok(Self { root })
    }

    /// The cache directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The directory with each installed program, for PATH.
    pub fn links(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// Where a tool of its current version lies.
    pub fn dir(&self, tool: &Tool) -> PathBuf {
        self.root.join(tool.name).join(go::key(tool))
    }

    /// A tool's program.
    pub fn program(&self, tool: &Tool) -> PathBuf {
        self.dir(tool).join(tool.program)
    }

    /// Whether a tool is installed completely.
    pub fn has(&self, tool: &Tool) -> bool {
        self.dir(tool).join(COMPLETE).exists()
    }

    /// The log of a tool's installation.
    pub fn log(&self, tool: &Tool) -> PathBuf {
        self.root.join(tool.name).join("install.log")
    }

    /// Waits until nobody else installs this tool. The lock lives as long as the file.
    pub fn lock(&self, tool: &Tool) -> Result<File> {
        let dir = self.root.join(tool.name);
        fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let file = File::create(dir.join(".lock"))?;
        if file.try_lock().is_err() {
            eprintln!("==> Waiting for another installation of {}", tool.name);
            file.lock()?;
        }
        Ok(file)
    }

    /// An empty directory for a tool; what an aborted installation left is removed.
    pub fn begin(&self, tool: &Tool) -> Result<PathBuf> {
        let dir = self.dir(tool);
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| format!("cannot clear {}", dir.display()))?;
        }
        fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        Ok(dir)
    }

    /// Marks a tool as finished.
    pub fn complete(&self, tool: &Tool) -> Result<()> {
        File::create(self.dir(tool).join(COMPLETE))?;
        self.publish(tool)
    }

    /// Makes a tool's current version callable by its name.
    ///
    /// By a script and not by a link: Python finds its environment by the path it was started by.
    pub fn publish(&self, tool: &Tool) -> Result<()> {
        let path = self.links().join(tool.name);
        let script = format!("#!/bin/sh\nexec '{}' \"$@\"\n", self.program(tool).display());
        if fs::read_to_string(&path).is_ok_and(|old| old == script) {
            return Ok(());
        }
        fs::create_dir_all(self.links())?;
        write_script(&path, &script)
    }
}

/// Writes a file that may be run, in the place of what is there.
pub fn write_script(path: &Path, script: &str) -> Result<()> {
    let dir = path.parent().context("a script lies in a directory")?;
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(script.as_bytes())?;
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o755))?;
    file.persist(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::find;

    #[test]
    fn only_a_finished_tool_counts_as_installed() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path()).unwrap();
        let tool = find("helm").unwrap();
        let begun = store.begin(tool).unwrap();
        fs::write(begun.join("half"), "").unwrap();
        assert!(!store.has(tool));

        let again = store.begin(tool).unwrap();
        assert!(
            !again.join("half").exists(),
            "an aborted installation must not leak into the next"
        );
        store.complete(tool).unwrap();
        assert!(store.has(tool));
        let script = fs::read_to_string(store.links().join("helm")).unwrap();
        assert!(script.contains(&store.program(tool).display().to_string()));
    }
}
