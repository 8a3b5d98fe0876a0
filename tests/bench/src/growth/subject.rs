//! A vault of this benchmark, with its process, and servers as clients see them.

use std::{path::Path, time::Duration};

use anyhow::Result;
use strongroom_harness::{progress::Step, workspace};

use crate::{
    api::{Api, SigningKey},
    load::{self, Call, Run, Target, Until},
    process::{Server, Usage},
    strongroom::Strongroom,
};

/// How many clients read, or use keys, at once.
pub const READERS: usize = 32;
/// How many write at once.
pub const WRITERS: usize = 64;

/// The kind of every key here but those that take long to make.
pub const KEY: SigningKey = SigningKey::P256;

/// How many writes are sent between two lines of progress.
const CHUNK: u64 = 20_000;

/// A vault, with the process that serves it.
pub struct Vault {
    /// It ends before its files go: it would write new ones.
    server: Server,
    /// Its files and surroundings.
    pub strongroom: Strongroom,
}

impl Vault {
    /// Starts one with no data, with its files below `directory`.
    pub async fn start(directory: &Path) -> Result<Self> {
        let strongroom = Strongroom::new(workspace::program("strongroom-vault")?, directory)?;
        let server = strongroom.start().await?;
        Ok(Self { server, strongroom })
    }

    /// Kills it and starts it again, with its data; also gives the time from its start to the first answer.
    pub async fn restart(self) -> Result<(Self, Duration)> {
        let Self { server, strongroom } = self;
        server.kill()?;
        let (server, took) = strongroom.restart().await?;
        Ok((Self { server, strongroom }, took))
    }

    /// The usage counters of its process.
    pub fn usage(&self) -> Usage {
        self.server.usage()
    }

    /// The vault as its clients see it, with a new token.
    pub fn subject(&self) -> Result<Subject> {
        Ok(Subject {
            target: self.strongroom.target()?,
            usage: self.usage(),
            api: Api::KeyVault,
        })
    }
}

/// A server, as clients see it.
#[derive(Clone)]
pub struct Subject {
    /// Where requests go.
    pub target: Target,
    /// What its process costs.
    pub usage: Usage,
    /// The API that it has.
    pub api: Api,
}

impl Subject {
    /// Lets `clients` send what `call` makes of each request's number.
    pub async fn run(
        &self,
        clients: usize,
        until: Until,
        call: impl Fn(u64) -> Call + Send + Sync + 'static,
    ) -> Result<Run> {
        load::run(&self.target, self.usage, clients, until, call).await
    }

    /// Sends what `call` makes of the numbers `from..to`, and says that it goes on while it takes long.
    pub async fn fill(
        &self,
        step: &mut Step,
        (from, to): (u64, u64),
        call: impl Fn(u64) -> Call + Clone + Send + Sync + 'static,
    ) -> Result<()> {
        let mut next = from;
        while next < to {
            let (first, count, call) = (next, CHUNK.min(to - next), call.clone());
            let call = move |number| call(first + number);
            self.run(WRITERS, Until::Requests(count), call).await?;
            next += count;
            step.beat();
        }
        Ok(())
    }
}
