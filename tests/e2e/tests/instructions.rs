//! The hot paths take no more instructions than they did: counted by callgrind, which counts the same on a busy machine
//! as on a quiet one.
//!
//! A path that became dearer for a good reason gets a new budget, in the same commit and with the reason.

#![cfg(target_arch = "x86_64")]

use std::process::Command;

use anyhow::{Context, Result, ensure};
use strongroom_harness::{command::output, workspace};

/// Instructions of the whole program when it takes a path `count` times.
fn instructions(path: &str, count: u64) -> Result<u64> {
    let directory = tempfile::tempdir()?;
    let log = directory.path().join("callgrind.log");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    valgrind.arg(format!("--log-file={}", log.display()));
    valgrind.arg(workspace::program("examples/hot_paths")?);
    valgrind.args([path, &count.to_string()]).arg(directory.path());
    output(&mut valgrind).context("`harness tools` installs valgrind")?;
    let text = std::fs::read_to_string(&log)?;
    let collected = text.lines().find_map(|line| line.split_once("Collected : "));
    Ok(collected
        .context("callgrind printed no count")?
        .1
        .trim()
        .parse()?)
}

/// What a path costs each time: start and end of the program cancel out.
fn each(path: &str, times: u64) -> Result<u64> {
    let (few, many) = (instructions(path, times)?, instructions(path, times * 3)?);
    Ok(many.saturating_sub(few) / (times * 2))
}

fn stays_within(path: &str, times: u64, budget: u64) -> Result<()> {
    let each = each(path, times)?;
    eprintln!("{path}: {each} instructions of {budget}");
    ensure!(
        each <= budget,
        "{path} takes {each} instructions, more than {budget}"
    );
    ensure!(
        each * 2 > budget,
        "{path} takes {each} instructions: make its budget of {budget} smaller"
    );
    Ok(())
}

#[test]
fn a_decision_among_ten_thousand_policies_stays_within_its_budget() -> Result<()> {
    stays_within("decide", 20_000, 2_400)
}

/// A secret that was read before, whose record key is remembered: to derive it would take three times as many, without the SHA
/// instructions, which callgrind does not know.
#[test]
fn reading_a_secret_stays_within_its_budget() -> Result<()> {
    stays_within("get", 1_000, 21_000)
}

#[test]
fn an_audit_record_stays_within_its_budget() -> Result<()> {
    stays_within("audit", 1_000, 27_000)
}

#[test]
fn writing_a_secret_alone_stays_within_its_budget() -> Result<()> {
    stays_within("put", 100, 2_000_000)
}
