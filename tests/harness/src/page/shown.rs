//! Files of the repository that pages show: each in a block behind a line that names it, `<!-- shows: PATH -->`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

/// The pages under `docs` with other files in them than the repository has, and what they would be with those.
///
/// # Errors
/// A page or a file that it names cannot be read, or no block follows a name.
pub fn outdated(root: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    for page in pages(&root.join("docs"))? {
        let old = read(&page)?;
        let new = with_files(&old, root).with_context(|| page.display().to_string())?;
        if new != old {
            found.push((page, new));
        }
    }
    Ok(found)
}

fn pages(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(pages(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    Ok(found)
}

/// A page with each file that it names as it is; the block's language stays.
fn with_files(page: &str, root: &Path) -> Result<String> {
    let mut new = String::with_capacity(page.len());
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        new.push_str(line);
        new.push('\n');
        let Some(path) = file_of(line) else {
            continue;
        };
        let begin = lines.next().unwrap_or_default();
        ensure!(begin.starts_with("```"), "no block follows the name of {path}");
        ensure!(
            lines.by_ref().any(|line| line == "```"),
            "the block of {path} has no end"
        );
        let text = read(&root.join(path))?;
        for part in [begin, "\n", text.trim_end(), "\n```\n"] {
            new.push_str(part);
        }
    }
    Ok(new)
}

/// The file that a line names.
pub fn file_of(line: &str) -> Option<&str> {
    line.strip_prefix("<!-- shows: ")?.strip_suffix(" -->")
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("docs/sub")).unwrap();
        fs::write(root.path().join("a.yaml"), "kind: A\n").unwrap();
        root
    }

    #[test]
    fn a_page_gets_the_file_as_it_is_and_nothing_else_changes() {
        let root = repository();
        let page = "# T\n\n<!-- shows: a.yaml -->\n```yaml\nkind: Old\n\nmore: 1\n```\n\nend\n";
        let path = root.path().join("docs/sub/page.md");
        fs::write(&path, page).unwrap();
        let new = "# T\n\n<!-- shows: a.yaml -->\n```yaml\nkind: A\n```\n\nend\n";
        assert_eq!(outdated(root.path()).unwrap(), [(path.clone(), new.to_owned())]);
        fs::write(&path, new).unwrap();
        assert_eq!(outdated(root.path()).unwrap(), []);
    }

    #[test]
    fn a_name_without_a_block_and_one_of_no_file_are_errors() {
        let root = repository();
        for page in [
            "<!-- shows: a.yaml -->\ntext\n",
            "<!-- shows: a.yaml -->\n```\nno end\n",
            "<!-- shows: missing -->\n```\n```\n",
        ] {
            fs::write(root.path().join("docs/page.md"), page).unwrap();
            assert!(outdated(root.path()).is_err(), "{page}");
        }
    }
}
