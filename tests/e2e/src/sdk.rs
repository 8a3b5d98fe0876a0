//! The pods of `examples/sdk` in a scenario: as their files say, with this machine's programs in the place of an image.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::LogParams};
use serde_json::{Value, json};
use strongroom_harness::{
    cluster::{pods::SHELL_IMAGE, wait},
    tools::{self, Store},
};

use crate::{
    examples,
    scenario::{PATIENCE, Scenario},
};

/// How long a program may run on a busy machine: a Java program starts beside five others.
pub const DEADLINE: Duration = Duration::from_mins(3);

/// A tool that is installed on this machine.
pub struct Tool {
    /// Its directory.
    pub dir: PathBuf,
    /// Its program.
    pub program: PathBuf,
}

impl Tool {
    /// The tool of a name, installed first when it is missing.
    pub fn installed(name: &str) -> Result<Self> {
        let store = Store::from_env()?;
        let program = tools::program(&store, name)?;
        let tool = tools::find(name).context("there is no such tool")?;
        let dir = store.dir(tool);
        Ok(Self { dir, program })
    }
}

/// Makes what every program needs: an account, its policy, and the files to trust.
pub async fn give_access(scenario: &Scenario) -> Result<()> {
    for object in examples::objects(scenario, "sdk/access.yaml")? {
        scenario.apply(&scenario.app.name, &object).await?;
    }
    scenario.enforced("shop-uses-sdk").await
}

/// The pod of `examples/sdk/LANGUAGE/pod.yaml`, as it is.
pub fn pod(scenario: &Scenario, language: &str) -> Result<Value> {
    let found = examples::objects(scenario, &format!("sdk/{language}/pod.yaml"))?;
    found.into_iter().next().context("there is no pod")
}

/// Puts a program of this machine in the place of a pod's image: with the same environment, account and files.
///
/// # Errors
/// The pod is none, or the machine's directories cannot be read.
pub fn run_from_machine(pod: &mut Value, tool: &Tool, command: &[&str]) -> Result<()> {
    let container = pod
        .pointer_mut("/spec/containers/0")
        .and_then(Value::as_object_mut)
        .context("the pod has no container")?;
    container.insert("image".to_owned(), json!(SHELL_IMAGE));
    container.insert("imagePullPolicy".to_owned(), json!("Never"));
    container.insert("command".to_owned(), json!(command));
    for (number, path) in tools::directories(&tool.dir)?.iter().enumerate() {
        mount_from_machine(pod, &format!("machine-{number}"), path, path)?;
    }
    // As an image has it; that of the shell has none.
    if has_mount(pod, "/tmp") {
        return Ok(());
    }
    mount(pod, "tmp", "/tmp".as_ref(), "emptyDir", &json!({}))
}

/// Mounts a file or directory of this machine in a pod.
///
/// # Errors
/// The pod has no volumes.
pub fn mount_from_machine(pod: &mut Value, name: &str, path: &Path, at: &Path) -> Result<()> {
    mount(pod, name, at, "hostPath", &json!({"path": path}))
}

fn has_mount(pod: &Value, at: &str) -> bool {
    let mounts = pod.pointer("/spec/containers/0/volumeMounts");
    let mounts = mounts.and_then(Value::as_array).into_iter().flatten();
    mounts
        .into_iter()
        .any(|mount| mount.get("mountPath").and_then(Value::as_str) == Some(at))
}

fn mount(pod: &mut Value, name: &str, at: &Path, kind: &str, volume: &Value) -> Result<()> {
    let mut add = |pointer: &str, value: Value| {
        let list = pod.pointer_mut(pointer).and_then(Value::as_array_mut);
        list.map(|list| list.push(value))
            .with_context(|| format!("the pod has no {pointer}"))
    };
    add("/spec/volumes", json!({"name": name, (kind): volume}))?;
    add(
        "/spec/containers/0/volumeMounts",
        json!({"name": name, "mountPath": at, "readOnly": kind == "hostPath"}),
    )
}

/// Waits until a pod has ended; says whether it ended well.
///
/// # Errors
/// It has not ended in time.
pub async fn ended_well(pods: &Api<Pod>, pod: &str, deadline: Duration) -> Result<bool> {
    wait::until(&format!("the program of {pod} has ended"), deadline, || async {
        let status = pods.get(pod).await?.status.unwrap_or_default();
        Ok(match status.phase.as_deref() {
            Some(phase @ ("Succeeded" | "Failed")) => wait::Seen::Ready(phase == "Succeeded"),
            other => wait::Seen::NotYet(format!("{other:?}")),
        })
    })
    .await
}

/// Waits until a pod of the app has ended well; gives what it said.
///
/// # Errors
/// It ended otherwise, and the error has what it said; or it has not ended in time.
pub async fn said(scenario: &Scenario, pod: &str) -> Result<String> {
    said_within(scenario, pod, DEADLINE).await
}

/// The same, of a pod that may run for so long.
///
/// # Errors
/// As for [`said`].
pub async fn said_within(scenario: &Scenario, pod: &str, deadline: Duration) -> Result<String> {
    let pods: Api<Pod> = Api::namespaced(scenario.client(), &scenario.app.name);
    let is_well = ended_well(&pods, pod, deadline).await?;
    let said = wait::until(&format!("the log of {pod} is there"), PATIENCE, || async {
        Ok(wait::Seen::Ready(pods.logs(pod, &LogParams::default()).await?))
    })
    .await?;
    if !is_well {
        bail!("{pod} failed, and said:\n{said}");
    }
    Ok(said)
}
