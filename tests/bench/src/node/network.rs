//! Work inside a node's network, where Services are reached.

use std::{fs::File, future::Future, os::fd::AsFd, thread};

use anyhow::{Context, Result, anyhow};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use strongroom_harness::local::record::Record;

/// Runs `work` on a thread of its own in the network of a node. The thread ends with it.
pub async fn inside<T, F>(record: &Record, work: impl FnOnce() -> F + Send + 'static) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T>>,
{
    let node = record.bundles.iter().find(|bundle| bundle.role != "control");
    let pid = node.context("the cluster has no node")?.init.pid;
    let namespace = File::open(format!("/proc/{pid}/ns/net"))?;
    let (done, result) = tokio::sync::oneshot::channel();
    thread::spawn(move || {
        let outcome = enter(&namespace).and_then(|runtime| runtime.block_on(work()));
        // The waiting task may have given up.
        let _ = done.send(outcome);
    });
    result
        .await
        .map_err(|_| anyhow!("the thread in the node's network ended"))?
}

fn enter(namespace: &File) -> Result<tokio::runtime::Runtime> {
    move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
        .context("cannot enter the node's network")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("cannot start a runtime")
}
