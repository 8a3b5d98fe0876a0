//! Two years of renewals of many certificates under a clock that is given: one of the engine's own tests
//! (`engine/tests/engine/certificates/clock.rs`), which every other run makes with a few of them.

use anyhow::Result;
use strongroom_harness::progress::Step;

use crate::{engine::LongTest, report::Report};

const TEST: &str = "certificates::clock::in_two_years_no_renewal_is_missed_and_none_is_made_twice";

/// How much is tried.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// How many certificates there are.
    #[arg(long, default_value_t = 1000)]
    pub certificates: usize,
}

impl Default for Args {
    fn default() -> Self {
        Self { certificates: 1000 }
    }
}

/// Builds the test and runs it.
pub async fn run(args: &Args) -> Result<Report> {
    let args = args.clone();
    tokio::task::spawn_blocking(move || blocking(&args)).await?
}

fn blocking(args: &Args) -> Result<Report> {
    let step = Step::begin(format!(
        "Renewing {} certificates for two years",
        args.certificates
    ));
    let mut report = Report::new("renewals of two years");
    let test = LongTest {
        program: "engine",
        name: TEST,
        is_ignored: false,
        environment: &[("STRONGROOM_CLOCK_CERTIFICATES", args.certificates.to_string())],
    };
    if !test.run(&mut report)? {
        report.fault("a renewal was missed or made twice; the output above says which");
    }
    step.done();
    Ok(report)
}
