//! What a failed test says about its namespace: pods, why they wait, their last lines, warnings.

use std::fmt::Write;

use k8s_openapi::api::core::v1::{ContainerStatus, Event, Pod};
use kube::{
    Api, Client, ResourceExt,
    api::{ListParams, LogParams},
};

/// Lines of each container's log that a report carries.
const LINES: i64 = 30;

/// One line about a pod: its phase and what its containers wait for.
pub fn pod(pod: &Pod) -> String {
    let status = pod.status.clone().unwrap_or_default();
    let mut line = status.phase.unwrap_or_else(|| "no phase".to_owned());
    for container in status
        .init_container_statuses
        .iter()
        .chain(&status.container_statuses)
        .flatten()
    {
        let _ = write!(line, ", {}: {}", container.name, container_state(container));
    }
    line
}

fn container_state(container: &ContainerStatus) -> String {
    let state = container.state.clone().unwrap_or_default();
    if let Some(waiting) = state.waiting {
        let reason = waiting.reason.unwrap_or_default();
        return format!("waiting, {reason} {}", waiting.message.unwrap_or_default());
    }
    if let Some(ended) = state.terminated {
        return format!("ended with {}", ended.exit_code);
    }
    if container.ready {
        "ready".to_owned()
    } else {
        "running, not ready".to_owned()
    }
}

/// Everything a person would look at first. Never fails: what cannot be read is said instead.
pub async fn namespace(client: &Client, namespace: &str) -> String {
    let mut text = format!("--- namespace {namespace}\n");
    match Api::<Pod>::namespaced(client.clone(), namespace)
        .list(&ListParams::default())
        .await
    {
        Ok(pods) => {
            for found in pods {
                let _ = writeln!(text, "pod {}: {}", found.name_any(), pod(&found));
                logs(client, namespace, &found, &mut text).await;
            }
        }
        Err(error) => {
            let _ = writeln!(text, "cannot list pods: {error}");
        }
    }
    warnings(client, namespace, &mut text).await;
    text
}

async fn logs(client: &Client, namespace: &str, pod: &Pod, text: &mut String) {
    let api = Api::<Pod>::namespaced(client.clone(), namespace);
    for container in pod.spec.iter().flat_map(|spec| &spec.containers) {
        let options = LogParams {
            container: Some(container.name.clone()),
            tail_lines: Some(LINES),
            ..LogParams::default()
        };
        if let Ok(lines) = api.logs(&pod.name_any(), &options).await {
            for line in lines.lines() {
                let _ = writeln!(text, "    {}: {line}", container.name);
            }
        }
    }
}

async fn warnings(client: &Client, namespace: &str, text: &mut String) {
    let api = Api::<Event>::namespaced(client.clone(), namespace);
    let Ok(events) = api.list(&ListParams::default().fields("type=Warning")).await else {
        return;
    };
    for event in events {
        let object = event.involved_object.name.unwrap_or_default();
        let (reason, message) = (
            event.reason.unwrap_or_default(),
            event.message.unwrap_or_default(),
        );
        let _ = writeln!(text, "warning on {object}: {reason}: {message}");
    }
}
