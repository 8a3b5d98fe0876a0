//! `/proc/self/mountinfo`: what is mounted where, and whether it is seen outside this container (proc(5)).

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where it is.
    pub point: PathBuf,
    /// The file system's number, the same wherever it is mounted.
    pub device: String,
    /// Whether it is in a peer group.
    is_shared: bool,
    kind: String,
    source: String,
}

impl Mount {
    /// Whether it is a tmpfs that was made with this source.
    pub fn is_tmpfs_of(&self, source: &str) -> bool {
        self.kind == "tmpfs" && self.source == source
    }
}

/// Every mount of this process's namespace.
pub fn read() -> io::Result<Vec<Mount>> {
    fs::read_to_string("/proc/self/mountinfo").map(|table| parse(&table))
}

/// Whether mounts made below `path` propagate to the host.
pub fn is_shared(path: &Path) -> io::Result<bool> {
    read().map(|mounts| covering_mount_is_shared(mounts, path))
}

/// Finds the mount that `path` lies on and reads its propagation. Of several mounts on one point the last covers.
fn covering_mount_is_shared(mounts: Vec<Mount>, path: &Path) -> bool {
    mounts
        .into_iter()
        .filter(|mount| path.starts_with(&mount.point))
        .max_by_key(|mount| mount.point.components().count())
        .is_some_and(|mount| mount.is_shared)
}

fn parse(table: &str) -> Vec<Mount> {
    table.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Mount> {
    let (place, file_system) = line.split_once(" - ")?;
    let mut place = place.split(' ');
    let device = place.nth(2)?.to_owned();
    let point = PathBuf::from(unescape(place.nth(1)?));
    let is_shared = place.any(|field| field.starts_with("shared:"));
    let mut file_system = file_system.split(' ');
    Some(Mount {
        point,
        device,
        is_shared,
        kind: file_system.next()?.to_owned(),
        source: unescape(file_system.next()?),
    })
}

/// Space, tab, newline and backslash are written as three octal digits.
fn unescape(field: &str) -> String {
    ["\\040", "\\011", "\\012", "\\134"]
        .iter()
        .zip([" ", "\t", "\n", "\\"])
        .fold(field.to_owned(), |text, (escape, plain)| {
            text.replace(escape, plain)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 254:1 / /var/lib/kubelet rw shared:7 master:2 - ext4 /dev/vdb rw
31 30 0:50 / /var/lib/kubelet/plugins rw master:7 - tmpfs x rw
32 22 0:51 / /with\\040space rw - tmpfs x rw,shared:9";

    #[test]
    fn the_deepest_mount_decides() {
        assert!(covering_mount_is_shared(parse(TABLE), Path::new("/etc")));
        assert!(covering_mount_is_shared(
            parse(TABLE),
            Path::new("/var/lib/kubelet/pods/1")
        ));
        assert!(!covering_mount_is_shared(
            parse(TABLE),
            Path::new("/var/lib/kubelet/plugins/x")
        ));
        assert!(covering_mount_is_shared(
            parse(TABLE),
            Path::new("/var/lib/kubelet-other")
        ));
        assert!(!covering_mount_is_shared(
            parse(TABLE),
            Path::new("/with space/x")
        ));
        assert!(!covering_mount_is_shared(parse(""), Path::new("/")));
    }

    #[test]
    fn a_file_system_is_known_by_its_number_its_kind_and_its_source() {
        let table =
            "40 22 0:77 / /v rw,relatime - tmpfs strongroom rw\n41 22 0:78 / /w rw - tmpfs other rw\nbroken";
        let mounts = parse(table);
        let seen: Vec<_> = mounts
            .iter()
            .map(|mount| (mount.device.as_str(), mount.is_tmpfs_of("strongroom")))
            .collect();
        assert_eq!(seen, [("0:77", true), ("0:78", false)]);
    }

    #[test]
    fn of_two_mounts_on_one_point_the_later_decides() {
        let table = format!("{TABLE}\n33 31 0:52 / /var/lib/kubelet rw - tmpfs x rw");
        assert!(!covering_mount_is_shared(
            parse(&table),
            Path::new("/var/lib/kubelet/pods")
        ));
    }
}
