//! One `up` or `down` of a cluster at a time.

use std::fs::{self, File};

use anyhow::{Context, Result, bail};

use super::Layout;

/// Keeps others from starting or removing the same cluster as long as the file lives.
pub fn hold(layout: &Layout) -> Result<File> {
    let path = layout.lock();
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    }
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => bail!(
            "another `harness up` or `harness down` of the cluster {} is running",
            layout.name()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_at_once_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new("one", dir.path()).unwrap();
        let _first = hold(&layout).unwrap();
        assert!(hold(&layout).unwrap_err().to_string().contains("is running"));
    }
}
