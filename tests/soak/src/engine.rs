//! Tests of the engine that run for long here: they stay among the engine's tests, since they reach into the engine. This
//! starts one and reads its figures.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use strongroom_harness::{
    cargo::{self, PROFILE},
    workspace,
};

use crate::report::Report;

/// What a line of a figure begins with.
const FIGURE: &str = "figure: ";

/// A test of the engine.
pub struct LongTest<'a> {
    /// The program that has it, as Cargo names it.
    pub program: &'a str,
    /// Its whole name.
    pub name: &'a str,
    /// Whether every other run leaves it out.
    pub is_ignored: bool,
    /// What its environment says.
    pub environment: &'a [(&'a str, String)],
}

impl LongTest<'_> {
    /// Builds the program and runs the test; adds its figures to `report`. Returns whether it passed.
    pub fn run(&self, report: &mut Report) -> Result<bool> {
        let mut command = cargo::command("test", PROFILE);
        let built = cargo::programs(command.args(["--no-run", "--test", self.program]))?;
        let engine = workspace::root().join("engine");
        let program = built
            .into_iter()
            .find(|artifact| artifact.is_test && artifact.package == engine);
        let program = program.with_context(|| format!("cargo built no {}", self.program))?;
        let mut child = Command::new(program.executable)
            .args(["--exact", self.name, "--nocapture"])
            .args(self.is_ignored.then_some("--ignored"))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().context("the test has no output")?;
        let mut ran = false;
        for line in BufReader::new(output).lines() {
            let line = line?;
            // The first one stands behind the name of the test.
            let figure = line
                .split_once(FIGURE)
                .and_then(|(_, figure)| figure.split_once(": "));
            match figure {
                Some((name, figure)) => report.row(name, figure),
                None => eprintln!("    {line}"),
            }
            ran |= line.contains("1 passed") || line.contains("1 failed");
        }
        let status = child.wait()?;
        ensure!(ran, "{} has no test {}", self.program, self.name);
        Ok(status.success())
    }
}
