//! `/proc/self/mountinfo`: whether what is mounted below a directory is seen outside this container (proc(5)).

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Whether mounts made below `path` propagate to the host.
pub fn is_shared(path: &Path) -> io::Result<bool> {
    fs::read_to_string("/proc/self/mountinfo").map(|table| covering_mount_is_shared(&table, path))
}

/// Finds the mount that `path` lies on and reads its propagation. Of several mounts on one point the last covers.
fn covering_mount_is_shared(table: &str, path: &Path) -> bool {
    table
        .lines()
        .filter_map(parse_line)
        .filter(|(point, _)| path.starts_with(point))
        .max_by_key(|(point, _)| point.components().count())
        .is_some_and(|(_, shared)| shared)
}

/// The mount point, and whether it is in a peer group.
fn parse_line(line: &str) -> Option<(PathBuf, bool)> {
    let mut fields = line.split(' ');
    let point = fields.nth(4)?;
    let shared = fields
        .skip(1)
        .take_while(|field| *field != "-")
        .any(|field| field.starts_with("shared:"));
    Some((PathBuf::from(unescape(point)), shared))
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
        assert!(covering_mount_is_shared(TABLE, Path::new("/etc")));
        assert!(covering_mount_is_shared(
            TABLE,
            Path::new("/var/lib/kubelet/pods/1")
        ));
        assert!(!covering_mount_is_shared(
            TABLE,
            Path::new("/var/lib/kubelet/plugins/x")
        ));
        assert!(covering_mount_is_shared(
            TABLE,
            Path::new("/var/lib/kubelet-other")
        ));
        assert!(!covering_mount_is_shared(TABLE, Path::new("/with space/x")));
        assert!(!covering_mount_is_shared("", Path::new("/")));
    }

    #[test]
    fn of_two_mounts_on_one_point_the_later_decides() {
        let table = format!("{TABLE}\n33 31 0:52 / /var/lib/kubelet rw - tmpfs x rw");
        assert!(!covering_mount_is_shared(
            &table,
            Path::new("/var/lib/kubelet/pods")
        ));
    }
}
