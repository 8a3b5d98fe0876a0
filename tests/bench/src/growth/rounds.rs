//! The figures of rounds of one kind of request, and their ratios to those of others.

use std::time::Duration;

use crate::{
    figures::{Table, median, quantile, time},
    load::Run,
};

/// What all rounds gave.
#[derive(Debug, Default)]
pub struct Rounds {
    requests: usize,
    cpu: Duration,
    rates: Vec<f64>,
    p50: Vec<Duration>,
    p99: Vec<Duration>,
}

/// A table whose rows have the columns `lead`, and behind them those that [`Rounds::cells`] fills, where ratios are to what is
/// called `base`.
pub fn table(title: &str, lead: &[&str], base: &str) -> Table {
    let figures = head(base);
    let columns: Vec<_> = lead
        .iter()
        .copied()
        .chain(figures.iter().map(String::as_str))
        .collect();
    Table::new(title, &columns)
}

fn head(base: &str) -> [String; 9] {
    [
        "rounds".to_owned(),
        "requests".to_owned(),
        "per second".to_owned(),
        "p50".to_owned(),
        "p99".to_owned(),
        "CPU per request".to_owned(),
        format!("rate, to {base}"),
        format!("p99, to {base}"),
        format!("CPU, to {base}"),
    ]
}

impl Rounds {
    /// Adds one round.
    pub fn add(&mut self, mut run: Run) {
        self.requests += run.latencies.len();
        self.cpu += run.cpu;
        self.rates.push(run.rate());
        self.p50.push(quantile(&mut run.latencies, 0.5));
        self.p99.push(quantile(&mut run.latencies, 0.99));
    }

    /// Cells of a table, with ratios to `base`.
    pub fn cells(&self, base: &Self) -> [String; 9] {
        [
            self.rates.len().to_string(),
            self.requests.to_string(),
            format!("{:.0}", self.rate()),
            time(self.p50()),
            time(self.p99()),
            format!("{:.1} µs", self.cost()),
            ratio(self.rate(), base.rate()),
            ratio_of(self.p99(), base.p99()),
            ratio(self.cost(), base.cost()),
        ]
    }

    /// Whether nothing was measured.
    pub const fn is_empty(&self) -> bool {
        self.requests == 0
    }

    /// The requests of all rounds.
    pub const fn requests(&self) -> usize {
        self.requests
    }

    /// The median of the rounds' medians.
    pub fn p50(&self) -> Duration {
        middle(&self.p50)
    }

    /// The median of the rounds' 99th percentiles.
    pub fn p99(&self) -> Duration {
        middle(&self.p99)
    }

    fn rate(&self) -> f64 {
        median(&self.rates).unwrap_or_default()
    }

    /// Microseconds of the server's processor time per request, of all rounds together: one with few requests is as short
    /// as a few of the kernel's ticks.
    #[allow(clippy::cast_precision_loss, reason = "fewer than 2^52 requests")]
    fn cost(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / (self.requests as f64).max(1.0)
    }
}

/// The median, which is nothing where no round was measured.
pub fn middle(times: &[Duration]) -> Duration {
    median(times).unwrap_or_default()
}

/// A ratio as a cell; empty where there is nothing to divide by.
pub fn ratio(value: f64, base: f64) -> String {
    if base > 0.0 {
        format!("{:.2}", value / base)
    } else {
        String::new()
    }
}

/// The ratio of two times as a cell.
pub fn ratio_of(time: Duration, base: Duration) -> String {
    ratio(time.as_secs_f64(), base.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(requests: u32, rate: f64, cpu: u64) -> Run {
        Run {
            elapsed: Duration::from_secs_f64(f64::from(requests) / rate),
            cpu: Duration::from_millis(cpu),
            latencies: vec![Duration::from_millis(2); requests as usize],
        }
    }

    #[test]
    fn rates_are_medians_of_the_rounds_and_processor_time_is_of_all_requests() {
        let (mut rounds, mut base) = (Rounds::default(), Rounds::default());
        for (requests, rate, cpu) in [(10, 100.0, 10), (10, 400.0, 10), (20, 200.0, 40)] {
            rounds.add(round(requests, rate, cpu));
        }
        base.add(round(100, 400.0, 100));
        let cells = rounds.cells(&base);
        let expected = [
            "3",
            "40",
            "200",
            "2.0 ms",
            "2.0 ms",
            "1500.0 µs",
            "0.50",
            "1.00",
            "1.50",
        ];
        assert_eq!(cells, expected);
        assert_eq!(cells.len(), head("x").len());
    }

    #[test]
    fn nothing_has_no_ratio() {
        assert_eq!(ratio(1.0, 0.0), "");
    }
}
