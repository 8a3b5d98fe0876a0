//! The files of a volume.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};

use super::needles::Needles;

/// Searches every file below `directory`; returns how many bytes that were.
pub fn search(directory: &Path, needles: &mut Needles) -> Result<u64> {
    let mut searched = 0;
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).with_context(|| directory.display().to_string())? {
            let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
            if kind.is_dir() {
                directories.push(path);
            } else if kind.is_file() {
                let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
                needles.search(&bytes);
                searched += bytes.len() as u64;
            }
        }
    }
    ensure!(searched > 0, "{} holds nothing", directory.display());
    Ok(searched)
}

#[cfg(test)]
mod tests {
    use strongroom_testing::Directory;

    use super::*;

    #[test]
    fn a_value_is_found_in_whichever_file_it_lies() {
        let directory = Directory::new();
        let value = b"b7Xq02LmZpTr5kVyGh8NcUwE3sJdAf6o";
        fs::create_dir(directory.path().join("a")).unwrap();
        fs::write(directory.path().join("a/b"), [b"..", value.as_slice()].concat()).unwrap();
        fs::write(directory.path().join("c"), "nothing").unwrap();
        let values = [value.to_vec()];
        let mut needles = Needles::of([values.as_slice()]).unwrap();
        assert_eq!(search(directory.path(), &mut needles).unwrap(), 41);
        assert_eq!(needles.copies().values().sum::<usize>(), 1);
        assert!(search(&directory.path().join("none"), &mut needles).is_err());
    }
}
