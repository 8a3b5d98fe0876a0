//! Running programs in pods, and the pods that tests use.

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client, api::AttachParams};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

/// The image of a pod with a shell.
pub const SHELL_IMAGE: &str = "strongroom.invalid/test-shell:1";

/// What a program in a pod said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its exit code.
    pub code: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// Runs a program in a pod's only (or first) container.
pub async fn exec(client: &Client, namespace: &str, pod: &str, command: &[&str]) -> Result<Output> {
    exec_in(client, namespace, pod, None, command).await
}

/// Runs a program in a container of a pod.
pub async fn exec_in(
    client: &Client,
    namespace: &str,
    pod: &str,
    container: Option<&str>,
    command: &[&str],
) -> Result<Output> {
    let api = Api::<Pod>::namespaced(client.clone(), namespace);
    let mut params = AttachParams::default().stdout(true).stderr(true).stdin(false);
    params.container = container.map(str::to_owned);
    let what = || format!("cannot run {command:?} in {namespace}/{pod}");
    let mut process = api
        .exec(pod, command.iter().copied(), &params)
        .await
        .with_context(what)?;
    let (mut out, mut err) = (
        process.stdout().context("no output")?,
        process.stderr().context("no errors")?,
    );
    let status = process.take_status().context("no status")?;
    let (mut stdout, mut stderr) = (String::new(), String::new());
    let (first, second) = tokio::join!(out.read_to_string(&mut stdout), err.read_to_string(&mut stderr));
    first.and(second).with_context(what)?;
    let status = status
        .await
        .with_context(|| format!("the connection to {namespace}/{pod} ended"))?;
    let code = exit_code(&status).with_context(what)?;
    Ok(Output { code, stdout, stderr })
}

/// Runs a program that has to succeed, and gives its output.
pub async fn check(client: &Client, namespace: &str, pod: &str, command: &[&str]) -> Result<String> {
    let output = exec(client, namespace, pod, command).await?;
    if output.code != 0 {
        bail!(
            "{command:?} in {namespace}/{pod} ended with {}: {}",
            output.code,
            output.stderr.trim()
        );
    }
    Ok(output.stdout)
}

/// The exit code is in the details of a failed status; a status without it is a failure to run at all.
fn exit_code(status: &k8s_openapi::apimachinery::pkg::apis::meta::v1::Status) -> Result<i32> {
    if status.status.as_deref() == Some("Success") {
        return Ok(0);
    }
    let causes = status
        .details
        .iter()
        .flat_map(|details| details.causes.iter().flatten());
    let code = causes
        .filter(|cause| cause.reason.as_deref() == Some("ExitCode"))
        .find_map(|cause| cause.message.as_deref());
    match code {
        Some(code) => Ok(code.parse()?),
        None => bail!("{}", status.message.as_deref().unwrap_or("no reason given")),
    }
}

/// A pod with a shell that waits for ever, and passes Pod Security `restricted`.
pub fn shell(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "securityContext": {"runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532,
                "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "shell", "image": SHELL_IMAGE, "imagePullPolicy": "Never",
                "command": ["/bin/sleep", "2147483647"],
                "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
            }],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_code_is_distinguished_from_a_failure_to_run() {
        let status = |value: Value| serde_json::from_value(value).unwrap();
        let failed = json!({"status": "Failure", "reason": "NonZeroExitCode",
            "details": {"causes": [{"reason": "ExitCode", "message": "3"}]}});
        assert_eq!(exit_code(&status(failed)).unwrap(), 3);
        assert_eq!(exit_code(&status(json!({"status": "Success"}))).unwrap(), 0);
        let lost = json!({"status": "Failure", "message": "no such container"});
        assert_eq!(
            exit_code(&status(lost)).unwrap_err().to_string(),
            "no such container"
        );
    }
}
