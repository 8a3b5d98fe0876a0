//! One program of tests: what it is called, how it runs, and what it leaves.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use parking_lot::Mutex;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    time::interval,
};

use super::{
    screen::{Page, Screen},
    told::Told,
};
use crate::{cargo::Artifact, workspace};

/// The programs that need a cluster, or start their own: the longest first.
const ON_CLUSTERS: [&str; 4] = [
    "tests/e2e/faults",
    "tests/e2e/lifecycle",
    "tests/e2e/e2e",
    "tests/harness/harness",
];

/// How long a program may run: three times what the longest takes on two cores. One that hangs ends here, so that the run
/// can say which test it was.
const PATIENCE: Duration = Duration::from_mins(25);
/// How often a program whose output is kept says that it is still running.
const HEARTBEAT: Duration = Duration::from_mins(2);

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
    /// Whether the tests run that are left out otherwise.
    pub ignored: bool,
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
    /// How many tests it ran, as far as it named them.
    pub ran: usize,
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

    /// Its place among all programs, the longest first; those that take seconds share the last.
    pub fn rank(&self) -> usize {
        let found = ON_CLUSTERS.iter().position(|name| *name == self.name);
        found.unwrap_or(ON_CLUSTERS.len())
    }

    /// Runs it to its end. It is killed when nobody waits for that any more.
    ///
    /// # Errors
    /// Its directory for temporary files cannot be made or removed, or its output not be read.
    pub async fn run(&self, setting: &Setting<'_>, screen: Screen) -> Result<Outcome> {
        let mut command = Command::new(&self.executable);
        command.current_dir(&self.package);
        if !setting.filter.is_empty() {
            command.arg(setting.filter);
        }
        if setting.ignored {
            command.arg("--ignored");
        }
        if let Some(seed) = setting.seed {
            // The option exists in the library that stable Rust ships, which asks for this consent.
            command.env("RUSTC_BOOTSTRAP", "1");
            command.args(["-Z", "unstable-options", "--shuffle-seed", &seed.to_string()]);
        }
        match setting.kubeconfig {
            Some(kubeconfig) => command.env("KUBECONFIG", kubeconfig),
            None => command.env_remove("KUBECONFIG"),
        };
        watch(
            &mut command,
            &setting.temporary,
            screen.begin(&self.name),
            PATIENCE,
        )
        .await
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

    /// A shell script that runs in a directory.
    #[cfg(test)]
    pub fn script(name: &str, path: &Path, directory: &Path) -> Self {
        Self {
            name: name.to_owned(),
            executable: path.to_owned(),
            package: directory.to_owned(),
        }
    }
}

async fn watch(command: &mut Command, temporary: &Path, page: Page, patience: Duration) -> Result<Outcome> {
    fs::create_dir(temporary).with_context(|| format!("cannot make {}", temporary.display()))?;
    let begun = Instant::now();
    let started = command
        .env("TMPDIR", temporary)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) => {
            clear(temporary)?;
            return Ok(Outcome {
                name: page.end(false, Duration::ZERO),
                passed: false,
                failed: vec![format!("cannot be started: {error}")],
                ran: 0,
                left: Vec::new(),
                took: Duration::ZERO,
            });
        }
    };
    let told = Mutex::new(Told::default());
    let status = followed(&mut child, &page, &told, patience).await?;
    let took = begun.elapsed();
    let mut told = told.into_inner();
    if status.is_none() {
        let ended_itself = child.try_wait()?.is_some();
        if !ended_itself {
            child.kill().await?;
        }
        told.give_up(ended_itself, took);
    }
    let passed = status.is_some_and(|status| status.success());
    Ok(Outcome {
        name: page.end(passed, took),
        passed,
        failed: told.failed,
        ran: told.ran,
        left: clear(temporary)?,
        took,
    })
}

/// Shows what a program says until it has ended and nothing holds its output open any more; nothing when that takes
/// longer than it may.
async fn followed(
    child: &mut Child,
    page: &Page,
    told: &Mutex<Told>,
    patience: Duration,
) -> Result<Option<ExitStatus>> {
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let whole = async {
        let (status, ..) = tokio::try_join!(
            async { Ok(child.wait().await?) },
            show(output, page, told),
            show(errors, page, told)
        )?;
        anyhow::Ok(status)
    };
    tokio::pin!(whole);
    let begun = Instant::now();
    let mut beats = interval(HEARTBEAT.min(patience));
    loop {
        tokio::select! {
            status = &mut whole => return status.map(Some),
            _ = beats.tick() => {}
        }
        let elapsed = begun.elapsed();
        if elapsed >= patience {
            return Ok(None);
        }
        if elapsed >= HEARTBEAT {
            page.still_running(elapsed, told.lock().slow());
        }
    }
}

/// Shows a stream of a program to its end.
async fn show(stream: Option<impl AsyncRead + Unpin>, page: &Page, told: &Mutex<Told>) -> Result<()> {
    let Some(stream) = stream else {
        return Ok(());
    };
    let mut lines = BufReader::new(stream).split(b'\n');
    while let Some(line) = lines.next_segment().await? {
        let line = String::from_utf8_lossy(&line);
        page.line(&line);
        if let Some(test) = told.lock().take(&line) {
            page.failed(&test);
        }
    }
    Ok(())
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

    async fn run(script: &str) -> Outcome {
        run_for(script, PATIENCE).await
    }

    async fn run_for(script: &str, patience: Duration) -> Outcome {
        let directory = tempfile::tempdir().unwrap();
        let mut shell = Command::new("sh");
        let page = Screen::Streaming.begin("shell");
        watch(
            shell.args(["-c", script]),
            &directory.path().join("1"),
            page,
            patience,
        )
        .await
        .unwrap()
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_ended_and_the_tests_that_ran_are_named() {
        let says = "echo 'test a::b has been running for over 60 seconds'; echo 'test c has been running for over 60 seconds'";
        let outcome = run_for(
            &format!("{says}; echo 'test c ... ok'; exec sleep 1000"),
            Duration::from_secs(1),
        )
        .await;
        assert!(!outcome.passed);
        assert_eq!(outcome.failed.len(), 1, "{outcome:?}");
        assert!(
            outcome.failed[0].starts_with("had not ended after 1.") && outcome.failed[0].ends_with(": a::b"),
            "{outcome:?}"
        );
    }

    #[tokio::test]
    async fn a_process_that_a_program_leaves_with_its_output_does_not_hold_up_the_run() {
        let outcome = run_for("sleep 5 & exit 0", Duration::from_secs(1)).await;
        assert!(!outcome.passed);
        assert!(
            outcome.failed[0].starts_with("left a process that held its output open"),
            "{outcome:?}"
        );
    }

    #[tokio::test]
    async fn a_failed_test_is_named() {
        let outcome = run("echo 'test a::b ... FAILED'; echo 'test c ... ok'; exit 101").await;
        assert_eq!((outcome.passed, outcome.failed), (false, vec!["a::b".to_owned()]));
        assert_eq!(outcome.ran, 2);
    }

    #[tokio::test]
    async fn a_program_that_cannot_be_started_has_failed_and_the_next_one_runs() {
        let directory = tempfile::tempdir().unwrap();
        let mut missing = Command::new("/nonexistent");
        let page = Screen::Streaming.begin("missing");
        let outcome = watch(&mut missing, &directory.path().join("1"), page, PATIENCE)
            .await
            .unwrap();
        assert!(
            !outcome.passed && outcome.failed[0].contains("cannot be started"),
            "{outcome:?}"
        );
    }

    #[tokio::test]
    async fn a_temporary_file_that_stays_is_named_and_one_that_was_removed_is_not() {
        let outcome = run("mkdir $TMPDIR/one $TMPDIR/two; touch $TMPDIR/two/file; rmdir $TMPDIR/one").await;
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
