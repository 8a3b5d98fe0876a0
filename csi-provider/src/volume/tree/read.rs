//! Reading back what a volume's files hold.

use std::{collections::BTreeMap, fs, io, io::Read as _};

use rustix::{
    fd::{AsFd, OwnedFd},
    fs::{AtFlags, Dir, FileType, Mode, OFlags, fstat, openat, readlinkat, statat},
    io::Errno,
};

use super::{DATA, Tree, TreeError};
use crate::volume::{Content, File, FilePath, Image, image};

/// The most that is read of one file: more than any secret has.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// The directory that `..data` names; `None` where there is none.
pub(super) fn data_directory(tree: &Tree) -> Result<Option<String>, TreeError> {
    match readlinkat(&tree.root, DATA, Vec::new()) {
        Ok(name) => Ok(name
            .into_string()
            .ok()
            .filter(|name| name.starts_with("..") && !name.contains('/'))),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => tree.step("read", DATA, Err(errno)),
    }
}

pub(super) fn image(tree: &Tree) -> Result<Image, TreeError> {
    let mut files = BTreeMap::new();
    let Some(data) = data_directory(tree)? else {
        return Ok(Image::default());
    };
    let root = directory(tree, &tree.root, &data)?;
    let stat = tree.step("inspect", &data, fstat(&root))?;
    read_directory(tree, &root, "", FilePath::MAX_DEPTH, &mut files)?;
    // A volume has a group exactly where "others" may not enter.
    let group = (stat.st_mode & 0o777 == image::directory_mode(Some(0))).then_some(stat.st_gid);
    Ok(Image { files, group })
}

fn read_directory(
    tree: &Tree,
    at: &OwnedFd,
    prefix: &str,
    depth: usize,
    files: &mut BTreeMap<FilePath, File>,
) -> Result<(), TreeError> {
    for name in names(tree, at.as_fd())? {
        let path = format!("{prefix}{name}");
        let stat = tree.step(
            "inspect",
            &path,
            statat(at, name.as_str(), AtFlags::SYMLINK_NOFOLLOW),
        )?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory if depth > 1 => {
                let inner = directory(tree, at, &name)?;
                read_directory(tree, &inner, &format!("{path}/"), depth - 1, files)?;
            }
            _ => {
                let file = read_file(tree, at, &name)?;
                let parsed = path
                    .parse()
                    .map_err(|_| io::Error::from(io::ErrorKind::InvalidData));
                files.insert(tree.io("name", &path, parsed)?, file);
            }
        }
    }
    Ok(())
}

fn read_file(tree: &Tree, at: &OwnedFd, name: &str) -> Result<File, TreeError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = fs::File::from(tree.step("open", name, openat(at, name, flags, Mode::empty()))?);
    let stat = tree.step("inspect", name, fstat(&file))?;
    let size = usize::try_from(stat.st_size).unwrap_or_default();
    // With the room reserved no grown-out-of buffer is left behind unwiped.
    let mut bytes = Vec::with_capacity(size.saturating_add(1));
    tree.io("read", name, file.by_ref().take(MAX_FILE).read_to_end(&mut bytes))?;
    Ok(File {
        mode: stat.st_mode & 0o777,
        content: Content::from(bytes),
    })
}

/// The entries of a directory, without `.` and `..`.
pub(super) fn names(tree: &Tree, at: impl AsFd) -> Result<Vec<String>, TreeError> {
    let entries = tree.step("list", ".", Dir::read_from(at))?;
    entries
        .map(|entry| tree.step("list", ".", entry))
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .filter(|name| !matches!(name.as_deref(), Ok("." | "..")))
        .collect()
}

pub(super) fn directory(tree: &Tree, at: &OwnedFd, name: &str) -> Result<OwnedFd, TreeError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    tree.step("open", name, openat(at, name, flags, Mode::empty()))
}
