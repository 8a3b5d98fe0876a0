//! Starting a cluster.

mod files;
mod ready;

use std::{io::ErrorKind, net::TcpListener, path::PathBuf};

use anyhow::{Context, Result, bail};

use super::{
    Layout, Options, bundle, down, load, lock,
    network::{self, node_name},
    process::boot_id,
    record::Record,
    status,
};
use crate::{
    images,
    progress::Step,
    tools::{self, Store},
};

/// What `up` found or did.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The cluster was started now.
    Started,
    /// It was there and healthy already.
    AlreadyUp,
}

/// The tool with the daemons of a cluster.
const KUBERNETES: &str = "kubernetes";
/// The tool with the daemons of its older nodes.
const OLDER: &str = "kubernetes-older";

/// The role of the control bundle.
pub const CONTROL: &str = "control";

/// Starts a cluster, or says that it is up already.
pub async fn up(layout: &Layout, options: &Options, store: &Store) -> Result<Outcome> {
    require_root()?;
    if !(1..=9).contains(&options.nodes) {
        bail!("a cluster has 1 to 9 nodes, not {}", options.nodes);
    }
    if options.older_nodes > options.nodes {
        bail!(
            "{} of {} nodes cannot be older",
            options.older_nodes,
            options.nodes
        );
    }
    let _lock = lock::hold(layout)?;
    if already_up(layout).await? {
        return Ok(Outcome::AlreadyUp);
    }
    let mut wanted = [tools::PACKAGES, KUBERNETES, "coredns", "busybox"]
        .map(str::to_owned)
        .to_vec();
    if options.older_nodes > 0 {
        wanted.push(OLDER.to_owned());
    }
    tools::install(store, &wanted)?;
    let socket = listen(options.api_port)?;
    let mut record = Record::new(boot_id(), options.clone(), socket.local_addr()?.port());
    files::write(layout, &record)?;
    record.save(layout)?;
    if let Err(error) = start(layout, &mut record, store, socket).await {
        // Its processes end, its logs stay: a person has to see why.
        down::stop(&record)?;
        let logs = layout.logs();
        return Err(error.context(format!(
            "the cluster did not come up; its logs are in {}",
            logs.display()
        )));
    }
    record.complete = true;
    record.save(layout)?;
    Ok(Outcome::Started)
}

/// Looks at what is there: a healthy cluster stays, a dead one is removed, a sick one is refused.
async fn already_up(layout: &Layout) -> Result<bool> {
    let Some(record) = Record::load(layout)? else {
        down::remove(layout)?;
        return Ok(false);
    };
    let alive = record.alive(&boot_id()).len();
    if alive == 0 {
        eprintln!("==> Removing what is left of an earlier cluster");
        down::remove(layout)?;
        return Ok(false);
    }
    let status = status::of(layout).await?;
    if !status.healthy() {
        bail!(
            "the cluster {} is there, but not healthy; `harness down` removes it\n{status}",
            layout.name()
        );
    }
    Ok(true)
}

async fn start(layout: &Layout, record: &mut Record, store: &Store, socket: TcpListener) -> Result<()> {
    let step = Step::begin("Starting the cluster's daemons");
    let waiting = bundles(layout, record, store, socket)?;
    let pids: Vec<i32> = waiting.iter().map(|one| one.bundle.init.pid).collect();
    let (control, nodes) = pids.split_first().context("no bundle was started")?;
    network::connect(record.options.ip_family, *control, nodes)?;
    for one in waiting {
        one.release()?;
    }
    step.done();
    let step = Step::begin("Waiting for the API server, and loading the images of DNS and of test pods");
    ready::containerd(record).await?;
    // The API server and its friends take their time too.
    let loading = tokio::task::spawn_blocking({
        let (record, store) = (record.clone(), store.clone());
        move || load_base_images(&record, &store)
    });
    ready::api(layout).await?;
    loading.await??;
    step.done();
    ready::cluster(layout, record).await
}

fn load_base_images(record: &Record, store: &Store) -> Result<()> {
    for (reference, bytes) in images::base(store)? {
        load::import_bytes(record, &reference, &bytes)?;
    }
    Ok(())
}

/// Starts all bundles. Each is in the record before it may run; until then its init waits for us.
fn bundles(
    layout: &Layout,
    record: &mut Record,
    store: &Store,
    socket: TcpListener,
) -> Result<Vec<bundle::Waiting>> {
    let programs = programs(store, KUBERNETES)?;
    let mut waiting = vec![bundle::start(layout, CONTROL, &programs, Some(socket))?];
    for index in 0..record.options.nodes {
        let programs = programs_of_node(store, &record.options, index)?;
        waiting.push(bundle::start(layout, &node_name(index), &programs, None)?);
    }
    record.bundles = waiting.iter().map(|one| one.bundle.clone()).collect();
    record.save(layout)?;
    Ok(waiting)
}

/// The directory with the programs of a tool.
fn programs(store: &Store, name: &str) -> Result<PathBuf> {
    let tool = tools::find(name).with_context(|| format!("no {name} in the table"))?;
    Ok(store.dir(tool))
}

/// The programs of a node: the last ones are the older.
fn programs_of_node(store: &Store, options: &Options, index: u8) -> Result<PathBuf> {
    let is_older = index >= options.nodes.saturating_sub(options.older_nodes);
    programs(store, if is_older { OLDER } else { KUBERNETES })
}

fn listen(port: u16) -> Result<TcpListener> {
    match TcpListener::bind(("127.0.0.1", port)) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            bail!("port {port} of 127.0.0.1 is taken by another program; choose another, or 0 for a free one")
        }
        other => other.with_context(|| format!("cannot listen on 127.0.0.1:{port}")),
    }
}

fn require_root() -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        bail!("a cluster of its own needs namespaces and mounts, so `harness up` has to run as root (sudo)");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_nodes_are_the_older_ones() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::at(directory.path()).unwrap();
        let options = Options {
            nodes: 3,
            older_nodes: 1,
            ..Options::default()
        };
        let of = |index| programs_of_node(&store, &options, index).unwrap();
        let older = programs(&store, OLDER).unwrap();
        assert_eq!(
            [of(0) == older, of(1) == older, of(2) == older],
            [false, false, true]
        );
    }

    #[test]
    fn a_taken_port_gets_a_clear_sentence() {
        let taken = listen(0).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = listen(port).unwrap_err().to_string();
        assert!(
            error.contains(&port.to_string()) && error.contains("taken"),
            "{error}"
        );
    }
}
