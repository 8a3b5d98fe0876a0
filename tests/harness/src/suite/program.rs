//! One program of tests: what it is called, how it runs, and what it leaves.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use crate::{cargo::Artifact, progress::seconds, workspace};

/// The programs that need a cluster, or start their own.
const ON_CLUSTERS: [&str; 4] = [
    "tests/e2e/e2e",
    "tests/e2e/faults",
    "tests/e2e/lifecycle",
    "tests/harness/harness",
];

/// A program of tests.
#[derive(Debug, Clone)]
pub struct Program {
    /// The directory of its package and the name of its target: `engine/crash`.
    pub name: String,
    executable: PathBuf,
    /// Where it runs, as under Cargo.
    package: PathBuf,
}

/// What a program runs with.
#[derive(Debug)]
pub struct Setting<'a> {
    /// Its directory for temporary files, made and removed by the run.
    pub temporary: PathBuf,
    /// The kubeconfig of the cluster, where there is one.
    pub kubeconfig: Option<&'a Path>,
    /// What the names of the tests to run contain.
    pub filter: &'a str,
    /// Shuffles the tests.
    pub seed: Option<u64>,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The program's name.
    pub name: String,
    /// Whether it said that everything passed.
    pub passed: bool,
    /// The tests that failed, as far as the program named them.
    pub failed: Vec<String>,
    /// What it left behind.
    pub left: Vec<String>,
    /// How long it ran.
    pub took: Duration,
}

/// The programs of tests among everything that Cargo built.
pub fn of_tests(built: Vec<Artifact>) -> Vec<Program> {
    let root = workspace::root();
    let tests = built.into_iter().filter(|artifact| artifact.is_test);
    tests
        .map(|artifact| {
            let package = artifact.package.strip_prefix(&root).unwrap_or(&artifact.package);
            Program {
                name: format!("{}/{}", package.display(), artifact.target),
                executable: artifact.executable,
                package: artifact.package,
            }
        })
        .collect()
}

impl Program {
    /// Whether it needs a cluster, or starts its own.
    pub fn needs_cluster(&self) -> bool {
        // The unit tests of the program `harness` have the same name, and are skipped with the others.
        ON_CLUSTERS.contains(&self.name.as_str())
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// Its directory for temporary files cannot be made or removed, or its output not be read.
    pub fn run(&self, setting: &Setting<'_>) -> Result<Outcome> {
        let mut command = Command::new(&self.executable);
        command.current_dir(&self.package);
        if !setting.filter.is_empty() {
            command.arg(setting.filter);
        }
        if let Some(seed) = setting.seed {
            // The option exists in the library that stable Rust ships, which asks for this consent.
            command.env("RUSTC_BOOTSTRAP", "1");
            command.args(["-Z", "unstable-options", "--shuffle-seed", &seed.to_string()]);
        }
        if let Some(kubeconfig) = setting.kubeconfig {
            command.env("KUBECONFIG", kubeconfig);
        }
        watch(&self.name, &mut command, &setting.temporary)
    }

    /// A program for tests of what handles programs.
    #[cfg(test)]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            executable: PathBuf::new(),
            package: PathBuf::new(),
        }
    }
}

/// Runs a command that tests, with its output shown and `temporary` for its temporary files.
///
/// # Errors
/// As [`Program::run`].
pub fn watch(name: &str, command: &mut Command, temporary: &Path) -> Result<Outcome> {
    fs::create_dir(temporary).with_context(|| format!("cannot make {}", temporary.display()))?;
    eprintln!("==> {name}");
    let begun = Instant::now();
    let started = command
        .env("TMPDIR", temporary)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) => {
            clear(temporary)?;
            return Ok(Outcome {
                name: name.to_owned(),
                passed: false,
                failed: vec![format!("cannot be started: {error}")],
                left: Vec::new(),
                took: Duration::ZERO,
            });
        }
    };
    let mut failed = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            println!("{line}");
            failed.extend(failed_test(&line).map(str::to_owned));
        }
    }
    let status = child.wait()?;
    let took = begun.elapsed();
    eprintln!(
        "    {} in {}",
        if status.success() { "passed" } else { "FAILED" },
        seconds(took)
    );
    Ok(Outcome {
        name: name.to_owned(),
        passed: status.success(),
        failed,
        left: clear(temporary)?,
        took,
    })
}

/// The test that a line of a program's output says has failed.
fn failed_test(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

/// Removes a program's directory for temporary files; gives what was in it.
fn clear(temporary: &Path) -> Result<Vec<String>> {
    let mut left = Vec::new();
    for entry in fs::read_dir(temporary)? {
        let path = entry?.path();
        let inside = fs::read_dir(&path).into_iter().flatten().flatten();
        let names: Vec<_> = inside
            .map(|entry| entry.file_name().display().to_string())
            .collect();
        left.push(format!("{} with {names:?}", path.display()));
    }
    if !left.is_empty() && env::var_os("STRONGROOM_KEEP").is_some() {
        return Ok(left);
    }
    fs::remove_dir_all(temporary).with_context(|| format!("cannot remove {}", temporary.display()))?;
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str) -> Outcome {
        let directory = tempfile::tempdir().unwrap();
        let mut shell = Command::new("sh");
        watch("shell", shell.args(["-c", script]), &directory.path().join("1")).unwrap()
    }

    #[test]
    fn a_failed_test_is_named() {
        let outcome = run("echo 'test a::b ... FAILED'; echo 'test c ... ok'; exit 101");
        assert_eq!((outcome.passed, outcome.failed), (false, vec!["a::b".to_owned()]));
    }

    #[test]
    fn a_program_that_cannot_be_started_has_failed_and_the_next_one_runs() {
        let directory = tempfile::tempdir().unwrap();
        let mut missing = Command::new("/nonexistent");
        let outcome = watch("missing", &mut missing, &directory.path().join("1")).unwrap();
        assert!(
            !outcome.passed && outcome.failed[0].contains("cannot be started"),
            "{outcome:?}"
        );
    }

    #[test]
    fn a_temporary_file_that_stays_is_named_and_one_that_was_removed_is_not() {
        let outcome = run("mkdir $TMPDIR/one $TMPDIR/two; touch $TMPDIR/two/file; rmdir $TMPDIR/one");
        assert!(outcome.passed);
        assert!(
            outcome.left.len() == 1 && outcome.left[0].ends_with("/two with [\"file\"]"),
            "{outcome:?}"
        );
    }

    #[test]
    fn a_program_is_called_by_its_package_and_target() {
        let artifact = |is_test, target: &str| Artifact {
            target: target.to_owned(),
            package: workspace::root().join("tests/e2e"),
            executable: PathBuf::new(),
            is_test,
        };
        let found = of_tests(vec![artifact(true, "faults"), artifact(false, "other")]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "tests/e2e/faults");
        assert!(found[0].needs_cluster());
    }
}
