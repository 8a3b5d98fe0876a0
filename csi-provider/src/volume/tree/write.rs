//! Writing a volume's files beside the old ones, then letting them take their place.

use std::{collections::BTreeSet, fs, io::Write as _};

use rustix::{
    fd::OwnedFd,
    fs::{
        AtFlags, Gid, Mode, OFlags, fchmod, fchown, mkdirat, openat, readlinkat, renameat, symlinkat,
        unlinkat,
    },
    io::Errno,
};

use super::{
    DATA, Tree, TreeError,
    read::{self, directory, names},
};
use crate::volume::{File, FilePath, Image};

/// Where the next `..data` waits for its rename.
const NEXT: &str = "..data_tmp";

/// Writes `image` into the new directory `stamp`, swaps it in, and removes what it replaces.
pub(super) fn replace(tree: &Tree, image: &Image, stamp: &str) -> Result<(), TreeError> {
    // Whatever a killed node driver left half done only takes room.
    remove_stale_directories(tree)?;
    own(tree, &tree.root, "/", image)?;
    fill(tree, image, stamp)?;
    match unlinkat(&tree.root, NEXT, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(errno) => return tree.step("remove", NEXT, Err(errno)),
    }
    tree.step("link", NEXT, symlinkat(stamp, &tree.root, NEXT))?;
    tree.step("rename", NEXT, renameat(&tree.root, NEXT, &tree.root, DATA))?;
    link_tops(tree, image)?;
    remove_stale_directories(tree)
}

fn fill(tree: &Tree, image: &Image, stamp: &str) -> Result<(), TreeError> {
    let root = make_directory(tree, &tree.root, stamp, image)?;
    for (path, file) in &image.files {
        let mut at = root.try_clone().map_err(|source| TreeError {
            step: "open",
            name: path.to_string(),
            volume: tree.path.clone(),
            source,
        })?;
        let mut names = path.names();
        let Some(name) = names.next_back() else { continue };
        for parent in names {
            at = make_directory(tree, &at, parent, image)?;
        }
        write_file(tree, &at, name, file, image.group)?;
    }
    Ok(())
}

/// Makes a directory, or opens it where an earlier path made it.
fn make_directory(tree: &Tree, at: &OwnedFd, name: &str, image: &Image) -> Result<OwnedFd, TreeError> {
    match mkdirat(at, name, Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(errno) => return tree.step("make directory", name, Err(errno)),
    }
    let made = directory(tree, at, name)?;
    own(tree, &made, name, image)?;
    Ok(made)
}

/// Gives a directory the volume's group and permissions.
fn own(tree: &Tree, directory: &OwnedFd, name: &str, image: &Image) -> Result<(), TreeError> {
    let group = Gid::from_raw(image.group.unwrap_or_default());
    tree.step("give to the group", name, fchown(directory, None, Some(group)))?;
    tree.step(
        "set the mode of",
        name,
        fchmod(directory, Mode::from_raw_mode(image.directory_mode())),
    )
}

fn write_file(
    tree: &Tree,
    at: &OwnedFd,
    name: &str,
    file: &File,
    group: Option<u32>,
) -> Result<(), TreeError> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut opened =
        fs::File::from(tree.step("make", name, openat(at, name, flags, Mode::RUSR | Mode::WUSR))?);
    tree.io("write", name, opened.write_all(file.content.as_bytes()))?;
    let group = Gid::from_raw(group.unwrap_or_default());
    tree.step("give to the group", name, fchown(&opened, None, Some(group)))?;
    tree.step(
        "set the mode of",
        name,
        fchmod(&opened, Mode::from_raw_mode(file.mode)),
    )
}

/// Makes the mount point show the top names of `image` and no others.
fn link_tops(tree: &Tree, image: &Image) -> Result<(), TreeError> {
    let wanted: BTreeSet<&str> = image.files.keys().map(FilePath::top).collect();
    let present: BTreeSet<String> = names(tree, &tree.root)?.into_iter().collect();
    for stale in present
        .iter()
        .filter(|name| !name.starts_with("..") && !wanted.contains(name.as_str()))
    {
        tree.step(
            "remove",
            stale,
            unlinkat(&tree.root, stale.as_str(), AtFlags::empty()),
        )?;
    }
    for top in wanted {
        let target = format!("{DATA}/{top}");
        if present.contains(top) && readlinkat(&tree.root, top, Vec::new()).is_ok() {
            continue;
        }
        tree.step("link", top, symlinkat(target.as_str(), &tree.root, top))?;
    }
    Ok(())
}

/// Removes every directory that `..data` does not name.
fn remove_stale_directories(tree: &Tree) -> Result<(), TreeError> {
    let current = read::data_directory(tree)?;
    let stale = |name: &String| {
        name.starts_with("..") && name != DATA && name != NEXT && Some(name) != current.as_ref()
    };
    for name in names(tree, &tree.root)?.into_iter().filter(stale) {
        tree.io("remove", &name, fs::remove_dir_all(tree.path.join(&name)))?;
    }
    Ok(())
}
