//! The files of a volume, replaced all at once.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

use jiff::Timestamp;
use strongroom_csi::volume::{
    File, Image,
    tree::{Tree, Written},
};

fn image(group: Option<u32>, files: &[(&str, u32, &str)]) -> Image {
    assert!(
        rustix::process::geteuid().is_root(),
        "this test gives files to a group: run it as root"
    );
    let file = |&(path, mode, text): &(&str, u32, &str)| {
        (
            path.parse().unwrap(),
            File {
                mode,
                content: text.as_bytes().to_vec().into(),
            },
        )
    };
    Image {
        files: files.iter().map(file).collect(),
        group,
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn files_are_links_through_one_that_is_renamed() {
    let directory = tempfile::tempdir().unwrap();
    let tree = Tree::open(directory.path()).unwrap();
    assert!(!tree.is_filled());
    let files = image(
        None,
        &[("password", 0o444, "one"), ("tls/deep/tls.crt", 0o400, "cert")],
    );
    assert_eq!(tree.write(&files, at(0)).unwrap(), Written::Replaced);
    assert!(tree.is_filled());
    let link = |name: &str| fs::read_link(directory.path().join(name)).unwrap();
    assert_eq!(link("password"), Path::new("..data/password"));
    assert_eq!(link("tls"), Path::new("..data/tls"));
    assert_eq!(link("..data"), Path::new("..1970_01_01_00_00_00.000000000"));
    assert_eq!(
        fs::read_to_string(directory.path().join("tls/deep/tls.crt")).unwrap(),
        "cert"
    );
    assert_eq!(mode(&directory.path().join("tls/deep/tls.crt")), 0o400);
    assert_eq!(mode(&directory.path().join("tls/deep")), 0o755);
    assert_eq!(tree.read().unwrap(), files);
}

#[test]
fn with_a_group_its_members_and_nobody_else_may_enter() {
    let directory = tempfile::tempdir().unwrap();
    let tree = Tree::open(directory.path()).unwrap();
    tree.write(&image(Some(2000), &[("a/b", 0o440, "x")]), at(0))
        .unwrap();
    for path in ["", "..data/", "a", "a/b"] {
        let found = fs::metadata(directory.path().join(path)).unwrap();
        let expected = if path == "a/b" { 0o440 } else { 0o750 };
        assert_eq!(
            (found.gid(), found.permissions().mode() & 0o777),
            (2000, expected),
            "{path}"
        );
    }
}

#[test]
fn what_is_the_same_is_not_written_and_a_change_of_mode_or_group_alone_is() {
    let directory = tempfile::tempdir().unwrap();
    let tree = Tree::open(directory.path()).unwrap();
    tree.write(&image(None, &[("a", 0o444, "x")]), at(0)).unwrap();
    assert_eq!(
        tree.write(&image(None, &[("a", 0o444, "x")]), at(1)).unwrap(),
        Written::Unchanged
    );
    assert_eq!(
        tree.write(&image(None, &[("a", 0o400, "x")]), at(2)).unwrap(),
        Written::Replaced
    );
    assert_eq!(
        tree.write(&image(Some(7), &[("a", 0o400, "x")]), at(3)).unwrap(),
        Written::Replaced
    );
    assert_eq!(mode(&directory.path().join("a")), 0o400);
    assert_eq!(
        tree.write(&image(Some(7), &[("a", 0o400, "y")]), at(4)).unwrap(),
        Written::Replaced
    );
    assert_eq!(fs::read_to_string(directory.path().join("a")).unwrap(), "y");
}

#[test]
fn files_that_are_gone_disappear_and_a_file_may_become_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    let tree = Tree::open(directory.path()).unwrap();
    tree.write(&image(None, &[("a", 0o444, "x"), ("b", 0o444, "x")]), at(0))
        .unwrap();
    tree.write(&image(None, &[("a/inner", 0o444, "y")]), at(1))
        .unwrap();
    let mut names: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["..1970_01_01_00_00_01.000000000", "..data", "a"]);
    assert_eq!(fs::read_to_string(directory.path().join("a/inner")).unwrap(), "y");
}

#[test]
fn what_a_killed_driver_left_half_done_is_cleared_away() {
    let directory = tempfile::tempdir().unwrap();
    let tree = Tree::open(directory.path()).unwrap();
    tree.write(&image(None, &[("a", 0o444, "x")]), at(0)).unwrap();
    fs::create_dir(directory.path().join("..1970_01_01_00_00_01.000000000")).unwrap();
    fs::write(directory.path().join("..1970_01_01_00_00_01.000000000/a"), "half").unwrap();
    std::os::unix::fs::symlink("..nowhere", directory.path().join("..data_tmp")).unwrap();
    tree.write(&image(None, &[("a", 0o444, "y")]), at(1)).unwrap();
    assert_eq!(fs::read_to_string(directory.path().join("a")).unwrap(), "y");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3);
}

#[test]
fn a_reader_sees_the_old_files_or_the_new_ones_and_never_a_mixture() {
    let directory = tempfile::tempdir().unwrap();
    let tree = Tree::open(directory.path()).unwrap();
    let both = |text: &str| image(None, &[("a", 0o444, text), ("b", 0o444, text)]);
    tree.write(&both("0"), at(0)).unwrap();
    let path = directory.path().to_owned();
    let writer = std::thread::spawn(move || {
        for n in 1..300 {
            tree.write(&both(&n.to_string()), at(n)).unwrap();
        }
    });
    while !writer.is_finished() {
        // As a careful program does: one look at ..data, then both files of that directory.
        let data = path.join(fs::read_link(path.join("..data")).unwrap());
        let read = |name: &str| fs::read_to_string(data.join(name)).ok();
        if let (Some(a), Some(b)) = (read("a"), read("b")) {
            assert_eq!(a, b);
        }
    }
    writer.join().unwrap();
    assert_eq!(fs::read_to_string(path.join("b")).unwrap(), "299");
}
