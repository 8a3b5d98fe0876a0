//! The mounts of a volume, as the host and the pod see them.

use std::{fs, path::Path, process::Command};

use strongroom_csi::volume::mount::{Capacity, MountPaths, Mounted, mount_state};

use crate::support::{in_private_mounts, namespace::mount_line};

const SMALL: Capacity = Capacity {
    bytes: 1 << 20,
    inodes: 64,
};

fn paths(root: &Path) -> MountPaths {
    MountPaths {
        own: root.join("plugins/volumes/v"),
        target: root.join("pods/1/mount"),
    }
}

fn publish(paths: &MountPaths, group: Option<u32>) {
    let prepared = paths.prepare(SMALL, group).unwrap();
    fs::write(paths.own.join("file"), "x").unwrap();
    paths.publish(&prepared).unwrap();
}

/// The options of a mount in a namespace that shares ours, as the host's does: its own flags, then the file system's.
fn seen_elsewhere(path: &Path) -> String {
    let other = Command::new("unshare")
        .args([
            "--mount",
            "--propagation",
            "unchanged",
            "--",
            "cat",
            "/proc/self/mountinfo",
        ])
        .output()
        .unwrap();
    let table = String::from_utf8(other.stdout).unwrap();
    let line = table
        .lines()
        .rfind(|line| line.split(' ').nth(4) == path.to_str());
    line.unwrap_or_default().to_owned()
}

#[test]
fn the_pods_mount_is_read_only_and_nothing_in_it_can_be_executed() {
    in_private_mounts(async |root| {
        let paths = paths(&root);
        publish(&paths, Some(2000));
        let line = mount_line("self", &paths.target).unwrap();
        assert!(line.contains(" ro,nosuid,nodev,noexec"), "{line}");
        let options = line.split(" - ").nth(1).unwrap();
        for option in ["size=1024k", "nr_inodes=64", "mode=750", "gid=2000", "noswap"] {
            assert!(options.contains(option), "{option}: {options}");
        }
        assert!(fs::write(paths.target.join("file"), "y").is_err());
        fs::write(paths.own.join("file"), "y").unwrap();
        assert_eq!(fs::read_to_string(paths.target.join("file")).unwrap(), "y");
    });
}

/// A remount's flags would stay in the namespace that made it.
#[test]
fn the_flags_hold_in_every_namespace_that_the_mount_propagates_to() {
    in_private_mounts(async |root| {
        let paths = paths(&root);
        let mut host = Command::new("unshare")
            .args(["--mount", "--propagation", "unchanged", "--", "sleep", "60"])
            .spawn()
            .unwrap();
        let pid = host.id().to_string();
        crate::support::eventually("the host is there", std::time::Duration::from_secs(5), || {
            fs::read_link(format!("/proc/{pid}/ns/mnt")).ok() != fs::read_link("/proc/self/ns/mnt").ok()
        })
        .await;
        publish(&paths, None);
        for path in [&paths.own, &paths.target] {
            let line = mount_line(&pid, path).unwrap();
            assert!(line.contains(" ro,nosuid,nodev,noexec"), "{line}");
        }
        paths.remove().unwrap();
        assert_eq!(mount_line(&pid, &paths.target), None);
        assert_eq!(mount_line(&pid, &paths.own), None);
        host.kill().unwrap();
        host.wait().unwrap();
    });
}

#[test]
fn each_step_of_a_mount_is_recognised() {
    in_private_mounts(async |root| {
        let paths = paths(&root);
        assert_eq!(paths.inspect().unwrap(), Mounted::Nothing);
        let prepared = paths.prepare(SMALL, None).unwrap();
        assert_eq!(paths.inspect().unwrap(), Mounted::OwnOnly);
        paths.publish(&prepared).unwrap();
        drop(prepared);
        assert_eq!(paths.inspect().unwrap(), Mounted::Both);
        strongroom_csi::volume::mount::remove(&paths.own).unwrap();
        assert_eq!(paths.inspect().unwrap(), Mounted::TargetOnly);
        paths.adopt().unwrap();
        assert_eq!(paths.inspect().unwrap(), Mounted::Both);
        fs::write(paths.own.join("file"), "z").unwrap();
        assert!(fs::write(paths.target.join("file"), "z").is_err());
        paths.remove().unwrap();
        assert_eq!(paths.inspect().unwrap(), Mounted::Nothing);
        assert!(!paths.target.exists() && !paths.own.exists());
    });
}

#[test]
fn what_somebody_else_mounted_is_no_volume_of_ours() {
    in_private_mounts(async |root| {
        let paths = paths(&root);
        fs::create_dir_all(&paths.target).unwrap();
        rustix::mount::mount(
            "proc",
            &paths.target,
            "proc",
            rustix::mount::MountFlags::empty(),
            None,
        )
        .unwrap();
        assert_eq!(paths.inspect().unwrap(), Mounted::Foreign);
    });
}

#[test]
fn removing_takes_away_stacked_mounts_and_leaves_what_is_not_ours() {
    in_private_mounts(async |root| {
        let paths = paths(&root);
        publish(&paths, None);
        publish(&paths, None);
        paths.remove().unwrap();
        paths.remove().unwrap();
        assert!(!paths.target.exists());
        fs::create_dir_all(paths.target.join("kept")).unwrap();
        paths.remove().unwrap();
        assert!(paths.target.join("kept").exists());
        fs::remove_dir_all(&paths.target).unwrap();
        fs::write(&paths.target, "a file").unwrap();
        paths.remove().unwrap();
        assert!(!paths.target.exists());
        let outside = root.join("outside");
        fs::create_dir(&outside).unwrap();
        std::os::unix::fs::symlink(&outside, &paths.target).unwrap();
        paths.remove().unwrap();
        assert!(outside.exists() && !paths.target.is_symlink());
    });
}

#[test]
fn the_target_is_never_reached_through_a_link() {
    in_private_mounts(async |root| {
        let paths = paths(&root);
        let prepared = paths.prepare(SMALL, None).unwrap();
        fs::create_dir_all(paths.target.parent().unwrap()).unwrap();
        fs::create_dir(root.join("elsewhere")).unwrap();
        std::os::unix::fs::symlink(root.join("elsewhere"), &paths.target).unwrap();
        assert!(paths.publish(&prepared).is_err());
        assert_eq!(mount_line("self", &root.join("elsewhere")), None);
    });
}

#[test]
fn the_drivers_state_is_a_tmpfs_that_is_made_once() {
    in_private_mounts(async |root| {
        let path = root.join("state");
        mount_state(&path, SMALL).unwrap();
        fs::write(path.join("x"), "kept").unwrap();
        mount_state(&path, SMALL).unwrap();
        assert_eq!(fs::read_to_string(path.join("x")).unwrap(), "kept");
        let line = mount_line("self", &path).unwrap();
        assert!(
            line.contains("nosuid,nodev,noexec") && line.contains("noswap") && line.contains("mode=700"),
            "{line}"
        );
        assert!(seen_elsewhere(&path).contains("tmpfs"));
    });
}
