//! Removing a cluster: its processes by their record, and all that they left.

use std::{fs, io::ErrorKind, path::Path, time::Duration};

use anyhow::{Context, Result, bail};

use super::{
    Layout, cgroups, lock,
    network::node_name,
    process::boot_id,
    record::{Bundle, Record},
};
use crate::progress::Step;

/// How long the kernel may take to end the processes of a bundle.
const END: Duration = Duration::from_secs(30);

/// Removes a cluster; false when there was none. May be repeated, also after it was cut short.
pub fn down(layout: &Layout) -> Result<bool> {
    let _lock = lock::hold(layout)?;
    if !layout.root().exists() {
        return Ok(false);
    }
    let step = Step::begin(format!("Removing the cluster {}", layout.name()));
    remove(layout)?;
    step.done();
    Ok(true)
}

/// Removes a cluster whose lock is held.
pub fn remove(layout: &Layout) -> Result<()> {
    if let Some(record) = Record::load(layout)? {
        stop(&record)?;
        for index in 0..record.options.nodes {
            let left = cgroups::remove(&layout.containers(&node_name(index)));
            if let Some(dir) = left.first() {
                bail!(
                    "cannot remove the cgroup {}: it still holds processes",
                    dir.display()
                );
            }
        }
    }
    refuse_mounts(&layout.root())?;
    match fs::remove_dir_all(layout.root()) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", layout.root().display()))
        }
        _ => Ok(()),
    }
}

/// Ends every bundle, the nodes last to first, the control bundle at the end.
pub fn stop(record: &Record) -> Result<()> {
    let alive = record.alive(&boot_id());
    for bundle in alive.iter().rev() {
        kill(bundle)?;
    }
    alive.iter().try_for_each(|bundle| gone(bundle))
}

/// Kills a bundle: its holder, and with it its init and every process inside.
pub fn kill(bundle: &Bundle) -> Result<()> {
    bundle.holder.kill()?;
    bundle.init.kill()
}

/// Waits until the kernel has ended every process of a bundle: an init ends last.
pub fn gone(bundle: &Bundle) -> Result<()> {
    bundle
        .holder
        .wait_gone(END)
        .and_then(|()| bundle.init.wait_gone(END))
        .with_context(|| {
            format!(
                "{} was killed, but a process of it hangs in the kernel; try again later",
                bundle.role
            )
        })
}

/// Removing files through a mount that somebody else made below the state directory would remove
/// theirs. A cluster's own mounts are in its own namespaces and never seen here.
fn refuse_mounts(root: &Path) -> Result<()> {
    let text = fs::read_to_string("/proc/self/mountinfo").context("cannot read the mounts")?;
    match mounts_below(&text, root).first() {
        Some(mount) => {
            bail!("{mount} is a mount below the cluster's files, and not of its making: unmount it first")
        }
        None => Ok(()),
    }
}

fn mounts_below(mountinfo: &str, root: &Path) -> Vec<String> {
    let points = mountinfo.lines().filter_map(|line| line.split(' ').nth(4));
    points
        .filter(|point| Path::new(point).starts_with(root))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_below_the_state_directory_is_seen() {
        let text = "22 1 0:20 / /s/one/mnt rw - tmpfs tmpfs rw\n23 1 0:20 / /s/two rw - tmpfs tmpfs rw\n";
        assert_eq!(mounts_below(text, Path::new("/s/one")), ["/s/one/mnt"]);
    }

    #[test]
    fn there_may_be_nothing_to_remove() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new("none", dir.path()).unwrap();
        assert!(!down(&layout).unwrap());
    }
}
