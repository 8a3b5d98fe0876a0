//! How long the driver takes for a volume's first publish, by its own clock: from the kubelet's call to its answer.

use std::time::Duration;

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, ResourceExt, api::DeleteParams};
use strongroom_e2e::scenario::PATIENCE;
use strongroom_harness::{
    cluster::wait::{self, Seen},
    installation::NODE_NAMESPACE,
    progress::Step,
};

use super::place::{FILES, Place, sum};
use crate::figures::{Table, quantile, time};

/// Mounts by a driver that has just started, with no other volume: connections, exchange and all.
pub async fn cold(place: &Place, count: usize) -> Result<Vec<Duration>> {
    let step = Step::begin(format!("{count} cold mounts"));
    let mut took = Vec::new();
    for n in 0..count {
        restart(place).await?;
        took.push(one(place, &format!("cold-{n}")).await?);
        place.remove(&format!("cold-{n}")).await?;
    }
    step.done();
    Ok(took)
}

/// Mounts one at a time, while another volume keeps the connection to the vault open.
pub async fn warm(place: &Place, count: usize) -> Result<Vec<Duration>> {
    let step = Step::begin(format!("{count} warm mounts"));
    place.scenario.pod("keeper", "api", "db").await?;
    place.scenario.running("keeper").await?;
    let mut took = Vec::new();
    for n in 0..count {
        took.push(one(place, &format!("warm-{n}")).await?);
        place.remove(&format!("warm-{n}")).await?;
    }
    place.remove("keeper").await?;
    step.done();
    Ok(took)
}

/// Both as a table.
pub fn table(cold: Vec<Duration>, warm: Vec<Duration>) -> Table {
    let title = format!("Mounting {} secrets, one volume at a time, one run", FILES.len());
    let mut table = Table::new(
        &title,
        &[
            "connection to the vault",
            "mounts",
            "p50",
            "p90",
            "p99",
            "slowest",
        ],
    );
    for (name, mut took) in [("none yet", cold), ("open", warm)] {
        let count = took.len();
        let mut at = |share| time(quantile(&mut took, share));
        let (p50, p90, p99, slowest) = (at(0.5), at(0.9), at(0.99), at(1.0));
        // The 99th of a hundred is the first that is not the slowest.
        let p99 = if count < 100 { "too few".to_owned() } else { p99 };
        table.row([name.to_owned(), count.to_string(), p50, p90, p99, slowest]);
    }
    table
}

/// The driver counts publishes and adds up their durations: with one at a time, the difference is that one's.
async fn one(place: &Place, pod: &str) -> Result<Duration> {
    let driver = place.driver().await?;
    let before = place.metrics(&driver).await?;
    place.scenario.pod(pod, "api", "db").await?;
    place.scenario.running(pod).await?;
    let after = place.metrics(&driver).await?;
    let grown = |name: &str| sum(&after, name) - sum(&before, name);
    let publishes = grown("strongroom_csi_publish_seconds_count");
    ensure!(
        (publishes - 1.0).abs() < 0.5,
        "{publishes} publishes instead of one"
    );
    Ok(Duration::from_secs_f64(grown(
        "strongroom_csi_publish_seconds_sum",
    )))
}

async fn restart(place: &Place) -> Result<()> {
    let old = place.driver().await?.uid();
    let pods: Api<Pod> = Api::namespaced(place.client(), NODE_NAMESPACE);
    let name = place.driver().await?.name_any();
    pods.delete(&name, &DeleteParams::default()).await?;
    wait::until("the driver is back", PATIENCE, || async {
        let Ok(driver) = place.driver().await else {
            return Ok(Seen::NotYet("no pod".to_owned()));
        };
        if driver.uid() == old {
            return Ok(Seen::NotYet("the old pod".to_owned()));
        }
        let registered = place.metrics(&driver).await;
        let registered = registered.is_ok_and(|text| sum(&text, "strongroom_csi_registered") > 0.5);
        Ok(if registered {
            Seen::Ready(())
        } else {
            Seen::NotYet("it is not registered".to_owned())
        })
    })
    .await
}
