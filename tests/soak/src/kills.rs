//! The real vault, killed under load.
//!
//! Writers set, update, delete, recover and purge secrets of their own and note what the vault acknowledged. The vault is
//! killed (SIGKILL) at a moment that a seed chooses, in a third of the rounds while it starts, and started again. Then
//! everything that was written since the last check is read, and some of what is older, and each acknowledged write is
//! looked for in the audit log. What was asked and not answered may have happened or not, but its record must agree.
//!
//! ```text
//!   plan     when to kill, and what to ask for next             (pure, from the seed)
//!   ledger   what one secret must be, and whether it is         (pure)
//!   asker    how a client asks
//!   writer   one client: asks, and notes the answers
//!   reader   what the vault holds now
//!   trail    the audit log, followed as it grows
//! ```
//!
//! A kill takes the process and leaves the page cache, so this shows that nothing is acknowledged too early to the
//! process's own mind. What a power cut does to the disk is the crash simulator's to show.

mod asker;
pub mod ledger;
pub mod plan;
mod reader;
pub mod trail;
mod writer;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use strongroom_audit::verify;
use strongroom_harness::{
    progress::{Step, seconds},
    workspace,
};
use strongroom_testing::{
    Process, Program,
    vault::{ALL, allow},
};
use tokio::{task::JoinSet, time::sleep};

use self::{
    asker::Asker,
    plan::{Plan, When},
    reader::Reader,
    trail::Trail,
    writer::Writer,
};
use crate::report::Report;

/// How often what was found so far is said.
const SAY_EVERY: Duration = Duration::from_secs(20);

/// How often the whole chain of the audit log is verified, in kills; it is at the end as well.
const VERIFY_EVERY: usize = 250;

/// What to do.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// How often the vault is killed.
    #[arg(long, default_value_t = 1000)]
    pub kills: usize,
    /// How many clients write at once.
    #[arg(long, default_value_t = 6)]
    pub writers: usize,
    /// Chooses the moments and the requests.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl Default for Args {
    fn default() -> Self {
        Self {
            kills: 1000,
            writers: 6,
            seed: 1,
        }
    }
}

/// What happens to the volume between two starts; nothing, but in the test of this program.
pub type BetweenStarts<'a> = &'a mut dyn FnMut(usize, &Program);

/// Kills the vault that Cargo built beside this program.
pub async fn run(args: &Args) -> Result<Report> {
    run_with(args, workspace::program("strongroom-vault")?, &mut |_, _| ()).await
}

/// The same for any program, with something done to its files after each kill.
pub async fn run_with(args: &Args, vault: PathBuf, between: BetweenStarts<'_>) -> Result<Report> {
    let step = Step::begin(format!(
        "Killing the vault {} times under load, seed {}",
        args.kills, args.seed
    ));
    // The least that the log keeps is a share of the volume: a run must not lose records to retention.
    let program = Program::new(
        vault,
        &[
            "--volume-mib",
            "65536",
            "--versions-per-object",
            "100000",
            "--account-rate",
            "1000000",
        ],
    )
    .await;
    let mut soak = Soak {
        program: &program,
        plan: Plan::new(args.seed),
        writers: (0..args.writers)
            .map(|number| Writer::new(number, args.seed))
            .collect(),
        trail: Trail::new(program.files.path("data/audit")),
        report: Report::new(format!("kill -9 under load, seed {}", args.seed)),
        tally: Tally::default(),
        governed: false,
    };
    soak.rounds(args.kills, between).await?;
    step.done();
    Ok(soak.report)
}

#[derive(Debug, Default)]
struct Tally {
    kills: usize,
    in_starts: usize,
    acknowledged: usize,
    undecided: usize,
    happened: usize,
    read: usize,
    lost: usize,
    unaudited: usize,
    invented: usize,
}

struct Soak<'a> {
    program: &'a Program,
    plan: Plan,
    writers: Vec<Writer>,
    trail: Trail,
    report: Report,
    tally: Tally,
    /// Whether the vault has taken its policy.
    governed: bool,
}

impl Soak<'_> {
    async fn rounds(&mut self, kills: usize, between: BetweenStarts<'_>) -> Result<()> {
        let (started, mut said) = (Instant::now(), Instant::now());
        while self.tally.kills < kills && self.report.passed() {
            let process = self.program.spawn();
            match self.plan.when() {
                When::Starting(after) => {
                    sleep(after).await;
                    process.kill();
                    self.tally.in_starts += 1;
                }
                When::Writing(after) => self.write_until(process, after).await?,
            }
            self.tally.kills += 1;
            between(self.tally.kills, self.program);
            if self.tally.kills.is_multiple_of(VERIFY_EVERY) {
                self.verify()?;
            }
            if said.elapsed() > SAY_EVERY {
                said = Instant::now();
                let Tally {
                    kills,
                    acknowledged,
                    lost,
                    unaudited,
                    ..
                } = self.tally;
                eprintln!(
                    "    {kills} kills, {acknowledged} writes acknowledged, {lost} lost, {unaudited} without a record"
                );
            }
        }
        let process = self.begin(self.program.spawn()).await?;
        self.check(true).await?;
        drop(process);
        self.verify()?;
        self.rows(started.elapsed());
        Ok(())
    }

    /// Waits until the vault answers, and governs it once.
    async fn begin(&mut self, mut process: Process) -> Result<Process> {
        let answered = self.program.answers(&mut process).await;
        answered.map_err(|why| anyhow!("after kill {}: {why}", self.tally.kills))?;
        if !self.governed {
            let admins = allow("admins", "team-a/admin", &["*"], ALL);
            self.program.allow(1, vec![admins]).await;
            self.governed = true;
        }
        Ok(process)
    }

    /// Checks what was written before, then writes until the kill.
    async fn write_until(&mut self, process: Process, after: Duration) -> Result<()> {
        let process = self.begin(process).await?;
        self.check(false).await?;
        let mut writing = JoinSet::new();
        for mut writer in std::mem::take(&mut self.writers) {
            let asker = Asker::new(self.program);
            writing.spawn(async move {
                let refused = writer.write(&asker).await;
                (writer, refused)
            });
        }
        sleep(after).await;
        process.kill();
        for (writer, refused) in writing.join_all().await {
            if let Some(refusal) = refused {
                self.report
                    .fault(format!("before kill {}: {refusal}", self.tally.kills));
            }
            self.writers.push(writer);
        }
        self.writers.sort_by_key(Writer::number);
        Ok(())
    }

    /// Reads back what was written since the last check and some of what is older, or everything; then looks for the
    /// records.
    async fn check(&mut self, everything: bool) -> Result<()> {
        let reader = Reader::new(self.program);
        let mut expected = Vec::new();
        for writer in &mut self.writers {
            let (found, faults) = writer.check(&reader, everything, self.plan.samples()).await?;
            self.tally.read += found.read;
            self.tally.acknowledged += found.acknowledged.len();
            self.tally.undecided += found.undecided;
            self.tally.happened += found.happened.len();
            self.tally.lost += faults.len();
            for fault in faults {
                self.report
                    .fault(format!("after kill {}: {fault}", self.tally.kills));
            }
            expected.extend(found.acknowledged);
            expected.extend(found.happened);
        }
        let missed = self.trail.expect(&expected)?;
        self.tally.unaudited += missed.unaudited.len();
        self.tally.invented += missed.invented.len();
        for id in missed.unaudited {
            self.report.fault(format!(
                "after kill {}: no record, or more than one, of {id}",
                self.tally.kills
            ));
        }
        for id in missed.invented {
            self.report.fault(format!(
                "after kill {}: a record of {id}, which was not done",
                self.tally.kills
            ));
        }
        Ok(())
    }

    fn verify(&mut self) -> Result<()> {
        let found = verify(self.trail.directory(), None)?;
        if !found.is_intact() {
            self.report.fault(format!("the audit log is not intact: {found}"));
        }
        Ok(())
    }

    fn rows(&mut self, took: Duration) {
        let Tally {
            kills,
            in_starts,
            acknowledged,
            undecided,
            happened,
            read,
            lost,
            unaudited,
            invented,
        } = self.tally;
        let report = &mut self.report;
        report.row("kills", kills);
        report.row("of these while the vault started", in_starts);
        report.row("writes acknowledged", acknowledged);
        report.row("writes asked for and not answered", undecided);
        report.row("of these done", happened);
        report.row("secrets and versions read back", read);
        report.row("acknowledged writes lost", lost);
        report.row("writes without exactly one audit record", unaudited);
        report.row("audit records of writes that were not done", invented);
        report.row("audit records", self.trail.records());
        report.row("time", seconds(took));
    }
}
