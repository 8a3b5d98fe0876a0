//! The mounts of a bundle, all in its own mount namespace.

use std::{
    ffi::CString,
    fs::{self, File},
    os::fd::AsRawFd,
    path::Path,
};

use anyhow::{Context, Result};
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_bind, mount_change};

use crate::local::{
    bundle::Plan,
    layout::{INSIDE, INSIDE_TOOLS, inside},
};

/// Gives the bundle a `/run` of its own, with the state directory and the programs in it.
///
/// Both are opened first, since either may lie below `/run`.
pub fn outer(root: &Path, tools: &Path) -> Result<()> {
    let root = File::open(root).with_context(|| format!("cannot open {}", root.display()))?;
    let tools = File::open(tools).with_context(|| format!("cannot open {}", tools.display()))?;
    tmpfs("/run", "mode=0755")?;
    for (dir, target) in [(&root, INSIDE), (&tools, INSIDE_TOOLS)] {
        bind(&format!("/proc/self/fd/{}", dir.as_raw_fd()), target)?;
    }
    Ok(())
}

/// Makes the mounts of a plan.
pub fn apply(plan: &Plan) -> Result<()> {
    for (source, target) in &plan.binds {
        let source = inside(source);
        fs::create_dir_all(&source).with_context(|| format!("cannot make {source}"))?;
        bind(&source, target)?;
    }
    for dir in &plan.shared {
        bind(dir, dir)?;
        mount_change(dir, MountPropagationFlags::SHARED | MountPropagationFlags::REC)
            .with_context(|| format!("cannot share {dir}"))?;
    }
    for (dir, bytes) in &plan.small {
        tmpfs(dir, &format!("mode=0755,size={bytes}"))?;
    }
    Ok(())
}

fn bind(source: &str, target: &str) -> Result<()> {
    fs::create_dir_all(target).with_context(|| format!("cannot make {target}"))?;
    mount_bind(source, target).with_context(|| format!("cannot mount {source} at {target}"))
}

fn tmpfs(target: &str, options: &str) -> Result<()> {
    fs::create_dir_all(target).with_context(|| format!("cannot make {target}"))?;
    let options = CString::new(options)?;
    mount(
        "tmpfs",
        target,
        "tmpfs",
        MountFlags::NOSUID | MountFlags::NODEV,
        options.as_c_str(),
    )
    .with_context(|| format!("cannot mount a tmpfs at {target}"))
}
