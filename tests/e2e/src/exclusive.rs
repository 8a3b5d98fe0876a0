//! Tests that change what every test shares: one at a time, and each leaves the cluster as the test before it found it.

use std::{future::Future, sync::Arc, time::Instant};

use anyhow::Result;
use serde_json::Value;
use strongroom_harness::testbed::{Cluster, catch_panic};
use tokio::sync::{Mutex, MutexGuard};

use crate::scenario::Scenario;

static TURN: Mutex<()> = Mutex::const_new(());
/// Held while what a test made is removed: that takes longer than its turn.
static LEAVING: Mutex<()> = Mutex::const_new(());

/// Waits until no other test of this program runs alone, and all that they made is gone. The turn ends when the guard is
/// dropped.
pub async fn turn() -> MutexGuard<'static, ()> {
    let turn = TURN.lock().await;
    nothing_is_left().await;
    turn
}

/// Waits until what the test before made is gone.
async fn nothing_is_left() {
    drop(LEAVING.lock().await);
}

/// Runs a test alone in a scenario with a vault of this spec. Afterwards `restore` puts back what every test shares, and
/// the scenario is removed: whether the test passed, failed or panicked.
///
/// # Errors
/// The test's own error, else the error of what followed it.
pub async fn alone<F, Fut>(
    name: &str,
    spec: &Value,
    restore: impl AsyncFnOnce(&Scenario) -> Result<()>,
    test: F,
) -> Result<()>
where
    F: FnOnce(Arc<Scenario>) -> Fut,
    Fut: Future<Output = Result<()>>,
{
    let turn = TURN.lock().await;
    let begun = Instant::now();
    // Kubernetes waits five seconds before it empties a namespace: time to start in.
    let scenario = Arc::new(Scenario::start_with(Cluster::connect().await?, name, spec).await?);
    nothing_is_left().await;
    let started = begun.elapsed();
    let outcome = catch_panic(Box::pin(test(Arc::clone(&scenario)))).await;
    if let Err(error) = &outcome {
        eprintln!("{name}: {error:#}");
    }
    let restored = restore(&scenario).await;
    let whole = begun.elapsed();
    let leaving = LEAVING.lock().await;
    drop(turn);
    let outcome = scenario.end(outcome.and(restored)).await;
    drop(leaving);
    eprintln!(
        "{name} was ready to begin after {started:?}, left all whole after {whole:?}, and was gone after {:?}",
        begun.elapsed()
    );
    outcome
}
