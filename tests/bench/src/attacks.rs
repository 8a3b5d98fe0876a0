//! Honest clients of each program, alone and while one source attacks it.
//!
//! Rounds take turns: nothing else; the attack; and, as a control, a process that uses as much of the machine's processors
//! as the attacker did, and sends nothing. Attacker and control have the lowest priority, as if they were on another
//! machine. What the attack costs beyond the control is the program's own.

pub mod attacker;
mod clients;
mod measured;
mod subjects;

use std::{fs, net::Ipv4Addr, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use strongroom_harness::progress::Step;

use crate::{figures::Table, machine};
use attacker::{Kind, Plan};
use measured::Measured;
use subjects::{LARGE, Program, Subject};

/// What to measure, and how often.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How often each measurement is made; the tables have the medians.
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 4)]
    pub seconds: u64,
    /// How many secrets the vault holds.
    #[arg(long, default_value_t = 20_000)]
    pub objects: u64,
    /// Only attacks whose titles contain this.
    #[arg(long, default_value = "")]
    pub only: String,
    /// Where stores are.
    #[arg(long, default_value = "target/bench")]
    pub directory: PathBuf,
}

/// How long an attack goes on before it is measured.
const BEFORE: Duration = Duration::from_secs(3);

/// One attack on one program.
struct Case {
    program: Program,
    title: &'static str,
    kind: Kind,
    /// Whether it goes to the health port.
    is_health: bool,
    connections: usize,
}

/// More connections than each port lets one source have.
const MANY: usize = 600;
const FEW: usize = 64;
/// Backups at once (finding M7 of the review that this follows).
const BACKUPS: usize = 12;

fn cases() -> Vec<Case> {
    let strangers = [
        ("heads without bodies", Kind::NoBodies),
        ("a byte a second of bodies", Kind::SlowBodies),
        ("bodies that nobody asked for", Kind::UnreadBodies),
        ("half heads", Kind::HalfHeads),
        ("HTTP/2 window 0", Kind::Window0),
        ("answers left in the kernel", Kind::Deaf),
    ];
    let mut cases = Vec::new();
    for program in [Program::Vault, Program::Identity] {
        cases.extend(strangers.map(|(title, kind)| Case {
            program,
            title,
            kind,
            is_health: false,
            connections: MANY,
        }));
        if program == Program::Vault {
            cases.push(Case {
                program,
                title: "12 backups at once, 500 versions of 25 KB",
                kind: Kind::Backups,
                is_health: false,
                connections: BACKUPS,
            });
        }
    }
    for program in [
        Program::Vault,
        Program::Identity,
        Program::Operator,
        Program::NodeDriver,
    ] {
        cases.push(Case {
            program,
            title: "half heads on port 9090",
            kind: Kind::HalfHeads,
            is_health: true,
            connections: FEW,
        });
    }
    cases
}

/// Measures everything and gives the report.
pub async fn run(args: &Args) -> Result<String> {
    fs::create_dir_all(&args.directory)?;
    raise_descriptors()?;
    let head = [
        "program",
        "attack",
        "honest requests served",
        "p99 alone",
        "p99 with the control",
        "p99 attacked",
        "attacked to alone",
        "attacked to control",
        "attacker: connections a second",
        "of a core",
        "peak memory",
        "two thirds of the limit",
    ];
    let mut table = Table::new("One source attacks", &head);
    for case in cases().iter().filter(|case| case.title.contains(&args.only)) {
        let (name, limit) = case.program.name_and_limit();
        let step = Step::begin(format!("{name}: {}", case.title));
        let large = case.kind == Kind::Backups;
        let subject = Subject::start(case.program, &args.directory, args.objects, large).await?;
        let measured = Measured::of(&subject, &plan(case, &subject, args)?, args).await?;
        table.row(measured.row(name, case.title, limit));
        step.done();
    }
    Ok(format!(
        "{}\n\n{}",
        machine::describe(&args.directory),
        table.markdown()
    ))
}

fn plan(case: &Case, subject: &Subject, args: &Args) -> Result<Plan> {
    let seconds = BEFORE.as_secs() + args.seconds;
    let mut plan = Plan {
        kind: case.kind,
        address: subject.health,
        host: "health".to_owned(),
        ca: None,
        source: Ipv4Addr::new(127, 8, 0, 1),
        path: "/metrics".to_owned(),
        content_type: "application/json".to_owned(),
        token: subject.token.clone(),
        connections: case.connections,
        seconds,
    };
    if !case.is_health {
        let main = subject.main.clone().context("the program has no such port")?;
        plan.address = main.address;
        plan.host = main.host;
        plan.ca = Some(main.ca);
        main.path.clone_into(&mut plan.path);
        main.content_type.clone_into(&mut plan.content_type);
    }
    if case.kind == Kind::Backups {
        plan.path = format!("/secrets/{LARGE}/backup?api-version=2026-04-01");
    }
    Ok(plan)
}

/// As many descriptors as this process may have; those that it starts inherit them.
fn raise_descriptors() -> Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    Ok(setrlimit(Resource::Nofile, raised)?)
}
