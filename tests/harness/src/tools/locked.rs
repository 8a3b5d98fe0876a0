//! Programs with everything that they depend on, of the versions and checksums that a lock file names.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use super::{
    catalog::{Locked, Reader},
    debian, go, python, store,
};
use crate::{
    command::{output, run_logged},
    progress::Step,
};

/// The lock file of the source archives that a tool wants beside what is installed of them.
const SOURCES: &str = "sources.lock";

/// The file of a tool that names the directory of the language's own runtime, where it has one.
const RUNTIME: &str = "runtime";

/// Writes the files of a tool into `dir`, and fetches and builds there.
pub fn install(locked: &Locked, dir: &Path, log: &Path, step: &mut Step) -> Result<()> {
    if locked.by == Reader::Pip {
        python::environment(dir, log, step)?;
    }
    for (name, text) in locked.files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap_or(dir))?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let runtime = match locked.by {
        Reader::Pip => {
            let lock = dir.join("requirements.lock").display().to_string();
            python::pip(dir, &["--require-hashes", "--requirement", &lock], log, step)?;
            let sources = dir.join(SOURCES);
            if sources.exists() {
                python::sources(dir, &sources, log, step)?;
            }
            Some(python::base(dir)?)
        }
        Reader::Npm => Some(npm(dir, log, step)?),
        Reader::Go => {
            go::build(dir, log, step)?;
            None
        }
        Reader::Maven => Some(maven(dir, log, step)?),
    };
    runtime.map_or(Ok(()), |home| Ok(fs::write(dir.join(RUNTIME), home)?))
}

/// Gives the directory of Node.js.
fn npm(dir: &Path, log: &Path, step: &mut Step) -> Result<String> {
    debian::require(&[("nodejs", "node"), ("npm", "npm")])?;
    let mut npm = Command::new("npm");
    // No package's own script runs.
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(dir);
    run_logged(&mut npm, log, step)?;
    // What is in the PATH may be a link that a container does not have.
    let node = output(Command::new("node").args(["-p", "process.execPath"]))?;
    let node = String::from_utf8(node)?.trim().to_owned();
    starter(dir, &node, &["example.mjs"])?;
    Ok(two_above(&node))
}

/// Gives the directory of Java.
fn maven(dir: &Path, log: &Path, step: &mut Step) -> Result<String> {
    debian::require(&[("default-jdk-headless", "javac"), ("maven", "mvn")])?;
    let mut mvn = Command::new("mvn");
    mvn.args(["--batch-mode", "--no-transfer-progress", "--strict-checksums"])
        .args(["compile", "dependency:copy-dependencies"])
        .current_dir(dir);
    run_logged(&mut mvn, log, step)?;
    let check = ["--check", "--strict", "--quiet", "dependencies.sha256"];
    output(Command::new("sha256sum").args(check).current_dir(dir))
        .context("what Maven fetched is not what the checksums name")?;
    let fetched = fs::read_dir(dir.join("target/dependency"))?.count();
    let named = fs::read_to_string(dir.join("dependencies.sha256"))?
        .lines()
        .count();
    ensure!(
        fetched == named,
        "Maven fetched {fetched} files, and {named} have a checksum"
    );
    let home = java_home()?;
    let arguments = ["-cp", "target/classes:target/dependency/*", "Example"];
    starter(dir, &format!("{home}/bin/java"), &arguments)?;
    Ok(home)
}

fn java_home() -> Result<String> {
    let mut java = Command::new("java");
    java.args(["-XshowSettings:properties", "-version"]);
    // It says so on its standard error.
    let said = java
        .env_remove("JAVA_TOOL_OPTIONS")
        .output()
        .context("cannot start java")?
        .stderr;
    let said = String::from_utf8_lossy(&said).into_owned();
    let home = said
        .lines()
        .find_map(|line| line.trim().strip_prefix("java.home = "));
    home.map(str::to_owned).context("java does not say its java.home")
}

/// The file `run`, which starts a program from anywhere.
fn starter(dir: &Path, program: &str, arguments: &[&str]) -> Result<()> {
    let arguments: Vec<String> = arguments.iter().map(|word| format!("'{word}'")).collect();
    let script = format!(
        "#!/bin/sh\ncd '{}' && exec '{program}' {}\n",
        dir.display(),
        arguments.join(" ")
    );
    store::write_script(&dir.join("run"), &script)
}

fn two_above(program: &str) -> String {
    let above = Path::new(program).ancestors().nth(2).unwrap_or(Path::new("/"));
    above.display().to_string()
}

/// The directories of this machine that a tool needs where there is nothing else: its own, the libraries, and the
/// language's runtime.
pub fn directories(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut needed: BTreeSet<PathBuf> = ["/usr", "/lib", "/lib64"].map(PathBuf::from).into();
    // Debian keeps the settings of a JDK here.
    for entry in fs::read_dir("/etc")? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("java") {
            needed.insert(entry.path());
        }
    }
    needed.insert(dir.to_owned());
    if let Ok(runtime) = fs::read_to_string(dir.join(RUNTIME)) {
        needed.insert(PathBuf::from(runtime));
    }
    needed.retain(|path| path.exists());
    let all = needed.clone();
    needed.retain(|path| !all.iter().any(|other| path != other && path.starts_with(other)));
    Ok(needed.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_inside_of_what_is_there_anyway_is_not_named_again() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(RUNTIME), "/usr/bin").unwrap();
        let found = directories(dir.path()).unwrap();
        assert!(found.contains(&PathBuf::from("/usr")) && found.contains(&dir.path().to_owned()));
        assert!(!found.contains(&PathBuf::from("/usr/bin")), "{found:?}");
    }

    #[test]
    fn a_runtime_elsewhere_is_named() {
        let (dir, runtime) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(dir.path().join(RUNTIME), runtime.path().display().to_string()).unwrap();
        let found = directories(dir.path()).unwrap();
        assert!(found.contains(&runtime.path().to_owned()), "{found:?}");
    }
}
