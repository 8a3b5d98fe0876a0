//! What a cluster is doing.

use std::{fmt, path::PathBuf, time::Duration};

use anyhow::Result;
use k8s_openapi::api::core::v1::{Node, PersistentVolume};
use kube::{Api, ResourceExt, api::ListParams};

use super::{Layout, process::boot_id, record::Record};
use crate::cluster;

/// How long `status` waits for the API server's answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The state of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    name: String,
    kubeconfig: PathBuf,
    logs: PathBuf,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    None,
    /// Some of its bundles run, or it never came to its end.
    Partial {
        running: Vec<String>,
        dead: Vec<String>,
        complete: bool,
    },
    /// Everything runs; what the API server says, or why it says nothing.
    Running(Result<Seen, String>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    version: String,
    nodes: Vec<(String, bool)>,
    volumes: usize,
    bound: usize,
}

impl Status {
    /// Whether it can be used: everything runs and every node is ready.
    pub fn healthy(&self) -> bool {
        match &self.state {
            State::Running(Ok(seen)) => !seen.nodes.is_empty() && seen.nodes.iter().all(|(_, ready)| *ready),
            State::Running(Err(_)) | State::Partial { .. } | State::None => false,
        }
    }
}

/// Looks at a cluster.
pub async fn of(layout: &Layout) -> Result<Status> {
    let state = match Record::load(layout)? {
        None => State::None,
        Some(record) => state(layout, &record).await,
    };
    Ok(Status {
        name: layout.name().to_owned(),
        kubeconfig: layout.kubeconfig(),
        logs: layout.logs(),
        state,
    })
}

/// Whether a node is ready.
pub fn is_ready(node: &Node) -> bool {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.is_some_and(|all| all.iter().any(|one| one.type_ == "Ready" && one.status == "True"))
}

async fn state(layout: &Layout, record: &Record) -> State {
    let boot = boot_id();
    let running: Vec<String> = record
        .alive(&boot)
        .iter()
        .map(|bundle| bundle.role.clone())
        .collect();
    let dead = record
        .bundles
        .iter()
        .map(|bundle| bundle.role.clone())
        .filter(|role| !running.contains(role));
    let dead: Vec<String> = dead.collect();
    if !dead.is_empty() || !record.complete {
        return State::Partial {
            running,
            dead,
            complete: record.complete,
        };
    }
    let answer = tokio::time::timeout(PATIENCE, ask(layout)).await;
    State::Running(match answer {
        Ok(seen) => seen.map_err(|error| format!("{error:#}")),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    })
}

async fn ask(layout: &Layout) -> Result<Seen> {
    let client = cluster::client(&layout.kubeconfig()).await?;
    let version = client.apiserver_version().await?.git_version;
    let nodes = Api::<Node>::all(client.clone())
        .list(&ListParams::default())
        .await?;
    let nodes = nodes
        .iter()
        .map(|node| (node.name_any(), is_ready(node)))
        .collect();
    let volumes = Api::<PersistentVolume>::all(client)
        .list(&ListParams::default())
        .await?
        .items;
    let phase = |volume: &&PersistentVolume| {
        volume.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Bound")
    };
    Ok(Seen {
        version,
        nodes,
        bound: volumes.iter().filter(phase).count(),
        volumes: volumes.len(),
    })
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.state {
            State::None => return write!(out, "{name}: there is no cluster; `harness up` starts one"),
            State::Partial {
                running,
                dead,
                complete,
            } => {
                writeln!(out, "{name}: not whole; `harness down` removes it")?;
                writeln!(out, "  running     {}", list(running))?;
                writeln!(out, "  ended       {}", list(dead))?;
                if !complete {
                    writeln!(out, "  `harness up` did not come to its end")?;
                }
            }
            State::Running(Err(error)) => writeln!(out, "{name}: the API server does not answer: {error}")?,
            State::Running(Ok(seen)) => {
                let word = if self.healthy() { "up" } else { "not ready" };
                writeln!(out, "{name}: {word}, Kubernetes {}", seen.version)?;
                for (node, ready) in &seen.nodes {
                    writeln!(
                        out,
                        "  {node}      {}",
                        if *ready { "ready" } else { "not ready" }
                    )?;
                }
                writeln!(out, "  volumes     {} of {} bound", seen.bound, seen.volumes)?;
                writeln!(out, "  kubeconfig  {}", self.kubeconfig.display())?;
            }
        }
        write!(out, "  logs        {}", self.logs.display())
    }
}

fn list(roles: &[String]) -> String {
    if roles.is_empty() {
        "nothing".to_owned()
    } else {
        roles.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(state: State) -> Status {
        Status {
            name: "one".to_owned(),
            kubeconfig: "/k".into(),
            logs: "/l".into(),
            state,
        }
    }

    #[test]
    fn a_cluster_with_a_node_that_is_not_ready_is_not_healthy() {
        let seen = |ready| Seen {
            version: "v1".to_owned(),
            nodes: vec![("node-0".to_owned(), ready)],
            volumes: 2,
            bound: 1,
        };
        assert!(status(State::Running(Ok(seen(true)))).healthy());
        assert!(!status(State::Running(Ok(seen(false)))).healthy());
        assert!(!status(State::None).healthy());
    }

    #[test]
    fn what_is_missing_says_what_to_do() {
        assert!(status(State::None).to_string().contains("harness up"));
        let partial = State::Partial {
            running: vec![],
            dead: vec!["control".to_owned()],
            complete: true,
        };
        assert!(status(partial).to_string().contains("harness down"));
    }
}
