//! The same requests to each server in turn, round after round.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result};
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
    requests: usize,
    rate: f64,
    p50: Duration,
    p99: Duration,
    cost: f64,
}

/// What one server did: as fast as the clients could, and at the rate that is the same for all.
#[derive(Debug, Default)]
struct Samples {
    full: Vec<Sample>,
    paced: Vec<Sample>,
}

impl Samples {
    fn middle<T: Copy + PartialOrd>(samples: &[Sample], field: fn(&Sample) -> T) -> Option<T> {
        median(&samples.iter().map(field).collect::<Vec<_>>())
    }
}

/// The one rate at which the processor time of all servers is measured: half of what the slowest of them reaches, so that
/// none is at its limit and the clients of each sleep between requests.
fn one_rate(samples: &BTreeMap<&str, Samples>) -> Result<f64> {
    let rates = samples.values();
    let rates: Vec<_> = rates
        .filter_map(|samples| Samples::middle(&samples.full, |s| s.rate))
        .collect();
    let slowest = rates.into_iter().reduce(f64::min);
    Ok((slowest.context("no rate was measured")? / 2.0).max(1.0).round())
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
        let length = Duration::from_secs(args.seconds);
        let mut samples: BTreeMap<&str, Samples> = BTreeMap::new();
        for _ in 0..args.rounds {
            for subject in &subjects {
                let sample = sample(subject, measure, Until::Elapsed(length)).await?;
                samples.entry(subject.name).or_default().full.push(sample);
            }
        }
        let rate = one_rate(&samples)?;
        for _ in 0..args.rounds {
            for subject in &subjects {
                let sample = sample(subject, measure, Until::Paced(length, rate)).await?;
                samples.entry(subject.name).or_default().paced.push(sample);
            }
        }
        tables.push(table(measure, rate, &subjects, &samples));
        step.done();
    }
    Ok(tables)
}

async fn sample(subject: &Subject, measure: &Measure, until: Until) -> Result<Sample> {
    let (api, span, writes) = (subject.api, measure.span, measure.writes);
    let call = move |number| {
        let index = fastrand::u64(..span);
        if writes {
            api.set(index, number)
        } else {
            api.get(index)
        }
    };
    let mut run = load::run(&subject.target, subject.usage, measure.clients, until, call).await?;
    Ok(Sample {
        requests: run.latencies.len(),
        rate: run.rate(),
        cost: run.cost(),
        p50: quantile(&mut run.latencies, 0.5),
        p99: quantile(&mut run.latencies, 0.99),
    })
}

/// The median of one figure, which is nothing where no round was measured.
fn shown<T: Copy + PartialOrd + Default>(samples: &[Sample], field: fn(&Sample) -> T) -> T {
    Samples::middle(samples, field).unwrap_or_default()
}

fn table(measure: &Measure, rate: f64, subjects: &[Subject], samples: &BTreeMap<&str, Samples>) -> Table {
    let paced = format!("CPU per request at {rate:.0} a second");
    let head = [
        "server",
        "rounds",
        "requests a round",
        "per second",
        "p50",
        "p99",
        "CPU per request",
        &paced,
        "rate, Strongroom to it",
        "CPU, it to Strongroom",
        "the same at that rate",
    ];
    let mut table = Table::new(&measure.title, &head);
    let none = Samples::default();
    let of = |name: &str| samples.get(name).unwrap_or(&none);
    let own = of(STRONGROOM);
    for subject in subjects {
        let found = of(subject.name);
        let full = &found.full;
        let (rate, cost) = (shown(full, |s| s.rate), shown(full, |s| s.cost));
        let slow = shown(&found.paced, |s| s.cost);
        table.row([
            subject.name.to_owned(),
            full.len().to_string(),
            shown(full, |s| s.requests).to_string(),
            format!("{rate:.0}"),
            time(shown(full, |s| s.p50)),
            time(shown(full, |s| s.p99)),
            format!("{cost:.1} µs"),
            format!("{slow:.1} µs"),
            format!("{:.2}", shown(&own.full, |s| s.rate) / rate),
            format!("{:.2}", cost / shown(&own.full, |s| s.cost)),
            format!("{:.2}", slow / shown(&own.paced, |s| s.cost)),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_rate_is_half_of_the_slowest_servers_median() {
        let at = |rate| Sample {
            requests: 1,
            rate,
            p50: Duration::ZERO,
            p99: Duration::ZERO,
            cost: 1.0,
        };
        let of = |rates: [f64; 3]| Samples {
            full: rates.map(at).to_vec(),
            paced: Vec::new(),
        };
        let samples = BTreeMap::from([
            ("a", of([900.0, 1_000.0, 5_000.0])),
            ("b", of([1.0, 401.0, 402.0])),
        ]);
        assert!((one_rate(&samples).unwrap() - 201.0).abs() < f64::EPSILON);
        assert!(one_rate(&BTreeMap::new()).is_err());
    }
}
