//! The same requests to each server in turn, round after round.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Result;
use strongroom_harness::progress::Step;

use super::{
    Args,
    peers::{Peers, STRONGROOM, Subject},
};
use crate::{
    figures::{Table, median, quantile, time},
    load::{self, Until},
};

/// A kind of load.
pub struct Measure {
    /// What it is called.
    pub title: String,
    /// How many clients send at once.
    pub clients: usize,
    /// Over how many secrets they spread.
    pub span: u64,
    /// Whether they write.
    pub writes: bool,
}

/// One round of one server.
#[derive(Debug, Clone, Copy)]
struct Sample {
    rate: f64,
    p50: Duration,
    p99: Duration,
    cost: f64,
}

/// A table for each measure.
pub async fn tables(peers: &Peers, args: &Args, measures: &[Measure]) -> Result<Vec<Table>> {
    let mut tables = Vec::new();
    for measure in measures {
        let step = Step::begin(measure.title.clone());
        let subjects = if measure.writes {
            Vec::from(peers.stores()?)
        } else {
            peers.readers()?
        };
        let mut samples: BTreeMap<&str, Vec<Sample>> = BTreeMap::new();
        for _ in 0..args.rounds {
            for subject in &subjects {
                let sample = sample(subject, measure, Duration::from_secs(args.seconds)).await?;
                samples.entry(subject.name).or_default().push(sample);
            }
        }
        tables.push(table(measure, &subjects, &samples));
        step.done();
    }
    Ok(tables)
}

async fn sample(subject: &Subject, measure: &Measure, length: Duration) -> Result<Sample> {
    let (api, span, writes) = (subject.api, measure.span, measure.writes);
    let call = move |number| {
        let index = fastrand::u64(..span);
        if writes {
            api.set(index, number)
        } else {
            api.get(index)
        }
    };
    let until = Until::Elapsed(length);
    let mut run = load::run(&subject.target, subject.usage, measure.clients, until, call).await?;
    Ok(Sample {
        rate: run.rate(),
        cost: run.cost(),
        p50: quantile(&mut run.latencies, 0.5),
        p99: quantile(&mut run.latencies, 0.99),
    })
}

fn table(measure: &Measure, subjects: &[Subject], samples: &BTreeMap<&str, Vec<Sample>>) -> Table {
    let head = [
        "server",
        "per second",
        "p50",
        "p99",
        "server CPU per request",
        "rate, Strongroom to it",
        "CPU, it to Strongroom",
    ];
    let mut table = Table::new(&measure.title, &head);
    let of = |name: &str| samples.get(name).map(Vec::as_slice).unwrap_or_default();
    let middle = |name: &str, field: fn(&Sample) -> f64| {
        median(&of(name).iter().map(field).collect::<Vec<_>>()).unwrap_or_default()
    };
    let own = (middle(STRONGROOM, |s| s.rate), middle(STRONGROOM, |s| s.cost));
    for subject in subjects {
        let (rate, cost) = (middle(subject.name, |s| s.rate), middle(subject.name, |s| s.cost));
        let times = |field: fn(&Sample) -> Duration| {
            time(median(&of(subject.name).iter().map(field).collect::<Vec<_>>()).unwrap_or_default())
        };
        table.row([
            subject.name.to_owned(),
            format!("{rate:.0}"),
            times(|s| s.p50),
            times(|s| s.p99),
            format!("{cost:.1} µs"),
            format!("{:.2}", own.0 / rate),
            format!("{:.2}", cost / own.1),
        ]);
    }
    table
}
