//! A cluster whose nodes, Services and pods have no address of IPv4.

use std::net::IpAddr;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{Node, Pod, Service};
use kube::{Api, ResourceExt, api::ListParams};
use strongroom_e2e::{
    scenario::{Access, Scenario},
    sdk,
};

/// Every address that the API server knows, each with what has it.
async fn addresses(scenario: &Scenario) -> Result<Vec<(String, IpAddr)>> {
    let all = ListParams::default();
    let client = scenario.client();
    let mut found = Vec::new();
    for node in Api::<Node>::all(client.clone()).list(&all).await? {
        let listed = node.status.as_ref().and_then(|status| status.addresses.clone());
        let internal = listed
            .unwrap_or_default()
            .into_iter()
            .filter(|one| one.type_ == "InternalIP")
            .map(|one| one.address);
        found.extend(internal.map(|address| (format!("node {}", node.name_any()), address)));
    }
    for service in Api::<Service>::all(client.clone()).list(&all).await? {
        let given = service.spec.as_ref().and_then(|spec| spec.cluster_ips.clone());
        let given = given
            .unwrap_or_default()
            .into_iter()
            .filter(|address| address != "None");
        found.extend(given.map(|address| (format!("Service {}", service.name_any()), address)));
    }
    for pod in Api::<Pod>::all(client).list(&all).await? {
        let given = pod.status.as_ref().and_then(|status| status.pod_ips.clone());
        let given = given.unwrap_or_default().into_iter().map(|given| given.ip);
        found.extend(given.map(|address| (format!("pod {}", pod.name_any()), address)));
    }
    found
        .into_iter()
        .map(|(what, address)| {
            let parsed = address.parse().with_context(|| format!("{what} has {address}"))?;
            Ok((what, parsed))
        })
        .collect()
}

/// The kubelet's probes reach all ports for health, the operator the vault's admin port, the driver and an SDK the vault's other
/// port and the identity service; the command line reaches both through the API server and the kubelet.
#[tokio::test]
#[ignore = "asks for a cluster whose addresses are all of IPv6: make ipv6"]
async fn on_ipv6_alone_a_vault_serves_a_pod_follows_and_an_sdk_and_the_command_line_log_in() -> Result<()> {
    Scenario::start("ipv6")
        .await?
        .run(async |scenario| {
            scenario.set("db-password", "first")?;
            scenario.secret_ref("db", &[("password", "db-password")]).await?;
            scenario.pod("app", "api", "db").await?;
            scenario.running("app").await?;
            ensure!(scenario.read("app", "/secrets/password").await? == "first");
            scenario.set("db-password", "second")?;
            let lag = scenario.holds("app", "/secrets/password", "second").await?;
            eprintln!("the file followed within {lag:?}");

            sdk::give_access(scenario).await?;
            let program = sdk::pod(scenario, "rust")?;
            scenario.apply(&scenario.app.name, &program).await?;
            let said = sdk::said(scenario, "sdk-rust").await?;
            ensure!(said.contains("got a value"), "sdk-rust said:\n{said}");

            let session = scenario.session("stranger").await?;
            scenario.bites(&session, "db-password", Access::Forbidden).await?;

            // As of now, when every pod that the test needs is there.
            let addresses = addresses(scenario).await?;
            let of_four: Vec<_> = addresses
                .iter()
                .filter(|(_, address)| address.is_ipv4())
                .collect();
            ensure!(of_four.is_empty(), "IPv4: {of_four:?}");
            for what in [
                "node ",
                "Service prod",
                "pod prod-0",
                "pod app",
                "pod strongroom-csi",
            ] {
                let found = addresses.iter().any(|(of, _)| of.starts_with(what));
                ensure!(found, "no address of {what}: {addresses:?}");
            }
            scenario.no_failed_mount().await
        })
        .await
}
