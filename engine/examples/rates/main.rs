//! Reports how many secrets one vault reads and writes per second on this machine, without network.
//!
//! `cargo run --profile ci -p strongroom-engine --example rates -- [DIRECTORY] [OBJECTS]`

#[path = "../opened/vault.rs"]
mod vault;

use std::{
    path::{Path, PathBuf},
    sync::mpsc,
    time::{Duration, Instant, SystemTime},
};

use strongroom_audit::{Entry, Event};
use strongroom_core::Timestamp;
use strongroom_engine::{
    Answer, AttributesPatch, Objects, ReadRequest, SecretFields, SecretValue, Tags, WriteError, WriteRequest,
    every_name,
};
use vault::{Failure, open};

/// How many changes wait at a time while the vault is filled.
const WAITING: usize = 256;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let objects: usize = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let directory = directory.join(format!("strongroom-rates-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let measured = measure(&directory, objects);
    std::fs::remove_dir_all(&directory)?;
    measured
}

fn measure(directory: &Path, objects: usize) -> Result<(), Failure> {
    let vault = open(directory)?;
    println!("| what | clients | per second | mean | CPU each |\n|---|---|---|---|---|");
    report(
        "PUT new",
        WAITING,
        &put(&vault, objects, objects, WAITING)?,
        objects,
    );
    for clients in [1, 64] {
        let count = if clients == 1 { 2_000 } else { 40_000 };
        report(
            "PUT over all",
            clients,
            &put(&vault, count, objects, clients)?,
            count,
        );
    }
    for hot in [1_000, objects] {
        let count = 400_000;
        report(&format!("GET over {hot}"), 1, &get(&vault, count, hot)?, count);
    }
    let started = Took::now()?;
    let scrubbed = vault.scrub()?;
    report(
        "scrub",
        1,
        &started.until_now()?,
        usize::try_from(scrubbed.versions)?,
    );
    drop(vault);
    let started = Instant::now();
    let vault = open(directory)?;
    read(&vault, 0)?;
    println!("open and first GET: {:?}", started.elapsed());
    Ok(())
}

/// Spreads indexes over all objects without a random source.
fn scatter(index: usize, objects: usize) -> usize {
    index.wrapping_mul(2_654_435_761) % objects.max(1)
}

fn put(vault: &Objects, count: usize, objects: usize, clients: usize) -> Result<Took, Failure> {
    let (done, answers) = mpsc::channel::<Result<Answer, WriteError>>();
    let started = Took::now()?;
    let mut waiting = 0;
    for index in 0..count {
        if waiting == clients {
            answers.recv()??;
            waiting -= 1;
        }
        let request = WriteRequest::Set {
            name: format!("secret-{}", scatter(index, objects)).parse()?,
            content: SecretValue::new(format!("value {index:0>500}")),
            fields: SecretFields::default(),
            attributes: AttributesPatch::default(),
            tags: Tags::new(),
        };
        let done = done.clone();
        let done = Box::new(move |result| {
            // The receiver ends first only when the measurement has failed.
            let _ = done.send(result);
        });
        let audit = Box::new(|_: &Result<_, _>| Entry::event(SystemTime::now(), &Event::VaultStop));
        vault.submit(request, Timestamp::from(SystemTime::now()), audit, done)?;
        waiting += 1;
    }
    for _ in 0..waiting {
        answers.recv()??;
    }
    started.until_now()
}

fn get(vault: &Objects, count: usize, objects: usize) -> Result<Took, Failure> {
    let started = Took::now()?;
    for index in 0..count {
        read(vault, scatter(index, objects))?;
    }
    started.until_now()
}

fn read(vault: &Objects, index: usize) -> Result<(), Failure> {
    let request = ReadRequest::Get {
        name: format!("secret-{index}").parse()?,
        version: None,
    };
    vault.read::<strongroom_engine::Secret>(&request, Timestamp::from(SystemTime::now()), &every_name)?;
    Ok(())
}

/// Seconds by the clock and of this process on the processors.
struct Took {
    clock: Duration,
    cpu: f64,
    since: Instant,
}

impl Took {
    fn now() -> Result<Self, Failure> {
        Ok(Self {
            clock: Duration::ZERO,
            cpu: cpu_seconds()?,
            since: Instant::now(),
        })
    }

    fn until_now(self) -> Result<Self, Failure> {
        Ok(Self {
            clock: self.since.elapsed(),
            cpu: cpu_seconds()? - self.cpu,
            ..self
        })
    }
}

/// User and system time of this process: fields 14 and 15 of /proc/self/stat (proc(5)), in hundredths of a second.
fn cpu_seconds() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<_> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(11)
        .take(2)
        .collect();
    let ticks = fields
        .iter()
        .map(|field| field.parse::<u32>())
        .sum::<Result<u32, _>>()?;
    Ok(f64::from(ticks) / 100.0)
}

#[allow(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn report(what: &str, clients: usize, took: &Took, count: usize) {
    let rate = count as f64 / took.clock.as_secs_f64();
    let cpu = took.cpu * 1e6 / count as f64;
    println!(
        "| {what} | {clients} | {rate:.0} | {:.1} us | {cpu:.1} us |",
        1e6 / rate
    );
}
