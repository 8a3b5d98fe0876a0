//! What honest clients get, and what the program holds, alone and under one attack.

use std::{
    io::Read as _,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use super::{Args, BEFORE, attacker::Plan, clients::Served, subjects::Subject};
use crate::{
    figures::{median, mib, quantile, time},
    process::{Server, own_program},
};

/// How long connections that have lost their client take to end.
const AFTER: Duration = Duration::from_secs(1);

/// What all rounds of one attack gave.
#[derive(Debug, Default)]
pub struct Measured {
    alone: Vec<Duration>,
    control: Vec<Duration>,
    attacked: Vec<Duration>,
    served: usize,
    failed: usize,
    /// Of the attacker, in each round.
    shares: Vec<f64>,
    rates: Vec<f64>,
    peak: u64,
}

impl Measured {
    /// Attacks `subject` by `plan`, in turns with nothing and with the control.
    pub async fn of(subject: &Subject, plan: &Plan, args: &Args) -> Result<Self> {
        let mut measured = Self::default();
        let time = Duration::from_secs(args.seconds);
        for _ in 0..args.rounds {
            measured.alone.push(p99(subject.client.ask(time).await?));
            let share = measured.attack(subject, plan, time).await?;
            tokio::time::sleep(AFTER).await;
            let burner = Server::start(own_program()?.args(["burner", &share.to_string()]))?;
            measured.control.push(p99(subject.client.ask(time).await?));
            drop(burner);
        }
        measured.peak = subject.server.usage().peak()?;
        Ok(measured)
    }

    /// One round of the attack; returns the share of a core that the attacker used.
    async fn attack(&mut self, subject: &Subject, plan: &Plan, time: Duration) -> Result<f64> {
        let mut attacker = Server::start(own_program()?.args(["attacker", &serde_json::to_string(plan)?]))?;
        let began = Instant::now();
        tokio::time::sleep(BEFORE).await;
        let before = attacker.usage().cpu()?;
        let measuring = Instant::now();
        // It ends a little before its own end, so that its processor time can be read.
        let served = subject
            .client
            .ask(time.saturating_sub(Duration::from_millis(200)))
            .await?;
        let spent = attacker.usage().cpu()?.saturating_sub(before);
        let share = spent.as_secs_f64() / measuring.elapsed().as_secs_f64();
        self.served += served.latencies.len();
        self.failed += served.failed;
        self.attacked.push(p99(served));
        let mut said = String::new();
        let mut output = attacker.stdout().context("the attacker says nothing")?;
        tokio::task::spawn_blocking(move || output.read_to_string(&mut said).map(|_| said))
            .await?
            .context("cannot read what the attacker says")
            .and_then(|said| {
                let connections: f64 = said.trim().parse().context("the attacker says no number")?;
                self.rates.push(connections / began.elapsed().as_secs_f64());
                Ok(())
            })?;
        self.shares.push(share);
        Ok(share)
    }

    /// The row of a table.
    pub fn row(&self, program: &str, attack: &str, limit: u64) -> [String; 12] {
        let middle = |times: &[Duration]| median(times).unwrap_or_default();
        let (alone, control, attacked) = (middle(&self.alone), middle(&self.control), middle(&self.attacked));
        let to = |other: Duration| format!("{:.1}", attacked.as_secs_f64() / other.as_secs_f64().max(1e-9));
        [
            program.to_owned(),
            attack.to_owned(),
            format!("{} of {}", self.served, self.served + self.failed),
            time(alone),
            time(control),
            time(attacked),
            to(alone),
            to(control),
            format!("{:.0}", median(&self.rates).unwrap_or_default()),
            format!("{:.2}", median(&self.shares).unwrap_or_default()),
            mib(self.peak),
            mib(limit * (1 << 20) * 2 / 3),
        ]
    }
}

fn p99(mut served: Served) -> Duration {
    quantile(&mut served.latencies, 0.99)
}
