//! The keys that the vault's owner has refused: those of a replica whose memory someone else may have read.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read as _},
    path::Path,
};

/// The file of them, one id on each line.
pub(super) const FILE: &str = "refused-keys";

/// Bytes that are read of it: a thousand ids.
const MOST: u64 = 64 * 1024;

/// The ids in the file at `path`; none where there is no such file.
///
/// # Errors
/// Where the file is there and cannot be read whole.
pub(super) fn read(path: &Path) -> io::Result<BTreeSet<String>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        opened => opened?,
    };
    let mut text = String::new();
    file.take(MOST + 1).read_to_string(&mut text)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > MOST {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "too many refused keys",
        ));
    }
    let ids = text.lines().map(str::trim).filter(|id| !id.is_empty());
    Ok(ids.map(str::to_owned).collect())
}
