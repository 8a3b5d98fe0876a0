//! Whether Git keeps a file of seeds whose values stand in it.

use std::{
    path::Path,
    process::{Command, Stdio},
};

/// Whether Git tracks a file. No where there is no Git, or no repository, or where Git says nothing of it.
pub fn is_tracked(path: &Path) -> bool {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return false;
    };
    let directory = if directory.as_os_str().is_empty() {
        Path::new(".")
    } else {
        directory
    };
    // A repository of somebody else's must not say what is run, and one within another is none.
    let asked = Command::new("git")
        .args(["-c", "core.fsmonitor=false", "-c", "safe.bareRepository=explicit"])
        .arg("-C")
        .arg(directory)
        .args(["ls-files", "--error-unmatch", "--"])
        .arg(name)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_tracked_once_git_has_it_and_nothing_else_is() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("seeds.yaml");
        fs::write(&file, "").unwrap();
        assert!(!is_tracked(&file));
        let git = |words: &[&str]| {
            let mut command = Command::new("git");
            command.arg("-C").arg(directory.path()).args(words);
            command.stdout(Stdio::null()).status()
        };
        // Nothing can be asked where there is none.
        if git(&["init", "--quiet"]).is_err() {
            return;
        }
        assert!(!is_tracked(&file));
        assert!(git(&["add", "seeds.yaml"]).unwrap().success());
        assert!(is_tracked(&file));
        assert!(!is_tracked(&directory.path().join("missing.yaml")));
    }
}
