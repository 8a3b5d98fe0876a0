//! The engine's crash simulator over a long script: one of its own tests (`engine/tests/crash/long.rs`), which every other
//! run leaves out.
//! Half of the script is about certificates.

use anyhow::Result;
use strongroom_harness::progress::Step;

use crate::{engine::LongTest, report::Report};

const TEST: &str = "long::a_long_script_of_a_seed_loses_nothing_wherever_it_stops_and_stops_again";

/// How much is tried.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// How many commits of requests the script has.
    #[arg(long, default_value_t = 500)]
    pub commits: usize,
    /// Chooses the script, and what a torn disk holds.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl Default for Args {
    fn default() -> Self {
        Self {
            commits: 500,
            seed: 1,
        }
    }
}

/// Builds the simulator and runs it.
pub async fn run(args: &Args) -> Result<Report> {
    let args = args.clone();
    tokio::task::spawn_blocking(move || blocking(&args)).await?
}

fn blocking(args: &Args) -> Result<Report> {
    let step = Step::begin(format!(
        "Stopping the disk at each write of {} commits, seed {}",
        args.commits, args.seed
    ));
    let mut report = Report::new(format!("crash simulator, seed {}", args.seed));
    let test = LongTest {
        program: "crash",
        name: TEST,
        is_ignored: true,
        environment: &[
            ("STRONGROOM_SOAK_COMMITS", args.commits.to_string()),
            ("STRONGROOM_SOAK_SEED", args.seed.to_string()),
        ],
    };
    if !test.run(&mut report)? {
        report.fault("a disk was recovered to something else than it must hold; the output above says what");
    }
    step.done();
    Ok(report)
}
