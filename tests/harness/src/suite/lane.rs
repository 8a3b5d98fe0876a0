//! A lane runs one program after another, on a cluster of its own where there is one.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use anyhow::{Context, Result};
use kube::Client;
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::task::spawn_blocking;

use super::{
    Suite, inventory,
    program::{Outcome, Program, Setting},
    queue::Queue,
    report,
    screen::Screen,
};
use crate::{
    cluster,
    installation::{self, Installer},
    local::{self, Layout, Options, record::Record},
    tools::Store,
};

/// What the lanes share.
pub struct Run<'a> {
    suite: &'a Suite<'a>,
    begun: Instant,
    queue: Queue<Program>,
    outcomes: Mutex<Vec<Outcome>>,
    screen: Screen,
    temporary: TempDir,
}

impl<'a> Run<'a> {
    /// Says what is going to run.
    pub fn begin(suite: &'a Suite<'a>, programs: Vec<Program>, lanes: usize) -> Result<Self> {
        let beside = if lanes > 1 { " in two lanes" } else { "" };
        eprintln!(
            "==> Testing: {} programs{beside}, {}",
            programs.len(),
            suite.order
        );
        Ok(Self {
            suite,
            begun: Instant::now(),
            queue: Queue::of(programs),
            outcomes: Mutex::default(),
            screen: Screen::of_lanes(lanes),
            temporary: tempfile::Builder::new().prefix("strongroom-").tempdir()?,
        })
    }

    /// Whether anything failed or was left over, and what a person reads.
    pub fn report(&self) -> (bool, String) {
        report::of(&self.outcomes.lock(), self.begun.elapsed(), self.suite.order)
    }
}

/// One lane.
pub struct Lane {
    kubeconfig: Option<PathBuf>,
    /// For a look at what programs leave on a local cluster.
    client: Option<Client>,
}

impl Lane {
    /// A lane for programs that need no cluster.
    pub fn without_cluster() -> Self {
        Self {
            kubeconfig: None,
            client: None,
        }
    }

    /// A lane on a cluster of someone's, where Strongroom is installed now.
    pub async fn given(store: &Store, kubeconfig: PathBuf) -> Result<Self> {
        install(store, &kubeconfig).await?;
        Ok(Self {
            kubeconfig: Some(kubeconfig),
            client: None,
        })
    }

    /// A lane on a local cluster, which is started now unless it is up, and gets these images and Strongroom.
    pub async fn local(
        layout: &Layout,
        options: &Options,
        store: &Store,
        images: Arc<Vec<(String, Vec<u8>)>>,
    ) -> Result<Self> {
        local::up::up(layout, options, store).await?;
        let record = Record::load(layout)?.context("the cluster has no record")?;
        // Another lane's programs are read from meanwhile.
        spawn_blocking(move || local::load::import(&record, &images)).await??;
        let kubeconfig = layout.kubeconfig();
        install(store, &kubeconfig).await?;
        Ok(Self {
            client: Some(cluster::client(&kubeconfig).await?),
            kubeconfig: Some(kubeconfig),
        })
    }

    /// Runs programs until none is left to take.
    ///
    /// # Errors
    /// A program could not be watched, or the cluster does not say what is on it; other lanes go on.
    pub async fn work(&self, run: &Run<'_>) -> Result<()> {
        while let Some((number, program)) = run.queue.take() {
            let outcome = self.outcome(run, number, &program).await;
            let outcome = outcome.with_context(|| program.name.clone())?;
            run.outcomes.lock().push(outcome);
        }
        Ok(())
    }

    async fn outcome(&self, run: &Run<'_>, number: usize, program: &Program) -> Result<Outcome> {
        let mut setting = Setting {
            temporary: run.temporary.path().join(number.to_string()),
            kubeconfig: None,
            filter: run.suite.filter,
            ignored: run.suite.ignored,
            seed: run.suite.order.seed(),
        };
        if !program.needs_cluster() {
            return program.run(&setting, run.screen).await;
        }
        setting.kubeconfig = self.kubeconfig.as_deref();
        let Some(client) = &self.client else {
            return program.run(&setting, run.screen).await;
        };
        let before = inventory::objects(client).await?;
        let mut outcome = program.run(&setting, run.screen).await?;
        outcome.left.extend(inventory::left(client, &before).await?);
        Ok(outcome)
    }
}

async fn install(store: &Store, kubeconfig: &Path) -> Result<()> {
    let installer = Installer::new(store, kubeconfig)?;
    spawn_blocking(move || installer.install("dev", &[])).await??;
    installation::ready(&cluster::client(kubeconfig).await?).await
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::suite::Order;

    /// Runs shell scripts in two lanes; gives the outcomes by name, and what stands in the report.
    async fn in_two_lanes(scripts: &[(&str, &str)]) -> (Vec<Outcome>, String) {
        let layout = Layout::new("none", Path::new("/nonexistent")).unwrap();
        let suite = Suite {
            layout: &layout,
            options: Options::default(),
            lanes: None,
            keep: false,
            filter: "",
            ignored: false,
            order: Order::LongestFirst,
        };
        let files = tempfile::tempdir().unwrap();
        let programs = scripts.iter().map(|(name, script)| {
            let path = files.path().join(name);
            // Written by another process: a file that this one has open for writing cannot be started.
            let mut write = Command::new("sh");
            write.args([
                "-c",
                "printf '#!/bin/sh\\n%s' \"$1\" >$2; chmod +x $2",
                "sh",
                script,
            ]);
            assert!(write.arg(&path).status().unwrap().success());
            Program::script(name, &path, files.path())
        });
        let run = Run::begin(&suite, programs.collect(), 2).unwrap();
        let (one, two) = (Lane::without_cluster(), Lane::without_cluster());
        let (first, second) = tokio::join!(one.work(&run), two.work(&run));
        first.and(second).unwrap();
        let mut outcomes = run.outcomes.lock().clone();
        outcomes.sort_by(|one, other| one.name.cmp(&other.name));
        (outcomes, run.report().1)
    }

    #[tokio::test]
    async fn two_lanes_run_their_programs_at_the_same_time_and_each_program_once() {
        // Each waits for the other.
        let meets = |own: &str, other: &str| {
            format!(
                "touch {own}-came; for n in $(seq 1000); do test -e {other}-came && exit 0; sleep 0.01; done; exit 1"
            )
        };
        let (one, two) = (meets("one", "two"), meets("two", "one"));
        let alone = "test ! -e ran && touch ran";
        let (outcomes, said) = in_two_lanes(&[("one", &one), ("two", &two), ("three", alone)]).await;
        assert_eq!(outcomes.len(), 3, "{said}");
        assert!(outcomes.iter().all(|outcome| outcome.passed), "{said}");
    }

    #[tokio::test]
    async fn a_failed_program_keeps_no_other_from_running_and_is_named() {
        let fails = "echo 'test a::b ... FAILED'; exit 101";
        let (outcomes, said) =
            in_two_lanes(&[("fails", fails), ("leaves", "touch $TMPDIR/x"), ("passes", "")]).await;
        let passed: Vec<_> = outcomes.iter().map(|outcome| outcome.passed).collect();
        assert_eq!(passed, [false, true, true], "{said}");
        assert!(
            said.contains("fails: a::b") && said.contains("leaves: left"),
            "{said}"
        );
    }
}
