//! The package with the vectors, in the cache of tools.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// The version whose vectors are counted here: that of `tests/harness/cryptography-vectors`.
const VERSION: &str = "50.0.2";

/// The directory of the package.
fn root() -> PathBuf {
    let cache = env::var_os("STRONGROOM_CACHE").filter(|dir| !dir.is_empty());
    let cache = cache.map_or_else(
        || PathBuf::from(env::var_os("HOME").expect("HOME is set")).join(".cache/strongroom"),
        PathBuf::from,
    );
    let tool = cache.join("cryptography-vectors");
    installed(&tool).unwrap_or_else(|| {
        panic!(
            "NIST's vectors of version {VERSION} are not in {}: `harness tools cryptography-vectors` installs them, as \
             `make test` does",
            tool.display()
        )
    })
}

fn installed(tool: &Path) -> Option<PathBuf> {
    let versions = entries(tool).into_iter().filter(|dir| {
        let name = dir.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(&format!("{VERSION}-")) && dir.join(".complete").exists()
    });
    versions
        .flat_map(|dir| entries(&dir.join("lib")))
        .map(|python| python.join("site-packages/cryptography_vectors"))
        .find(|package| package.is_dir())
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// The text of a file.
pub fn text(file: &str) -> String {
    let path = root().join(file);
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Every file of vectors below a directory.
pub fn files(directory: &str) -> Vec<String> {
    let (root, mut found) = (root(), Vec::new());
    let mut waiting = vec![root.join(directory)];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(entries(&path));
            continue;
        }
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        // What makes a directory a package of Python.
        if !name.ends_with("__init__.py") && !name.contains("__pycache__") {
            found.push(name);
        }
    }
    found.sort();
    found
}
