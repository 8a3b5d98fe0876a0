//! What is left in the memory of the live process of values that went through it.
//!
//! Known random values are planted: secrets, private keys and certificates with several histories, tokens, the seal key. Then
//! all that the process can read is searched for each of them: as they are, reversed, in base64, in hexadecimal, in UTF-16. The
//! counts are on a page of the documentation, and a count that is greater than there fails. On the volume none may be.
//!
//! ```text
//!   history   what is planted, and what is done with it
//!   keys      private keys that are planted, and what is done with them
//!   certificates  certificates that are planted with theirs
//!   disk      the files of the vault's volume
//!   needles   forms of a value, and how often they are found    (pure)
//!   memory    the memory of another process
//!   gate      the counts on the page                            (pure)
//! ```

mod certificates;
mod disk;
mod gate;
mod history;
mod keys;
mod memory;
mod needles;

use std::{fs, path::PathBuf, time::Duration};

use anyhow::Result;
use strongroom_harness::{page, progress::Step, workspace};
use strongroom_testing::{
    Process, Program,
    vault::{ALL, CERTIFICATES, KEYS, allow},
};
use tokio::time::sleep;

use self::{
    gate::{Copies, Counts},
    history::{After, Clients},
    needles::{Form, Needles},
};
use crate::report::Report;

/// How many characters the signature of a token has.
const SIGNATURE: usize = 86;

/// The name of the markers on the page.
const MARKERS: &str = "residue";

/// How it is searched.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// How long the process is left alone before the second search, in seconds.
    #[arg(long, default_value_t = 30)]
    pub idle: u64,
    /// Puts the counts on the page instead of comparing them with it.
    #[arg(long)]
    pub write: bool,
}

impl Default for Args {
    fn default() -> Self {
        Self {
            idle: 30,
            write: false,
        }
    }
}

/// Searches the vault that Cargo built beside this program.
pub async fn run(args: &Args) -> Result<Report> {
    run_with(args, workspace::program("strongroom-vault")?).await
}

/// The same for any program.
pub async fn run_with(args: &Args, vault: PathBuf) -> Result<Report> {
    let step = Step::begin("Searching the memory of the vault for planted values");
    let program = Program::new(vault, &[]).await;
    let planted = Planted::new();
    fs::write(program.files.path("seal/key"), planted.seal_key)?;
    let (process, _) = program.start().await;
    program
        .allow(
            1,
            vec![
                allow("admins", "team-a/admin", &["*"], ALL),
                allow("officers", "team-a/admin", &["*"], KEYS),
                allow("managers", "team-a/admin", &["*"], CERTIFICATES),
            ],
        )
        .await;
    let mut clients = Clients::of(&program)?;
    let planted = planted.live(&program, &mut clients).await?;
    let at_work = search(&process, &planted)?;
    drop(clients);
    sleep(Duration::from_secs(args.idle)).await;
    let idle = search(&process, &planted)?;
    let on_disk = on_disk(&program, &planted)?;
    step.done();
    let mut report = report(args, &planted, &at_work, &idle)?;
    report.row("KiB of the volume searched", on_disk.bytes >> 10);
    for ((name, _), copies) in planted.groups.iter().zip(&on_disk.copies) {
        if copies.iter().any(|count| *count > 0) {
            report.fault(format!("{name}: it is on the volume"));
        }
    }
    Ok(report)
}

/// Values by what they are.
struct Planted {
    seal_key: [u8; 32],
    groups: Vec<(String, Vec<Vec<u8>>)>,
}

impl Planted {
    fn new() -> Self {
        let seal_key = std::array::from_fn(|_| fastrand::u8(..));
        Self {
            seal_key,
            groups: vec![("seal key".to_owned(), vec![seal_key.to_vec()])],
        }
    }

    /// Plants everything else in the process.
    async fn live(mut self, program: &Program, clients: &mut Clients) -> Result<Self> {
        let mut refused = Vec::new();
        for _ in 0..history::EACH {
            let token = program.token("team-a/admin");
            let head = token.rsplit_once('.').map_or("", |(head, _)| head);
            let signature = history::text(SIGNATURE);
            clients
                .show_refused(
                    program,
                    &format!("{head}.{}", String::from_utf8(signature.clone())?),
                )
                .await?;
            refused.push(signature);
        }
        for after in After::ALL {
            let values: Vec<_> = std::iter::repeat_with(|| history::text(history::LENGTH))
                .take(history::EACH)
                .collect();
            clients.live(program, after, &values).await?;
            self.groups.push((after.name().to_owned(), values));
        }
        for after in keys::After::ALL {
            self.groups.extend(keys::live(program, clients, after).await?);
        }
        for after in certificates::After::ALL {
            self.groups
                .extend(certificates::live(program, clients, after).await?);
        }
        let tokens = clients.tokens().map(history::signature).to_vec();
        self.groups.push(("token, accepted".to_owned(), tokens));
        self.groups.push(("token, refused".to_owned(), refused));
        Ok(self)
    }
}

/// How often each group was found in each form.
struct Search {
    copies: Vec<[usize; Form::ALL.len()]>,
    bytes: u64,
}

fn search(process: &Process, planted: &Planted) -> Result<Search> {
    let mut needles = Needles::of(planted.groups.iter().map(|(_, values)| values.as_slice()))?;
    let bytes = memory::search(process.id(), &mut needles)?;
    Ok(Search::of(planted, &needles, bytes))
}

impl Search {
    fn of(planted: &Planted, needles: &Needles, bytes: u64) -> Self {
        let found = needles.copies();
        let of = |group| Form::ALL.map(|form| found.get(&(group, form)).copied().unwrap_or_default());
        Self {
            copies: (0..planted.groups.len()).map(of).collect(),
            bytes,
        }
    }
}

/// The files of the volume.
fn on_disk(program: &Program, planted: &Planted) -> Result<Search> {
    let mut needles = Needles::of(planted.groups.iter().map(|(_, values)| values.as_slice()))?;
    let bytes = disk::search(&program.files.path("data"), &mut needles)?;
    Ok(Search::of(planted, &needles, bytes))
}

fn report(args: &Args, planted: &Planted, at_work: &Search, idle: &Search) -> Result<Report> {
    let mut report = Report::new("residue in the memory of the live process");
    let mut counts = Counts::new();
    for (((name, values), open), closed) in planted.groups.iter().zip(&at_work.copies).zip(&idle.copies) {
        let forms = |copies: &[usize]| {
            let named = Form::ALL.iter().zip(copies).filter(|(_, count)| **count > 0);
            let named: Vec<_> = named.map(|(form, count)| format!("{count} {form:?}")).collect();
            if named.is_empty() {
                "0".to_owned()
            } else {
                named.join(", ")
            }
        };
        let row = format!("open {}; idle {}", forms(open), forms(closed));
        report.row(format!("{name} ({} planted)", values.len()), row);
        let copies = Copies {
            at_work: open.iter().sum(),
            idle: closed.iter().sum(),
        };
        counts.insert(name.clone(), copies);
    }
    report.row(
        "MiB searched",
        format!("{}; {}", at_work.bytes >> 20, idle.bytes >> 20),
    );
    for fault in gate::unseen(keys::READY, &counts) {
        report.fault(fault);
    }
    let path = workspace::root().join("docs/security.md");
    if args.write {
        page::put(&path, MARKERS, &gate::table(&counts))?;
    } else {
        let published = gate::parse(&page::get(&path, MARKERS)?);
        for fault in gate::grown(&published, &counts) {
            report.fault(fault);
        }
    }
    Ok(report)
}
