//! The parts that every vault shares, restarted under load.

use std::time::Duration;

use anyhow::{Result, ensure};
use k8s_openapi::api::{apps::v1::Deployment, core::v1::Event};
use kube::{Api, api::ListParams};
use strongroom_tests::installation::NAMESPACE;

use crate::breaking::{alone, running_app};

#[tokio::test]
async fn no_mount_fails_while_identity_service_and_operator_restart() -> Result<()> {
    alone("restarts", |scenario| async move {
        running_app(&scenario).await?;
        for deployment in ["strongroom-identity", "strongroom-operator"] {
            let api: Api<Deployment> = Api::namespaced(scenario.client(), NAMESPACE);
            api.restart(deployment).await?;
        }
        for n in 0..10 {
            scenario.pod(&format!("app-{n}"), "api", "db").await?;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        for n in 0..10 {
            scenario.running(&format!("app-{n}")).await?;
        }
        let events: Api<Event> = Api::namespaced(scenario.client(), &scenario.app.name);
        let failed = events
            .list(&ListParams::default().fields("reason=FailedMount"))
            .await?;
        let failed: Vec<_> = failed
            .items
            .into_iter()
            .filter_map(|event| event.message)
            .collect();
        ensure!(failed.is_empty(), "{failed:?}");
        Ok(())
    })
    .await
}
