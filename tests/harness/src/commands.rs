//! What each command of `harness` does and says.

use std::process::ExitCode;

use anyhow::{Context, Error, Result, bail};
use strongroom_harness::{
    cluster,
    demo::{self as show, Demo, Place},
    images as image, local,
    local::{
        Layout, Options, down as removal,
        enter::{self, Share},
        record::Record,
        status as state,
        up::{self as start, Outcome},
    },
    progress::seconds,
    suite::{self, Order, Suite},
    tools as tool,
    tools::Store,
};

use crate::args;

/// Says why a command failed.
pub fn failed(error: &Error) -> ExitCode {
    eprintln!("harness: {error:#}");
    ExitCode::FAILURE
}

/// `harness tools`
pub fn tools(args: &args::Tools) -> Result<()> {
    let store = Store::from_env()?;
    if args.list {
        for tool in tool::all() {
            let state = if store.has(tool) { "installed" } else { "missing" };
            println!(
                "{:<14} {:<10} {state:<10} {}",
                tool.name, tool.version, tool.about
            );
        }
        return Ok(());
    }
    let report = tool::install(&store, &args.names)?;
    let list = |names: &[String]| {
        if names.is_empty() {
            "nothing".to_owned()
        } else {
            names.join(", ")
        }
    };
    println!("installed: {}", list(&report.installed));
    println!("present:   {}", list(&report.present));
    println!("programs:  {}", store.links().display());
    Ok(())
}

/// `harness up`
pub async fn up(args: args::Up) -> Result<()> {
    let layout = Layout::from_env(&args.cluster.name)?;
    let options = options(args);
    let begun = std::time::Instant::now();
    match start::up(&layout, &options, &Store::from_env()?).await? {
        Outcome::Started => eprintln!("==> The cluster is up after {}; now:", seconds(begun.elapsed())),
        Outcome::AlreadyUp => eprintln!("==> The cluster {} is up already; as before:", layout.name()),
    }
    println!("export KUBECONFIG={}", layout.kubeconfig().display());
    Ok(())
}

fn options(args: args::Up) -> Options {
    Options {
        nodes: args.nodes,
        older_nodes: args.older_nodes,
        ip_family: args.ip_family,
        sync_frequency: args.sync_frequency,
        max_pods: args.max_pods,
        etcd_fsync: args.etcd_fsync,
        api_port: args.api_port,
        volumes: args.volumes,
        small_volumes: args.small_volumes,
    }
}

/// `harness demo`
pub async fn demo() -> Result<()> {
    Demo::prepare(Place::from_env()?).await?.show().await
}

/// `harness demo-down`
pub fn demo_down() -> Result<()> {
    show::remove(&Place::from_env()?)
}

/// `harness test`
pub async fn test(args: args::Test) -> Result<()> {
    let layout = Layout::from_env(&args.up.cluster.name)?;
    let order = match args.shuffle {
        None => Order::LongestFirst,
        Some(seed) => Order::Shuffled(seed.unwrap_or_else(|| fastrand::u64(..1_000_000))),
    };
    let suite = Suite {
        layout: &layout,
        options: options(args.up),
        lanes: args.lanes,
        keep: args.keep,
        filter: &args.filter,
        ignored: args.ignored,
        order,
    };
    if args.no_cluster {
        return suite::run_without_cluster(&suite).await;
    }
    suite::run(&suite).await
}

/// `harness down`
pub fn down(args: &args::Down) -> Result<()> {
    if args.all {
        for layout in Layout::all()? {
            removal::down(&layout)?;
        }
        return Ok(());
    }
    let layout = Layout::from_env(&args.cluster.name)?;
    let mut found = removal::down(&layout)?;
    // That of a run of tests which was cut short, or was asked to keep it.
    if let Some(second) = layout.second().ok().filter(|second| second.root().exists()) {
        found |= removal::down(&second)?;
    }
    if !found {
        eprintln!("==> There is no cluster {}; nothing to remove", layout.name());
    }
    Ok(())
}

/// `harness status`
pub async fn status(args: &args::Cluster) -> ExitCode {
    let status = async { state::of(&Layout::from_env(&args.name)?).await };
    match status.await {
        Ok(status) => {
            println!("{status}");
            if status.healthy() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => failed(&error),
    }
}

/// `harness images`
pub fn images(args: &args::Images) -> Result<()> {
    let store = Store::from_env()?;
    let target = match &args.output {
        Some(_) => None,
        None => Some(running(&args.cluster).context("give --output DIR to write files instead")?),
    };
    let mut images = match args.profile() {
        args::Profile::Release => image::released(&store, &args.names, &args.tag)?,
        args::Profile::Ci => image::workspace(&store, &args.names, &args.tag)?,
    };
    if args.base {
        images.extend(image::base(&store)?);
    } else if args.output.is_some() && args.names.is_empty() {
        images.push(image::shell(&store)?);
    }
    if let Some(record) = target {
        return local::load::import(&record, &images);
    }
    if let Some(dir) = &args.output {
        for path in image::write(&images, dir)? {
            println!("{}", path.display());
        }
    }
    Ok(())
}

/// `harness exec`: ends as the program ends.
pub fn exec(args: &args::Exec) -> ExitCode {
    let outcome = || -> Result<_> {
        let share = if args.all {
            Share::Everything
        } else {
            Share::Network
        };
        let mut command = enter::command(&running(&args.cluster)?, &args.role, share)?;
        Ok(command.args(&args.program).status()?)
    };
    match outcome() {
        Ok(status) => ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)),
        Err(error) => failed(&error),
    }
}

/// `harness node`
pub fn node(args: &args::Node) -> Result<()> {
    let record = running(&args.cluster)?;
    if args.kill == start::CONTROL {
        bail!("{} is not a node", args.kill);
    }
    let bundle = record
        .bundle(&args.kill)
        .with_context(|| format!("there is no node {}", args.kill))?;
    removal::kill(bundle)?;
    removal::gone(bundle)
}

/// `harness offer-volumes`
pub async fn offer_volumes(args: &args::OfferVolumes) -> Result<()> {
    let client = cluster::client(&args.kubeconfig).await?;
    local::volumes::offer(client, &args.node, &args.options).await
}

fn running(args: &args::Cluster) -> Result<Record> {
    let layout = Layout::from_env(&args.name)?;
    Record::load(&layout)?
        .with_context(|| format!("there is no cluster {}; `harness up` starts one", args.name))
}
