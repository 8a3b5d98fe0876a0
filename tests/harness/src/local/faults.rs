//! Breaking one thing of a running cluster: the processes behind a daemon's or a container's name.
//!
//! Daemons are started again by their init, half a second later at first; containers by the kubelet.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::Pod;
use rustix::process::Signal;

use super::{cgroups, process::Process, record::Record};

/// A running daemon, for example `kubelet` of `node-0` or `kube-apiserver` of `control`.
pub fn daemon(record: &Record, role: &str, program: &str) -> Result<Process> {
    let bundle = record
        .bundle(role)
        .with_context(|| format!("the cluster has no {role}"))?;
    let found = bundle
        .init
        .children()
        .into_iter()
        .find(|child| runs(child.pid, program));
    found.with_context(|| format!("{program} does not run in {role}"))
}

/// Stops a daemon in its tracks until the guard is dropped: it keeps its connections and answers nothing.
pub fn pause(record: &Record, role: &str, program: &str) -> Result<Paused> {
    let process = daemon(record, role, program)?;
    process.signal(Signal::STOP)?;
    Ok(Paused(process))
}

/// A daemon that stands still.
#[derive(Debug)]
pub struct Paused(Process);

impl Drop for Paused {
    fn drop(&mut self) {
        // A process that has ended meanwhile needs no waking.
        let _ = self.0.signal(Signal::CONT);
    }
}

/// The processes of a pod's container, as this machine numbers them.
pub fn container(pod: &Pod, name: &str) -> Result<Vec<Process>> {
    let statuses = pod
        .status
        .as_ref()
        .and_then(|status| status.container_statuses.as_ref());
    let status = statuses.and_then(|all| all.iter().find(|status| status.name == name));
    let id = status.and_then(|status| status.container_id.as_deref());
    let Some(id) = id.and_then(|id| id.strip_prefix("containerd://")) else {
        bail!("the pod has no running container {name} of containerd");
    };
    let processes: Vec<Process> = cgroups::processes(id)
        .into_iter()
        .filter_map(Process::of)
        .collect();
    if processes.is_empty() {
        bail!("the container {name} has no process on this machine");
    }
    Ok(processes)
}

/// The program's own name is the last part of the path it was started by.
fn runs(pid: i32, program: &str) -> bool {
    let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let path = command.split(|byte| *byte == 0).next().unwrap_or_default();
    let path = String::from_utf8_lossy(path).into_owned();
    Path::new(&path).file_name().is_some_and(|name| name == program)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::local::{Options, record::Bundle};

    #[test]
    fn a_daemon_is_found_by_its_name_among_the_children_of_the_init() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let this = Process::of(i32::try_from(std::process::id()).unwrap()).unwrap();
        let mut record = Record::new("boot".to_owned(), Options::default(), 1);
        record.bundles.push(Bundle {
            role: "node-0".to_owned(),
            holder: this,
            init: this,
        });
        // The kernel says that a program runs a moment before it shows its arguments.
        let began = Instant::now();
        let found = loop {
            match daemon(&record, "node-0", "sleep") {
                Ok(found) => break found,
                Err(error) => assert!(began.elapsed() < Duration::from_secs(5), "{error}"),
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        assert_eq!(found.pid, i32::try_from(child.id()).unwrap());
        assert!(
            daemon(&record, "node-0", "kubelet")
                .unwrap_err()
                .to_string()
                .contains("kubelet")
        );
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_pod_without_a_running_container_is_an_error() {
        assert!(container(&Pod::default(), "vault").is_err());
    }
}
