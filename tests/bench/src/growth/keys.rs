//! Requests against stores of so many keys.

use std::time::Duration;

use anyhow::Result;
use strongroom_harness::{
    progress::Step,
    tools::{self, Store},
};

use super::{
    Args,
    footprint::{self, Footprint},
    rounds::{self, Rounds},
    subject::{KEY, READERS, Subject, Vault, WRITERS},
};
use crate::{
    api::Api,
    figures::Table,
    load::{Run, Until},
    openbao::OpenBao,
    process::Server,
};

/// What is asked.
#[derive(Debug, Clone, Copy)]
enum Request {
    Get,
    Sign,
    Create,
}

impl Request {
    const ALL: [Self; 3] = [Self::Get, Self::Sign, Self::Create];

    fn title(self) -> String {
        match self {
            Self::Get => format!("GET of a random key, {READERS} clients"),
            Self::Sign => format!("sign with a random key, ES256, {READERS} clients"),
            Self::Create => format!("create a key, {WRITERS} clients"),
        }
    }
}

/// Creates of one round at most.
const CREATES: u64 = 1_000;

/// What one server did.
#[derive(Debug, Default)]
struct Requests {
    get: Rounds,
    sign: Rounds,
    create: Rounds,
}

impl Requests {
    const fn of(&self, request: Request) -> &Rounds {
        match request {
            Request::Get => &self.get,
            Request::Sign => &self.sign,
            Request::Create => &self.create,
        }
    }
}

/// A store of so many keys, and the least one, which was measured in turn with it.
struct Size {
    keys: u64,
    grown: (Requests, Footprint),
    least: (Requests, Footprint),
    openbao: Option<Requests>,
}

/// The requests, and what the stores take.
pub async fn tables(args: &Args) -> Result<[Table; 2]> {
    let least = args.keys.first().copied().unwrap_or_default();
    let mut openbao = if args.without_openbao {
        None
    } else {
        Some(OpenBaoWithKeys::start(args).await?)
    };
    let (mut grown, mut held) = (Vault::start(&args.directory).await?, 0);
    let mut sizes = Vec::new();
    for &keys in &args.keys {
        let mut step = Step::begin(format!("A store of {keys} keys"));
        let base = Vault::start(&args.directory).await?;
        let mut of_base = Holder::new(base.subject()?, 0, least);
        let mut of_grown = Holder::new(grown.subject()?, held, keys);
        // It is filled for the least size alone, and ends behind it.
        let peer = openbao.take();
        let mut of_peer = peer
            .as_ref()
            .map(|peer| Holder::new(peer.subject.clone(), 0, least));
        let holders = [&mut of_base, &mut of_grown].into_iter().chain(&mut of_peer);
        measure(args, &mut step, holders.collect()).await?;
        let footprints;
        ([_, grown], footprints) = Footprint::of_both([base, grown], args.rounds).await?;
        let [footprint_of_base, footprint_of_grown] = footprints;
        held = keys;
        sizes.push(Size {
            keys,
            grown: (of_grown.requests, footprint_of_grown),
            least: (of_base.requests, footprint_of_base),
            openbao: of_peer.map(|holder| holder.requests),
        });
        step.done();
    }
    let stores = sizes.iter().map(|size| (size.keys, &size.grown.1, &size.least.1));
    Ok([requests(least, &sizes), footprint::table(least, stores)])
}

fn requests(least: u64, sizes: &[Size]) -> Table {
    let lead = ["request", "server", "keys"];
    let mut table = rounds::table("Stored keys", &lead, &format!("{least} keys"));
    for request in Request::ALL {
        let row = |server: &str, keys: u64, of: &Requests, base: &Requests| {
            let lead = [request.title(), server.to_owned(), keys.to_string()];
            lead.into_iter().chain(of.of(request).cells(base.of(request)))
        };
        for size in sizes {
            table.row(row("Strongroom", size.keys, &size.grown.0, &size.least.0));
        }
        for size in sizes {
            if let Some(openbao) = &size.openbao {
                table.row(row("OpenBao", size.keys, openbao, &size.least.0));
            }
        }
    }
    table
}

/// Fills every store up to its size and measures all of them in turn. The creates that are measured are the last of those
/// that fill a store, so that no store is larger than it is said to be.
async fn measure(args: &Args, step: &mut Step, mut holders: Vec<&mut Holder>) -> Result<()> {
    let rounds = args.rounds as u64;
    let mut creates = Vec::new();
    for holder in &mut holders {
        let count = creates_of_a_round(holder.held, holder.size, rounds);
        holder
            .fill(step, holder.size.saturating_sub(count * rounds))
            .await?;
        creates.push(count);
    }
    for _ in 0..rounds {
        for (holder, count) in holders.iter_mut().zip(&creates) {
            let run = holder.create(*count).await?;
            holder.requests.create.add(run);
        }
    }
    let length = Duration::from_secs(args.seconds);
    for _ in 0..rounds {
        for holder in &mut holders {
            let run = holder.get(length).await?;
            holder.requests.get.add(run);
        }
        for holder in &mut holders {
            let run = holder.sign(length).await?;
            holder.requests.sign.add(run);
        }
        step.beat();
    }
    Ok(())
}

/// How many of the keys that are missing from `held` to `size` are created while that is measured, in each round: nine tenths of
/// them at most, in all rounds together.
fn creates_of_a_round(held: u64, size: u64, rounds: u64) -> u64 {
    let missing = size.saturating_sub(held);
    (missing / 10 * 9 / rounds.max(1)).clamp(1, CREATES)
}

/// A server that holds keys.
struct Holder {
    subject: Subject,
    held: u64,
    /// How many it is to hold.
    size: u64,
    requests: Requests,
}

impl Holder {
    fn new(subject: Subject, held: u64, size: u64) -> Self {
        Self {
            subject,
            held,
            size,
            requests: Requests::default(),
        }
    }

    /// Creates keys until it holds `to`.
    async fn fill(&mut self, step: &mut Step, to: u64) -> Result<()> {
        let api = self.subject.api;
        let create = move |index| api.create_key(KEY, &name(index));
        self.subject.fill(step, (self.held, to), create).await?;
        self.held = self.held.max(to);
        Ok(())
    }

    /// Creates `count` more.
    async fn create(&mut self, count: u64) -> Result<Run> {
        let (api, from) = (self.subject.api, self.held);
        let create = move |number| api.create_key(KEY, &name(from + number));
        self.held += count;
        self.subject.run(WRITERS, Until::Requests(count), create).await
    }

    async fn get(&self, length: Duration) -> Result<Run> {
        let (api, held) = (self.subject.api, self.held);
        let get = move |_| api.get_key(&name(fastrand::u64(..held)));
        self.subject.run(READERS, Until::Elapsed(length), get).await
    }

    async fn sign(&self, length: Duration) -> Result<Run> {
        let (api, held) = (self.subject.api, self.held);
        let sign = move |number| api.sign_with(KEY, &name(fastrand::u64(..held)), number);
        self.subject.run(READERS, Until::Elapsed(length), sign).await
    }
}

fn name(index: u64) -> String {
    format!("key-{index}")
}

/// OpenBao with its transit engine.
struct OpenBaoWithKeys {
    subject: Subject,
    /// The process ends before its files go.
    _kept: (Server, OpenBao),
}

impl OpenBaoWithKeys {
    async fn start(args: &Args) -> Result<Self> {
        let step = Step::begin("Starting OpenBao");
        let store = Store::from_env()?;
        tools::install(&store, &["bao".to_owned()])?;
        let openbao = OpenBao::new(tools::program(&store, "bao")?, &args.directory)?;
        let (server, keys) = openbao.start().await?;
        openbao.enable_signing(&keys).await?;
        let subject = Subject {
            target: openbao.target(&keys)?,
            usage: server.usage(),
            api: Api::OpenBao,
        };
        step.done();
        Ok(Self {
            subject,
            _kept: (server, openbao),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn creates_that_are_measured_leave_a_tenth_to_fill_and_never_exceed_what_is_missing() {
        for (held, size, rounds, creates) in [
            (0, 1_000, 3, 300),
            (1_000, 10_000, 3, 1_000),
            (999_990, 1_000_000, 3, 3),
            (10, 11, 3, 1),
        ] {
            assert_eq!(creates_of_a_round(held, size, rounds), creates, "{held} {size}");
        }
    }
}
