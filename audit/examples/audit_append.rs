//! Measures what one audit record costs: `cargo run --profile ci --example audit_append [DIR [RECORDS]]`.

use std::{path::PathBuf, thread, time::Instant};

use strongroom_audit::{Class, Entry, Log, LogConfig};

#[path = "../tests/audit/sample.rs"]
mod sample;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let temporary = tempfile::TempDir::new()?;
    let dir = std::env::args()
        .nth(1)
        .map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let records: u32 = std::env::args().nth(2).map_or(Ok(100_000), |text| text.parse())?;
    let record = sample::record()?;
    println!(
        "serialise and hash: {}",
        micros((1, records), || drop(std::hint::black_box(Entry::new(&record))))
    );
    let entry = Entry::new(&record);
    for threads in [1, 8] {
        let log = open(&dir.join(threads.to_string()))?;
        let append = || drop(log.append(Class::Read, &entry));
        println!(
            "{threads} threads, append alone: {}",
            micros((threads, records), append)
        );
        let whole = || drop(log.append(Class::Read, &Entry::new(&record)));
        println!(
            "{threads} threads, serialise, hash and append: {}",
            micros((threads, records), whole)
        );
        let usage = log.usage();
        println!(
            "  {} records, {} bytes, {} refused, {} syncs",
            usage.records, usage.bytes, usage.refused, usage.syncs
        );
    }
    Ok(())
}

fn open(dir: &std::path::Path) -> Result<Log, Box<dyn std::error::Error>> {
    let mut config = LogConfig::new(dir.to_owned(), "6f9c2c1e-0000-4000-8000-000000000001", "prod-0");
    config.quota.bytes = 1 << 32;
    config.retention.bytes = None;
    Ok(Log::open(config, None)?)
}

/// CPU and wall-clock microseconds per call, over all threads.
fn micros((threads, records): (u32, u32), call: impl Fn() + Sync) -> String {
    let (began, ticks) = (Instant::now(), cpu_ticks());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| (0..records).for_each(|_| call()));
        }
    });
    let calls = f64::from(records * threads);
    let (wall, ticks) = (began.elapsed().as_secs_f64(), cpu_ticks() - ticks);
    format!(
        "{:.2} us of CPU, {:.2} us of time",
        ticks * 1e4 / calls,
        wall * 1e6 / calls
    )
}

/// CPU time of this process in hundredths of a second: fields 14 and 15 of proc(5)'s stat.
fn cpu_ticks() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    stat.split(' ')
        .skip(13)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum()
}
