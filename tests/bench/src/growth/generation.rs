//! Reads at a steady pace while RSA keys are made.
//!
//! Rounds take turns: the readers alone; beside clients that have one key after another made; and, as a control, beside
//! processes of the lowest priority that use as much processor time as the keys did. What the keys cost beyond the control is
//! the vault's own.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use http::{Method, StatusCode};
use serde_json::json;
use strongroom_harness::progress::Step;
use tokio::task::JoinSet;

use super::{
    Args,
    rounds::{Rounds, ratio_of},
    subject::{Subject, Vault, WRITERS},
};
use crate::{
    figures::{Table, median, time},
    identity,
    load::{Call, Run, Target, Until},
    process::{Server, own_program},
};

/// How many secrets are read.
const SECRETS: u64 = 1_000;
/// How many clients read.
const READERS: usize = 8;
/// How many requests they send in a second, all together.
const PACE: f64 = 320.0;
/// How many clients have keys made.
const MAKERS: usize = 8;
/// How long they have had keys made before that is measured.
const BEFORE: Duration = Duration::from_secs(2);
/// How long a client waits that was told to come back later.
const PAUSE: Duration = Duration::from_secs(1);

/// Whose clients have keys made: one account gets half of the places for that, two get all of them.
#[derive(Debug, Clone, Copy)]
enum Makers {
    Another,
    AnotherAndTheReaders,
}

impl Makers {
    const ALL: [Self; 2] = [Self::Another, Self::AnotherAndTheReaders];

    const fn title(self) -> &'static str {
        match self {
            Self::Another => "another account",
            Self::AnotherAndTheReaders => "another account and the readers' own",
        }
    }

    /// A target for each client.
    fn targets(self, vault: &Vault) -> Result<Vec<Target>> {
        let (other, own) = (
            vault.strongroom.target_of(identity::GREEDY)?,
            vault.strongroom.target_of(identity::CLIENT)?,
        );
        let of = |index: usize| match self {
            Self::AnotherAndTheReaders if index.is_multiple_of(2) => own.clone(),
            Self::Another | Self::AnotherAndTheReaders => other.clone(),
        };
        Ok((0..MAKERS).map(of).collect())
    }
}

/// What readers got, and what went on beside them.
#[derive(Debug, Default)]
struct Reads {
    rounds: Rounds,
    /// Keys per second, in each round.
    made: Vec<f64>,
    refused: usize,
    /// The processor time that was used beside them, in cores, in each round.
    cores: Vec<f64>,
}

impl Reads {
    fn cells(&self, beside: &str, alone: &Rounds, control: Option<&Rounds>) -> [String; 10] {
        let middle = |values: &[f64]| median(values).map_or_else(String::new, |value| format!("{value:.2}"));
        [
            beside.to_owned(),
            self.rounds.requests().to_string(),
            time(self.rounds.p50()),
            time(self.rounds.p99()),
            ratio_of(self.rounds.p50(), alone.p50()),
            ratio_of(self.rounds.p99(), alone.p99()),
            control.map_or_else(String::new, |control| ratio_of(self.rounds.p99(), control.p99())),
            middle(&self.made),
            self.refused.to_string(),
            middle(&self.cores),
        ]
    }
}

/// The table of reads.
pub async fn table(args: &Args) -> Result<Table> {
    let vault = Vault::start(&args.directory).await?;
    let subject = vault.subject()?;
    let api = subject.api;
    let write = move |index| api.set(index, index);
    subject.run(WRITERS, Until::Requests(SECRETS), write).await?;
    let head = [
        "keys are made for",
        "GET",
        "requests",
        "p50",
        "p99",
        "p50, to alone",
        "p99, to alone",
        "p99, to the control",
        "keys made a second",
        "refused",
        "cores used beside it",
    ];
    let title =
        format!("GET, {READERS} clients, {PACE:.0} a second, while {MAKERS} clients have RSA-4096 keys made");
    let mut table = Table::new(&title, &head);
    for makers in Makers::ALL {
        let mut step = Step::begin(format!("Reads while keys are made for {}", makers.title()));
        let [alone, control, made] = measured(args, &mut step, &vault, makers).await?;
        for (beside, reads, to) in [
            ("alone", &alone, None),
            ("beside the control", &control, None),
            ("beside the keys", &made, Some(&control.rounds)),
        ] {
            let cells = reads.cells(beside, &alone.rounds, to);
            table.row([makers.title().to_owned()].into_iter().chain(cells));
        }
        step.done();
    }
    Ok(table)
}

/// Alone, beside the control, and beside keys in the making.
async fn measured(args: &Args, step: &mut Step, vault: &Vault, makers: Makers) -> Result<[Reads; 3]> {
    let length = Duration::from_secs(args.generation_seconds);
    let subject = vault.subject()?;
    let [mut alone, mut control, mut beside]: [Reads; 3] = Default::default();
    for _ in 0..args.rounds {
        let quiet = read(&subject, length).await?;
        let (run, made) = read_beside(&subject, makers.targets(vault)?, length).await?;
        let cores = (cores(&run) - cores(&quiet)).max(0.0);
        alone.rounds.add(quiet);
        beside.rounds.add(run);
        beside.cores.push(cores);
        beside.made.push(f64::from(made.keys) / length.as_secs_f64());
        beside.refused += made.refused;
        let burners = Burners::start(cores)?;
        let (before, began) = (burners.cpu()?, Instant::now());
        control.rounds.add(read(&subject, length).await?);
        let spent = burners.cpu()?.saturating_sub(before);
        control
            .cores
            .push(spent.as_secs_f64() / began.elapsed().as_secs_f64());
        step.beat();
    }
    Ok([alone, control, beside])
}

/// The processor time of the vault, in cores.
fn cores(run: &Run) -> f64 {
    run.cpu.as_secs_f64() / run.elapsed.as_secs_f64()
}

async fn read(subject: &Subject, length: Duration) -> Result<Run> {
    let api = subject.api;
    let get = move |_| api.get(fastrand::u64(..SECRETS));
    subject.run(READERS, Until::Paced(length, PACE), get).await
}

/// What the clients got that have keys made, while that was measured.
#[derive(Debug, Default)]
struct Made {
    keys: u32,
    refused: usize,
}

/// Reads while each of `makers` has one key after another made. The keys that are begun by the end are waited for.
async fn read_beside(subject: &Subject, makers: Vec<Target>, length: Duration) -> Result<(Run, Made)> {
    let begins = Instant::now() + BEFORE;
    let ends = begins + length;
    let mut clients = JoinSet::new();
    for (number, target) in makers.into_iter().enumerate() {
        clients.spawn(make_keys(target, number, begins, ends));
    }
    tokio::time::sleep_until(begins.into()).await;
    let run = read(subject, length).await?;
    let mut sum = Made::default();
    while let Some(made) = clients.join_next().await {
        let made = made??;
        sum.keys += made.keys;
        sum.refused += made.refused;
    }
    Ok((run, sum))
}

/// Has one key after another made until `ends`, and counts from `begins` on.
async fn make_keys(target: Target, number: usize, begins: Instant, ends: Instant) -> Result<Made> {
    let mut connection = target.connect().await?;
    let mut made = Made::default();
    while Instant::now() < ends {
        let call = Call {
            method: Method::POST,
            path: format!("/keys/rsa-{number}/create?api-version=2026-04-01"),
            body: json!({"kty": "RSA", "key_size": 4096}).to_string().into(),
        };
        let answer = connection.send(call).await?;
        let is_counted = (begins..ends).contains(&Instant::now());
        match answer.status {
            StatusCode::OK => made.keys += u32::from(is_counted),
            StatusCode::TOO_MANY_REQUESTS => {
                made.refused += usize::from(is_counted);
                tokio::time::sleep(PAUSE).await;
            }
            other => bail!("no key was made: {other}"),
        }
    }
    Ok(made)
}

/// Processes of the lowest priority that use processor time.
struct Burners(Vec<Server>);

impl Burners {
    /// As many as it takes to use so many cores.
    fn start(cores: f64) -> Result<Self> {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the cores of one machine"
        )]
        let count = cores.ceil().max(1.0) as u32;
        let share = (cores / f64::from(count)).to_string();
        let burners = (0..count).map(|_| Server::start(own_program()?.args(["burner", &share])));
        Ok(Self(burners.collect::<Result<_>>()?))
    }

    /// The processor time that they have used.
    fn cpu(&self) -> Result<Duration> {
        self.0.iter().map(|burner| burner.usage().cpu()).sum()
    }
}
