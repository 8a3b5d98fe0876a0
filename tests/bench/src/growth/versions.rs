//! Requests for keys of so many versions.
//!
//! One store holds the keys of every number of versions, as many of each, so that nothing but that number differs; the numbers
//! take turns in every round.

mod listed;

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use http::Method;
use hyper::body::Bytes;
use strongroom_harness::progress::Step;

use super::{
    Args,
    rounds::{self, Rounds},
    subject::{KEY, READERS, Subject, Vault},
};
use crate::{
    figures::Table,
    load::{Call, Run, Until},
};
use listed::Listed;

/// How many keys there are of each number of versions.
const KEYS: u64 = 300;
/// How many old versions sign: as many of keys with few versions as of those with many, so that the vault remembers the same
/// part of them.
const OLD: usize = 2_000;

/// What is asked.
#[derive(Debug, Clone, Copy)]
enum Request {
    Get,
    Sign,
    SignOld,
    List,
    Rotate,
}

impl Request {
    const ALL: [Self; 5] = [Self::Get, Self::Sign, Self::SignOld, Self::List, Self::Rotate];

    const fn title(self) -> &'static str {
        match self {
            Self::Get => "GET of the current version",
            Self::Sign => "sign with the current version",
            Self::SignOld => "sign with a random old version",
            Self::List => "a random page of the list of versions",
            Self::Rotate => "rotate",
        }
    }
}

/// The keys of one number of versions, and what requests for them took.
struct Family {
    versions: u64,
    listed: Arc<Listed>,
    /// By request, in the order of [`Request::ALL`].
    rounds: [Rounds; Request::ALL.len()],
}

/// The table of all requests.
pub async fn table(args: &Args) -> Result<Table> {
    let vault = Vault::start(&args.directory).await?;
    let subject = vault.subject()?;
    let mut families = Vec::new();
    for &versions in &args.versions {
        let mut step = Step::begin(format!("{KEYS} keys of {versions} versions"));
        fill(&subject, &mut step, versions).await?;
        let mut listed = Listed::default();
        let mut connection = subject.target.connect().await?;
        for index in 0..KEYS {
            listed.add(&mut connection, &name(versions, index)).await?;
            step.beat();
        }
        listed.keep_old(OLD);
        families.push(Family {
            versions,
            listed: Arc::new(listed),
            rounds: Default::default(),
        });
        step.done();
    }
    let mut step = Step::begin("Requests for keys of so many versions");
    let length = Duration::from_secs(args.seconds);
    for _ in 0..args.rounds {
        for (place, request) in Request::ALL.into_iter().enumerate() {
            for family in &mut families {
                if let Some(run) = family.run(&subject, request, length).await?
                    && let Some(rounds) = family.rounds.get_mut(place)
                {
                    rounds.add(run);
                }
            }
        }
        step.beat();
    }
    step.done();
    Ok(requests(&families))
}

fn requests(families: &[Family]) -> Table {
    let title = format!("Versions of a key, {READERS} clients over {KEYS} keys");
    let mut table = rounds::table(&title, &["request", "versions"], "the fewest");
    for (place, request) in Request::ALL.into_iter().enumerate() {
        let mut rows = families
            .iter()
            .filter_map(|family| Some((family.versions, family.rounds.get(place)?)))
            .filter(|(_, rounds)| !rounds.is_empty())
            .peekable();
        let Some((_, base)) = rows.peek().copied() else {
            continue;
        };
        for (versions, rounds) in rows {
            let lead = [request.title().to_owned(), versions.to_string()];
            table.row(lead.into_iter().chain(rounds.cells(base)));
        }
    }
    table
}

async fn fill(subject: &Subject, step: &mut Step, versions: u64) -> Result<()> {
    let api = subject.api;
    let create = move |index| api.create_key(KEY, &name(versions, index));
    subject.fill(step, (0, KEYS), create).await?;
    let rotate = move |number| rotate(versions, number % KEYS);
    subject.fill(step, (0, KEYS * (versions - 1)), rotate).await
}

impl Family {
    /// One round; none where these keys have nothing that is asked for.
    async fn run(&self, subject: &Subject, request: Request, length: Duration) -> Result<Option<Run>> {
        let (api, versions, listed) = (subject.api, self.versions, Arc::clone(&self.listed));
        let elapsed = Until::Elapsed(length);
        let any = move || name(versions, fastrand::u64(..KEYS));
        let run = match request {
            Request::Get => {
                let get = move |_| api.get_key(&any());
                subject.run(READERS, elapsed, get).await
            }
            Request::Sign => {
                let sign = move |number| api.sign_with(KEY, &any(), number);
                subject.run(READERS, elapsed, sign).await
            }
            Request::SignOld if listed.old.is_empty() => return Ok(None),
            Request::SignOld => {
                let sign = move |number| api.sign_with(KEY, one_of(&listed.old), number);
                subject.run(READERS, elapsed, sign).await
            }
            Request::List => {
                let list = move |_| Call::get(one_of(&listed.pages).to_owned());
                subject.run(READERS, elapsed, list).await
            }
            // Each key once, so that the number of versions stays about what it is.
            Request::Rotate => {
                let rotate = move |index| rotate(versions, index);
                subject.run(READERS, Until::Requests(KEYS), rotate).await
            }
        };
        run.map(Some)
    }
}

fn one_of(texts: &[String]) -> &str {
    fastrand::choice(texts).map_or("", String::as_str)
}

fn rotate(versions: u64, index: u64) -> Call {
    Call {
        method: Method::POST,
        path: format!("/keys/{}/rotate?api-version=2026-04-01", name(versions, index)),
        body: Bytes::new(),
    }
}

fn name(versions: u64, index: u64) -> String {
    format!("of-{versions}-{index}")
}
