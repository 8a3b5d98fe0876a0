//! What is said while nothing happens.

use std::{collections::BTreeMap, fs, time::Duration};

use anyhow::{Context, Result};
use serde_json::Value;
use strongroom_harness::{local::audit, progress::Step};

use super::{
    components,
    place::{Place, sum},
};
use crate::figures::Table;

/// Counters at one moment.
struct Counts {
    vault: f64,
    exchanges: f64,
    log: usize,
}

/// Waits for `length`; returns how many requests were made meanwhile, per minute.
pub async fn measure(place: &Place, length: Duration) -> Result<Table> {
    let volumes = place.links().await?.len();
    let minutes = length.as_secs_f64() / 60.0;
    let mut step = Step::begin(format!("{minutes} minutes in which nothing happens"));
    let before = counts(place).await?;
    let end = tokio::time::Instant::now() + length;
    while tokio::time::Instant::now() < end {
        tokio::time::sleep(Duration::from_secs(1)).await;
        step.beat();
    }
    let after = counts(place).await?;
    step.done();

    let title = format!("Steady state: {volumes} volumes, {minutes} minutes, the kubelet's own pace");
    let mut table = Table::new(&title, &["what", "a minute"]);
    let mut row = |what: String, count: f64| table.row([what, format!("{:.1}", count / minutes)]);
    row("requests to the vault".to_owned(), after.vault - before.vault);
    row("token exchanges".to_owned(), after.exchanges - before.exchanges);
    for (caller, count) in api_requests(place, before.log)? {
        row(format!("API server: {caller}"), count);
    }
    Ok(table)
}

async fn counts(place: &Place) -> Result<Counts> {
    let (mut vault, mut exchanges) = (0.0, 0.0);
    for pod in components::pods(place).await? {
        match components::component(&pod).as_str() {
            "vault" => vault += sum(&place.metrics(&pod).await?, "strongroom_requests_total"),
            "identity" => {
                let name = "strongroom_identity_exchanges_total";
                exchanges += sum(&place.metrics(&pod).await?, name);
            }
            _ => {}
        }
    }
    Ok(Counts {
        vault,
        exchanges,
        log: log(place)?.len(),
    })
}

fn log(place: &Place) -> Result<String> {
    let path = place.layout.root().join(audit::LOG);
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// Requests of each of our accounts since the log had that many bytes. A watch is one request when it ends.
fn api_requests(place: &Place, from: usize) -> Result<BTreeMap<String, f64>> {
    let text = log(place)?;
    let mut counts = BTreeMap::new();
    for line in text.get(from..).unwrap_or_default().lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_default();
        let field = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let account = field("/user/username").rsplit(':').next().unwrap_or_default();
        if !account.is_empty() {
            let what = format!("{account}, {} {}", field("/verb"), field("/objectRef/resource"));
            *counts.entry(what).or_insert(0.0) += 1.0;
        }
    }
    Ok(counts)
}
