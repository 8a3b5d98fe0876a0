//! Certificates, each with a key of its own: the vault beside OpenBao's PKI engine.

mod asked;
mod issued;

use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

use anyhow::Result;
use strongroom_harness::{
    progress::Step,
    tools::{self, Store},
    workspace,
};

use self::asked::{Asked, Signer};
use crate::{
    api::SigningKey,
    figures::{Table, median, quantile, time},
    load::{self, Target, Until},
    machine,
    openbao::OpenBao,
    process::Usage,
    strongroom::Strongroom,
};

/// How many clients ask at once.
const CLIENTS: usize = 16;

/// How the peers are called in tables.
const STRONGROOM: &str = "Strongroom";
const OPENBAO: &str = "OpenBao";

/// What to measure, and how often.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How often each measurement is made; the tables have the medians.
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// Seconds in which certificates are asked for, of each measurement.
    #[arg(long, default_value_t = 2)]
    pub seconds: u64,
    /// Where the stores are.
    #[arg(long, default_value = "target/bench")]
    pub directory: PathBuf,
}

/// A server, as clients see it.
struct Subject {
    target: Target,
    usage: Usage,
}

/// Both servers.
struct Subjects {
    vault: Subject,
    openbao: Subject,
}

/// What one server did, round by round.
#[derive(Debug, Default)]
struct Rounds {
    count: Vec<usize>,
    rate: Vec<f64>,
    cost: Vec<f64>,
    waited: Vec<Duration>,
}

impl Rounds {
    #[allow(clippy::cast_precision_loss, reason = "fewer than 2^52 certificates")]
    fn add(&mut self, count: usize, elapsed: Duration, cpu: Duration) {
        self.count.push(count);
        self.rate.push(count as f64 / elapsed.as_secs_f64());
        self.cost.push(cpu.as_secs_f64() * 1e3 / (count as f64).max(1.0));
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
    let subjects = Subjects {
        vault: Subject {
            target: strongroom.target()?,
            usage: vault.usage(),
        },
        openbao: Subject {
            target: openbao.target(&keys)?,
            usage: bao.usage(),
        },
    };
    for key in SigningKey::ALL {
        issued::set_authority(&subjects.vault.target, key).await?;
        openbao.enable_certificates(&keys, key).await?;
    }
    step.done();
    let mut report = format!("{}\n", machine::describe(&args.directory));
    for key in SigningKey::ALL {
        let step = Step::begin(format!("Certificates with {}", key.kind()));
        report.push('\n');
        report.push_str(&table(args, key, &subjects).await?.markdown());
        step.done();
    }
    Ok(report)
}

/// The servers take turns, so that each sees the same hour of the machine.
async fn table(args: &Args, key: SigningKey, subjects: &Subjects) -> Result<Table> {
    let mut found = BTreeMap::<(Signer, &str), Rounds>::new();
    for round in 0..args.rounds {
        for signer in Signer::ALL {
            let asked = Asked { key, signer };
            let prefix = format!("{}-{signer:?}-{round}", key.name());
            let of_vault = found.entry((signer, STRONGROOM)).or_default();
            measure_vault(args, &subjects.vault, asked, &prefix, of_vault).await?;
            let of_openbao = found.entry((signer, OPENBAO)).or_default();
            measure_openbao(args, &subjects.openbao, asked, &prefix, of_openbao).await?;
        }
    }
    let head = [
        "signed by",
        "server",
        "rounds",
        "certificates a round",
        "per second",
        "until it is issued, p50",
        "p99",
        "CPU per certificate",
        "rate, Strongroom to it",
    ];
    let title = format!("Certificates with keys of {}, {CLIENTS} clients", key.kind());
    let mut table = Table::new(&title, &head);
    let rate_of = |signer, name: &'static str| {
        let rounds = found.get(&(signer, name));
        rounds.and_then(|rounds| median(&rounds.rate)).unwrap_or_default()
    };
    for ((signer, name), rounds) in &found {
        let mut waited = rounds.waited.clone();
        table.row([
            signer.title().to_owned(),
            (*name).to_owned(),
            rounds.rate.len().to_string(),
            median(&rounds.count).unwrap_or_default().to_string(),
            format!("{:.1}", rate_of(*signer, name)),
            time(quantile(&mut waited, 0.5)),
            time(quantile(&mut waited, 0.99)),
            format!("{:.2} ms", median(&rounds.cost).unwrap_or_default()),
            format!("{:.2}", rate_of(*signer, STRONGROOM) / rate_of(*signer, name)),
        ]);
    }
    Ok(table)
}

async fn measure_vault(
    args: &Args,
    Subject { target, usage }: &Subject,
    asked: Asked,
    prefix: &str,
    rounds: &mut Rounds,
) -> Result<()> {
    let length = Duration::from_secs(args.seconds);
    let issued = issued::issue(target, *usage, asked, prefix, length).await?;
    rounds.add(issued.count, issued.elapsed, issued.cpu);
    let waited = issued::awaited(target, asked, &format!("{prefix}-awaited")).await?;
    rounds.waited.extend(waited);
    Ok(())
}

async fn measure_openbao(
    args: &Args,
    Subject { target, usage }: &Subject,
    asked: Asked,
    prefix: &str,
    rounds: &mut Rounds,
) -> Result<()> {
    let (length, names) = (Duration::from_secs(args.seconds), prefix.to_owned());
    let call = move |number| asked.of_openbao(&format!("{names}-{number}"));
    let run = load::run(target, *usage, CLIENTS, Until::Elapsed(length), call).await?;
    rounds.add(run.latencies.len(), run.elapsed, run.cpu);
    rounds.waited.extend(run.latencies);
    Ok(())
}
