//! What docs/conformance.md says of the runs, between its markers.

use std::collections::{BTreeMap, BTreeSet};

use crate::suite::{Outcome, Run};

/// The tables of these runs.
pub fn markdown(runs: &[Run]) -> String {
    let columns = ["api-version", "passed", "failed", "deselected"];
    let mut parts = vec![section("By version", &columns, &rows(runs))];
    let failed = failed(runs);
    if !failed.is_empty() {
        let columns = ["test", "api-version", "the end of what it says"];
        parts.push(section("Failed", &columns, &failed));
    }
    parts.push(section("Passed", &["test", "at"], &passed(runs)));
    let columns = ["test, or file of tests", "tests", "at", "reason"];
    parts.push(section("Deselected", &columns, &deselected(runs)));
    parts.join("\n\n")
}

/// The row of one run in the first table.
pub fn row(run: &Run) -> String {
    let failed = run.failures().count();
    let (passed, deselected) = (run.tests.len() - failed, run.deselected.len());
    format!("| {} | {passed} | {failed} | {deselected} |", run.version)
}

fn rows(runs: &[Run]) -> Vec<String> {
    runs.iter().map(row).collect()
}

fn failed(runs: &[Run]) -> Vec<String> {
    let mut lines = Vec::new();
    for run in runs {
        for test in run.failures() {
            let last = test.said.lines().last().unwrap_or_default().replace('|', "\\|");
            lines.push(format!("| `{}` | {} | {last} |", test.name, run.version));
        }
    }
    lines
}

fn passed(runs: &[Run]) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for run in runs {
        for test in run.tests.iter().filter(|test| test.outcome == Outcome::Passed) {
            versions.entry(&test.name).or_default().push(&run.version);
        }
    }
    let lines = versions
        .iter()
        .map(|(name, at)| format!("| `{name}` | {} |", named(at, runs)));
    lines.collect()
}

fn deselected(runs: &[Run]) -> Vec<String> {
    let mut versions: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for run in runs {
        for test in &run.deselected {
            let key = (test.name.as_str(), test.reason.as_str());
            versions.entry(key).or_default().push(&run.version);
        }
    }
    // Those of one file that share reason and versions share a row.
    let mut rows: BTreeMap<(&str, &str, String), BTreeSet<&str>> = BTreeMap::new();
    for (&(name, reason), at) in &versions {
        let file = name.split("::").next().unwrap_or(name);
        let row = rows.entry((file, reason, named(at, runs))).or_default();
        row.insert(name);
    }
    let lines = rows.iter().map(|((file, reason, at), names)| {
        let only = names.first().filter(|_| names.len() == 1);
        format!(
            "| `{}` | {} | {at} | {reason} |",
            only.unwrap_or(file),
            names.len()
        )
    });
    lines.collect()
}

/// Versions as a cell shows them.
fn named(versions: &[&str], runs: &[Run]) -> String {
    if versions.len() == runs.len() {
        "every version".to_owned()
    } else {
        versions.join(", ")
    }
}

fn section(title: &str, columns: &[&str], rows: &[String]) -> String {
    let line = "---|".repeat(columns.len());
    format!(
        "### {title}\n\n| {} |\n|{line}\n{}",
        columns.join(" | "),
        rows.join("\n")
    )
}
