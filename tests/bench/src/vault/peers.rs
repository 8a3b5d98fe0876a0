//! The servers that are compared, all running at once, none working but the one that is measured.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::Command,
};

use anyhow::{Context, Result, bail};
use strongroom_harness::{
    progress::Step,
    tools::{self, Store},
    workspace,
};

use super::{Args, HOT};
use crate::{
    api::{self, Api},
    bare::{ANSWERS, Recorded},
    load::{self, Target, Until},
    openbao::{Keys, OpenBao},
    process::{Server, Usage},
    strongroom::Strongroom,
};

/// How the peers are called in tables.
pub const STRONGROOM: &str = "Strongroom";
pub const BARE: &str = "bare handler";
pub const OPENBAO: &str = "OpenBao";

/// All servers. Each process ends before its files go: it would write new ones.
pub struct Peers {
    pub vault: Server,
    pub strongroom: Strongroom,
    pub bao: Server,
    pub openbao: OpenBao,
    pub keys: Keys,
    bare: Option<(Server, Target)>,
}

/// One of them, as clients see it.
pub struct Subject {
    pub name: &'static str,
    pub target: Target,
    pub usage: Usage,
    pub api: Api,
}

impl Peers {
    /// Starts the vault and OpenBao, both empty.
    pub async fn start(args: &Args, store: &Store) -> Result<Self> {
        let step = Step::begin("Starting the servers");
        tools::install(store, &["bao".to_owned()])?;
        let strongroom = Strongroom::new(workspace::program("strongroom-vault")?, &args.directory)?;
        let vault = strongroom.start().await?;
        let openbao = OpenBao::new(tools::program(store, "bao")?, &args.directory)?;
        let (bao, keys) = openbao.start().await?;
        step.done();
        Ok(Self {
            strongroom,
            vault,
            openbao,
            bao,
            keys,
            bare: None,
        })
    }

    /// The vault and OpenBao.
    pub fn stores(&self) -> Result<[Subject; 2]> {
        Ok([
            Subject {
                name: STRONGROOM,
                target: self.strongroom.target()?,
                usage: self.vault.usage(),
                api: Api::KeyVault,
            },
            Subject {
                name: OPENBAO,
                target: self.openbao.target(&self.keys)?,
                usage: self.bao.usage(),
                api: Api::OpenBao,
            },
        ])
    }

    /// Every server that answers reads.
    pub fn readers(&self) -> Result<Vec<Subject>> {
        let mut readers = Vec::from(self.stores()?);
        if let Some((server, target)) = &self.bare {
            readers.insert(
                1,
                Subject {
                    name: BARE,
                    target: target.clone(),
                    usage: server.usage(),
                    api: Api::KeyVault,
                },
            );
        }
        Ok(readers)
    }

    /// Resident memory of the vault and OpenBao.
    pub fn memory(&self) -> Result<Vec<(&'static str, u64)>> {
        self.stores()?
            .into_iter()
            .map(|subject| Ok((subject.name, subject.usage.resident()?)))
            .collect()
    }

    /// Writes every secret once.
    pub async fn fill(&self, objects: u64) -> Result<()> {
        for subject in self.stores()? {
            fill(&subject, 0, objects).await?;
        }
        Ok(())
    }

    /// Reads every secret of the vault once, and starts the bare handler with the answers.
    pub async fn record(&mut self, args: &Args) -> Result<()> {
        let step = Step::begin("Recording the vault's answers for the bare handler");
        let directory = self.strongroom.tls();
        let mut file = std::io::BufWriter::new(fs::File::create(directory.join(ANSWERS))?);
        let mut connection = self.strongroom.target()?.connect().await?;
        for index in 0..args.objects.max(HOT) {
            let answer = connection.send(Api::KeyVault.get(index)).await?;
            let headers = answer
                .headers
                .iter()
                .filter(|(name, _)| !matches!(name.as_str(), "date" | "content-length"));
            let headers = headers.map(|(name, value)| Ok((name.to_string(), value.to_str()?.to_owned())));
            let recorded = Recorded {
                name: api::name(index),
                headers: headers.collect::<Result<_>>()?,
                body: String::from_utf8(answer.body.to_vec())?,
            };
            serde_json::to_writer(&mut file, &recorded)?;
            file.write_all(b"\n")?;
        }
        file.flush()?;
        drop(file);
        let mut server = Server::start(Command::new(std::env::current_exe()?).arg("bare").arg(&directory))?;
        let mut line = String::new();
        BufReader::new(server.stdout().context("no output")?).read_line(&mut line)?;
        let address = line.trim().parse().context("the bare handler did not start")?;
        let target = self.strongroom.target()?.at(address);
        if target.once(Api::KeyVault.get(0)).await?.body.is_empty() {
            bail!("the bare handler answers nothing");
        }
        self.bare = Some((server, target));
        step.done();
        Ok(())
    }
}

/// Writes the secrets `from..to`.
pub async fn fill(subject: &Subject, from: u64, to: u64) -> Result<()> {
    if from >= to {
        return Ok(());
    }
    let step = Step::begin(format!("Writing {} secrets to {}", to - from, subject.name));
    let api = subject.api;
    let write = move |number| api.set(from + number, number);
    let run = load::run(
        &subject.target,
        subject.usage,
        256,
        Until::Requests(to - from),
        write,
    )
    .await?;
    eprintln!("    {:.0} a second", run.rate());
    step.done();
    Ok(())
}
