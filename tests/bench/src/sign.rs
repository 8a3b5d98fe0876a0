//! Signatures over HTTPS: the vault, OpenBao's transit engine, and the library in a loop.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use aws_lc_rs::{
    digest::{Digest, SHA256, digest},
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use strongroom_harness::{
    progress::Step,
    tools::{self, Store},
    workspace,
};

use crate::{
    api::{Api, SigningKey},
    figures::{Table, median, quantile, time},
    load::{self, Run, Target, Until},
    machine,
    openbao::OpenBao,
    process::Usage,
    strongroom::Strongroom,
};

/// How many clients sign at once.
const CLIENTS: [usize; 3] = [1, 16, 64];

/// How the peers are called in tables.
const STRONGROOM: &str = "Strongroom";
const OPENBAO: &str = "OpenBao";

/// What to measure, and how often.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How often each measurement is made; the tables have the medians.
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 3)]
    pub seconds: u64,
    /// Where the stores are.
    #[arg(long, default_value = "target/bench")]
    pub directory: PathBuf,
}

/// A server, as clients see it.
struct Subject {
    name: &'static str,
    target: Target,
    usage: Usage,
    api: Api,
}

/// What one server did with one key and so many clients, round by round.
#[derive(Debug, Default)]
struct Rounds {
    rate: Vec<f64>,
    cost: Vec<f64>,
    p50: Vec<Duration>,
    p99: Vec<Duration>,
}

impl Rounds {
    fn add(&mut self, mut run: Run) {
        self.rate.push(run.rate());
        self.cost.push(run.cost());
        self.p50.push(quantile(&mut run.latencies, 0.5));
        self.p99.push(quantile(&mut run.latencies, 0.99));
    }
}

/// Measures everything and gives the report.
pub async fn run(args: &Args) -> Result<String> {
    fs::create_dir_all(&args.directory)?;
    let store = Store::from_env()?;
    tools::install(&store, &["bao".to_owned()])?;
    let step = Step::begin("Starting the servers");
    let strongroom = Strongroom::new(workspace::program("strongroom-vault")?, &args.directory)?;
    let vault = strongroom.start().await?;
    let openbao = OpenBao::new(tools::program(&store, "bao")?, &args.directory)?;
    let (bao, keys) = openbao.start().await?;
    openbao.enable_signing(&keys).await?;
    for key in SigningKey::ALL {
        let made = strongroom.target()?.once(key.create()).await?;
        anyhow::ensure!(made.status.is_success(), "the vault made no key: {}", made.status);
    }
    step.done();
    let subjects = [
        Subject {
            name: STRONGROOM,
            target: strongroom.target()?,
            usage: vault.usage(),
            api: Api::KeyVault,
        },
        Subject {
            name: OPENBAO,
            target: openbao.target(&keys)?,
            usage: bao.usage(),
            api: Api::OpenBao,
        },
    ];
    let mut report = format!("{}\n", machine::describe(&args.directory));
    for key in SigningKey::ALL {
        let step = Step::begin(format!("Signing with {}", key.title()));
        report.push('\n');
        report.push_str(&table(args, key, &subjects).await?.markdown());
        step.done();
    }
    Ok(report)
}

/// The servers take turns, and the library with them, so that each sees the same hour of the machine.
async fn table(args: &Args, key: SigningKey, subjects: &[Subject]) -> Result<Table> {
    let length = Duration::from_secs(args.seconds);
    let (mut raw, mut found) = (Vec::new(), BTreeMap::<(usize, &str), Rounds>::new());
    for _ in 0..args.rounds {
        raw.push(library(key, length)?);
        for clients in CLIENTS {
            for Subject {
                name,
                target,
                usage,
                api,
            } in subjects
            {
                let api = *api;
                let call = move |number| api.sign(key, number);
                let run = load::run(target, *usage, clients, Until::Elapsed(length), call).await?;
                found.entry((clients, *name)).or_default().add(run);
            }
        }
    }
    let raw = median(&raw).context("the library was not measured")?;
    let head = [
        "clients",
        "server",
        "rounds",
        "per second",
        "p50",
        "p99",
        "CPU per signature",
        "CPU, the library to it",
        "rate, Strongroom to it",
    ];
    let mut table = Table::new(&format!("Sign with {}", key.title()), &head);
    table.row([
        "",
        "the library in a loop",
        &args.rounds.to_string(),
        "",
        "",
        "",
        &format!("{raw:.1} µs"),
        "1.00",
        "",
    ]);
    let rate_of = |clients, name: &str| {
        let rounds = found.get(&(clients, name));
        rounds.and_then(|rounds| median(&rounds.rate)).unwrap_or_default()
    };
    for ((clients, name), rounds) in &found {
        let cost = median(&rounds.cost).unwrap_or_default();
        table.row([
            clients.to_string(),
            (*name).to_owned(),
            rounds.rate.len().to_string(),
            format!("{:.0}", rate_of(*clients, name)),
            time(median(&rounds.p50).unwrap_or_default()),
            time(median(&rounds.p99).unwrap_or_default()),
            format!("{cost:.1} µs"),
            format!("{:.2}", raw / cost),
            format!("{:.2}", rate_of(*clients, STRONGROOM) / rate_of(*clients, name)),
        ]);
    }
    Ok(table)
}

/// Microseconds of processor time that one signature takes of the library, on one thread.
fn library(key: SigningKey, length: Duration) -> Result<f64> {
    let digest = digest(&SHA256, b"what is signed");
    match key {
        SigningKey::Rsa2048 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
            let mut signature = vec![0; pair.public_modulus_len()];
            timed(length, &digest, |digest| {
                pair.sign_digest(&RSA_PKCS1_SHA256, digest, &mut signature)?;
                Ok(())
            })
        }
        SigningKey::P256 => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
            timed(length, &digest, |digest| {
                pair.sign_digest(digest)?;
                Ok(())
            })
        }
    }
}

fn timed(length: Duration, digest: &Digest, mut sign: impl FnMut(&Digest) -> Result<()>) -> Result<f64> {
    let own = Usage(std::process::id());
    let (started, before) = (Instant::now(), own.cpu()?);
    let mut count = 0_u32;
    while started.elapsed() < length {
        for _ in 0..32 {
            sign(digest)?;
        }
        count += 32;
    }
    let spent = own.cpu()?.saturating_sub(before);
    Ok(spent.as_secs_f64() * 1e6 / f64::from(count.max(1)))
}
