//! The mounts of a volume.
//!
//! A mount's flags do not propagate when they are changed later, so the tmpfs is made with the flags that the pod's
//! mount must have, and only the node driver's own view of it is made writable: the host and every pod have it
//! read-only.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use rustix::{
    fd::{AsFd, OwnedFd},
    fs::{AtFlags, CWD, FsWord, Mode, OFlags, StatxAttributes, StatxFlags, open, statfs, statx},
    io::Errno,
    mount::{
        FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags,
        fsconfig_create, fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, mount_remount, move_mount,
        open_tree, unmount,
    },
};

use super::image::directory_mode;

/// What a tmpfs of the node driver has in the place of a device.
pub const SOURCE: &str = "strongroom";

/// `statfs` of a tmpfs (statfs(2)).
const TMPFS_MAGIC: FsWord = 0x0102_1994;

/// A step on a volume's mounts that failed.
#[derive(Debug, thiserror::Error)]
#[error("failed to {step} {path}: {source}")]
pub struct MountError {
    step: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl MountError {
    /// One for the page of every sentence.
    pub(crate) fn sample() -> Self {
        Self {
            step: "mount",
            path: "/var/lib/kubelet/pods/UID/volumes/kubernetes.io~csi/secrets/mount".into(),
            source: io::ErrorKind::PermissionDenied.into(),
        }
    }
}

/// What a tmpfs may hold.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Capacity {
    pub bytes: u64,
    /// Files, directories and links.
    pub inodes: u64,
}

/// The two paths of one volume, which are one where the volume is a plain directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountPaths {
    /// The node driver's own, writable.
    pub own: PathBuf,
    /// The kubelet's, which the pod sees.
    pub target: PathBuf,
}

/// How far a volume is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mounted {
    /// Nowhere.
    Nothing,
    /// The pod's place shows a tmpfs, and the node driver's own place shows the same one.
    Both,
    /// The pod's place shows a tmpfs that the node driver has no view of.
    TargetOnly,
    /// The node driver's own place only.
    OwnOnly,
    /// The pod's place shows something that is no volume of the node driver.
    Foreign,
}

/// A tmpfs in the node driver's own place, and the pod's view of it, attached to nothing yet. Dropped, the view is
/// gone.
#[derive(Debug)]
pub struct Prepared {
    view: OwnedFd,
}

impl MountPaths {
    /// A plain directory in the place of both: no pod sees it, and no mount is needed.
    pub fn directory(path: &Path) -> Self {
        Self {
            own: path.to_owned(),
            target: path.to_owned(),
        }
    }

    /// How far the volume is mounted.
    pub fn inspect(&self) -> Result<Mounted, MountError> {
        if self.own == self.target {
            return Ok(if self.own.is_dir() {
                Mounted::Both
            } else {
                Mounted::Nothing
            });
        }
        let own = mounted_tmpfs(&self.own)?;
        let target = mounted_tmpfs(&self.target)?;
        Ok(match (own, target) {
            (Root::None, Root::None) => Mounted::Nothing,
            (Root::Tmpfs(own), Root::Tmpfs(target)) if own == target => Mounted::Both,
            (Root::None, Root::Tmpfs(_)) => Mounted::TargetOnly,
            (_, Root::None) => Mounted::OwnOnly,
            (_, Root::Tmpfs(_) | Root::Other) => Mounted::Foreign,
        })
    }

    /// Mounts a new tmpfs in the node driver's own place.
    pub fn prepare(&self, capacity: Capacity, group: Option<u32>) -> Result<Prepared, MountError> {
        make_directory(&self.own)?;
        let tmpfs = step("make a tmpfs for", &self.own, tmpfs(capacity, group))?;
        step("mount", &self.own, attach(&tmpfs, &self.own))?;
        let view = step("copy the mount", &self.own, view_of(&self.own))?;
        self.make_own_writable()?;
        Ok(Prepared { view })
    }

    /// Shows the volume to the pod.
    pub fn publish(&self, prepared: &Prepared) -> Result<(), MountError> {
        make_directory(&self.target)?;
        step("mount", &self.target, attach(&prepared.view, &self.target))
    }

    /// Gives the node driver a view of a volume that only the pod's place shows.
    pub fn adopt(&self) -> Result<(), MountError> {
        make_directory(&self.own)?;
        let view = step("copy the mount", &self.target, view_of(&self.target))?;
        step("mount", &self.own, attach(&view, &self.own))?;
        self.make_own_writable()
    }

    /// A new process of the node driver sees its own place as the host does: read-only.
    pub fn make_own_writable(&self) -> Result<(), MountError> {
        let flags = MountFlags::BIND | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        step("make writable", &self.own, mount_remount(&self.own, flags, ""))
    }

    /// Unmounts both paths and removes their directories. Succeeds where there is nothing to do.
    pub fn remove(&self) -> Result<(), MountError> {
        remove(&self.target)?;
        remove(&self.own)
    }
}

/// Unmounts whatever is mounted on `path`, then removes the directory.
pub fn remove(path: &Path) -> Result<(), MountError> {
    while is_mount_root(path)? {
        // Lazily: a container that still has files open must not keep its pod from ending.
        step(
            "unmount",
            path,
            unmount(path, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW),
        )?;
    }
    match fs::remove_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            fs::remove_file(path).map_err(|source| MountError {
                step: "remove",
                path: path.to_owned(),
                source,
            })
        }
        // What somebody put below an unmounted directory is not ours to delete.
        Err(error)
            if !matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty
            ) =>
        {
            Err(MountError {
                step: "remove",
                path: path.to_owned(),
                source: error,
            })
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Mounts a small tmpfs for the node driver's own state, unless one is there.
pub fn mount_state(path: &Path, capacity: Capacity) -> Result<(), MountError> {
    make_directory(path)?;
    if let Root::Tmpfs(_) = mounted_tmpfs(path)? {
        // As with volumes: what another process mounted is seen read-only.
        let flags = MountFlags::BIND | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        return step("make writable", path, mount_remount(path, flags, ""));
    }
    let made = step("make a tmpfs for", path, state_tmpfs(capacity))?;
    step("mount", path, attach(&made, path))
}

enum Root {
    None,
    Tmpfs((u32, u32)),
    Other,
}

/// What is mounted exactly on `path`; for a tmpfs, its device.
fn mounted_tmpfs(path: &Path) -> Result<Root, MountError> {
    if !is_mount_root(path)? {
        return Ok(Root::None);
    }
    let found = step(
        "inspect",
        path,
        statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::BASIC_STATS),
    )?;
    let kind = step("inspect", path, statfs(path))?;
    let tmpfs = kind.f_type == TMPFS_MAGIC;
    Ok(if tmpfs {
        Root::Tmpfs((found.stx_dev_major, found.stx_dev_minor))
    } else {
        Root::Other
    })
}

fn is_mount_root(path: &Path) -> Result<bool, MountError> {
    match statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::BASIC_STATS) {
        Ok(found) => Ok(found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT)),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(false),
        Err(errno) => step("inspect", path, Err(errno)),
    }
}

fn tmpfs(capacity: Capacity, group: Option<u32>) -> Result<OwnedFd, Errno> {
    let mode = format!("{:o}", directory_mode(group));
    let group = group.unwrap_or_default().to_string();
    let restricted = MountAttrFlags::MOUNT_ATTR_RDONLY | NEVER_EXECUTED;
    new_tmpfs(capacity, &mode, &group, restricted)
}

const NEVER_EXECUTED: MountAttrFlags = MountAttrFlags::MOUNT_ATTR_NOSUID
    .union(MountAttrFlags::MOUNT_ATTR_NODEV)
    .union(MountAttrFlags::MOUNT_ATTR_NOEXEC);

fn state_tmpfs(capacity: Capacity) -> Result<OwnedFd, Errno> {
    new_tmpfs(capacity, "700", "0", NEVER_EXECUTED)
}

fn new_tmpfs(capacity: Capacity, mode: &str, group: &str, flags: MountAttrFlags) -> Result<OwnedFd, Errno> {
    let context = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(context.as_fd(), "source", SOURCE)?;
    fsconfig_set_string(context.as_fd(), "size", capacity.bytes.to_string())?;
    fsconfig_set_string(context.as_fd(), "nr_inodes", capacity.inodes.to_string())?;
    fsconfig_set_string(context.as_fd(), "mode", mode)?;
    fsconfig_set_string(context.as_fd(), "gid", group)?;
    match fsconfig_set_flag(context.as_fd(), "noswap") {
        // Kernels before 6.3 do not know it.
        Err(Errno::INVAL) => {
            tracing::warn!("this kernel cannot keep a tmpfs out of swap: turn swap off on the node");
        }
        set => set?,
    }
    fsconfig_create(context.as_fd())?;
    fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, flags)
}

/// A copy of the mount on `path`, attached to nothing.
fn view_of(path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_SYMLINK_NOFOLLOW;
    open_tree(CWD, path, flags)
}

fn attach(mount: &OwnedFd, path: &Path) -> Result<(), Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let point = open(path, flags, Mode::empty())?;
    let both = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(mount, "", point, "", both)
}

/// Makes a directory that only root may enter, or makes one that is there so.
pub fn make_private_directory(path: &Path) -> Result<(), MountError> {
    make_directory(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(|source| MountError {
        step: "protect",
        path: path.to_owned(),
        source,
    })
}

/// Makes a directory that only its owner and group may enter, with its parents.
fn make_directory(path: &Path) -> Result<(), MountError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o750)
        .create(path)
        .map_err(|source| MountError {
            step: "make directory",
            path: path.to_owned(),
            source,
        })
}

fn step<T>(step: &'static str, path: &Path, result: Result<T, Errno>) -> Result<T, MountError> {
    result.map_err(|errno| MountError {
        step,
        path: path.to_owned(),
        source: errno.into(),
    })
}
