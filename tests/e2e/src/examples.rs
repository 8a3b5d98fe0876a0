//! The files of `examples` in a scenario: as they are, in the scenario's namespaces.

use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;
use strongroom_harness::{cluster::apply, workspace};

use crate::scenario::Scenario;

/// The text of a file of `examples`, with the names of the scenario's namespaces.
///
/// # Errors
/// There is no such file.
pub fn text(scenario: &Scenario, path: &str) -> Result<String> {
    let file = workspace::root().join("examples").join(path);
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let (vault, app) = (&scenario.vault.name, &scenario.app.name);
    Ok(text
        .replace("namespace: team-a", &format!("namespace: {vault}"))
        .replace("--namespace team-a", &format!("--namespace {vault}"))
        .replace("prod.team-a.svc", &format!("prod.{vault}.svc"))
        .replace("namespace: shop", &format!("namespace: {app}"))
        .replace("shop.svc", &format!("{app}.svc")))
}

/// The objects of a file of `examples`.
///
/// # Errors
/// There is no such file, or it is no YAML.
pub fn objects(scenario: &Scenario, path: &str) -> Result<Vec<Value>> {
    apply::parse(&text(scenario, path)?)
}
