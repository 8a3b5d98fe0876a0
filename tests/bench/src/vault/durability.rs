//! What a write costs the disk, and how soon a killed vault answers again.

use std::time::Duration;

use anyhow::{Context, Result};
use strongroom_harness::progress::Step;

use super::{
    Args,
    peers::{OPENBAO, Peers, STRONGROOM, Subject, fill},
};
use crate::{
    figures::{Table, median, time},
    load::{self, Until},
    syncs::Tracer,
};

/// Syncs per PUT, of each file.
pub async fn syncs(peers: &Peers, args: &Args) -> Result<Table> {
    let head = [
        "server",
        "clients",
        "PUTs",
        "commits",
        "syncs",
        "syncs per PUT",
        "per commit",
        "of which files",
    ];
    let mut table = Table::new("Syncs to disk (strace), one run each", &head);
    for (clients, puts) in [(1, 200), (64, 4_000)] {
        for subject in peers.stores()? {
            let own = subject.name == STRONGROOM;
            let commits = if own { peers.strongroom.commits().await? } else { 0 };
            let tracer = Tracer::attach(subject.usage, &args.directory).await?;
            let (api, span) = (subject.api, args.objects);
            let write = move |number| api.set(fastrand::u64(..span), number);
            load::run(
                &subject.target,
                subject.usage,
                clients,
                Until::Requests(puts),
                write,
            )
            .await?;
            let counts = tracer.finish()?;
            let commits = if own {
                peers.strongroom.commits().await? - commits
            } else {
                0
            };
            let all: u64 = counts.values().sum();
            let per = |count: u64| match count {
                0 => "not reported".to_owned(),
                #[allow(clippy::cast_precision_loss, reason = "small counts")]
                count => format!("{:.2}", all as f64 / count as f64),
            };
            let files: Vec<_> = counts
                .iter()
                .map(|(file, count)| format!("{file} {count}"))
                .collect();
            let reported = if own {
                commits.to_string()
            } else {
                "not reported".to_owned()
            };
            table.row([
                subject.name.to_owned(),
                clients.to_string(),
                puts.to_string(),
                reported,
                all.to_string(),
                per(puts),
                per(commits),
                files.join(", "),
            ]);
        }
    }
    Ok(table)
}

/// From the start of the program after kill -9 to the first secret that it answers.
pub async fn restarts(mut peers: Peers, args: &Args) -> Result<Table> {
    let mut table = Table::new(
        "kill -9 to first secret answered",
        &["server", "secrets", "starts", "median", "slowest"],
    );
    let rounds = args.rounds;
    let step = Step::begin("Killing the servers and starting them again");
    let mut took = Vec::new();
    for _ in 0..rounds {
        peers.bao.kill()?;
        let (server, time) = peers.openbao.restart(&peers.keys).await?;
        peers.bao = server;
        took.push(time);
    }
    table.row(row(OPENBAO, args.objects, &took)?);
    let mut held = args.objects;
    for objects in [args.objects, args.restart_objects] {
        let [vault, _]: [Subject; 2] = peers.stores()?;
        fill(&vault, held, objects).await?;
        held = held.max(objects);
        let mut took = Vec::new();
        for _ in 0..rounds {
            peers.vault.kill()?;
            let (server, time) = peers.strongroom.restart().await?;
            peers.vault = server;
            took.push(time);
        }
        table.row(row(STRONGROOM, held, &took)?);
    }
    step.done();
    Ok(table)
}

fn row(name: &str, objects: u64, took: &[Duration]) -> Result<[String; 5]> {
    let slowest = took.iter().max().context("no restart was measured")?;
    Ok([
        name.to_owned(),
        objects.to_string(),
        took.len().to_string(),
        time(median(took).unwrap_or_default()),
        time(*slowest),
    ])
}
