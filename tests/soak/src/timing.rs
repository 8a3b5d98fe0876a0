//! What a caller without permission learns from the time of an answer: nothing, by a test that could find it.
//!
//! An account without any permission asks one vault over one connection for names that exist, or that are deleted, and for
//! names that never existed, in a random order. Every answer is the same refusal; the times of the two classes are
//! compared by Welch's t-test on cropped samples, as dudect does. The number of samples and the threshold are
//! fixed beforehand. The same test must find the difference for an account that may read, where there is one: so a test that
//! sees nothing is seen.
//!
//! ```text
//!   padding    the same of decryptions: what their time says of a padding
//!   welch      the comparison of two samples                  (pure)
//! ```

mod padding;
pub mod welch;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use reqwest::Method;
use serde_json::json;
use strongroom_harness::{progress::Step, workspace};
use strongroom_testing::{
    Program,
    vault::{ALL, allow},
};

use self::welch::{Comparison, THRESHOLD, compare};
use crate::{report::Report, wire::Wire};

/// Names in each class: no one name's place in any table decides.
const NAMES: usize = 64;

/// From how many samples on the smaller of the differences that are there must be found. In fewer, other work of the
/// machine can hide it.
const FINE: usize = 100_000;

/// Requests before the first that counts.
const WARM_UP: usize = 2_000;

/// How long one connection and its token are used, well within a token's life.
const ONE_TOKEN: Duration = Duration::from_mins(5);

const STRANGER: &str = "shop/stranger";
const ADMIN: &str = "team-a/admin";

/// How much is measured.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// How many requests of each class are timed in each comparison.
    #[arg(long, default_value_t = 200_000)]
    pub samples: usize,
    /// Chooses names and their order.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl Default for Args {
    fn default() -> Self {
        Self {
            samples: 200_000,
            seed: 1,
        }
    }
}

/// What happened to the names of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    There,
    Deleted,
    Missing,
}

impl Class {
    /// The names, all equally long. The classes are told apart by nothing that sorts or hashes alike.
    fn names(self, seed: u64) -> Vec<String> {
        let salt = match self {
            Self::There => 0x1111,
            Self::Deleted => 0x2222,
            Self::Missing => 0x3333,
        };
        let mut random = Rng::with_seed(seed ^ salt);
        (0..NAMES).map(|_| format!("n-{:016x}", random.u64(..))).collect()
    }
}

/// Two classes that one account asks for in one way.
struct Case {
    account: &'static str,
    method: &'static str,
    path: &'static str,
    body: &'static str,
    classes: [Class; 2],
    /// What the vault answers to each class.
    statuses: [u16; 2],
}

impl Case {
    /// A question that is refused whatever it is about.
    const fn hidden(method: &'static str, path: &'static str, body: &'static str, class: Class) -> Self {
        Self {
            account: STRANGER,
            method,
            path,
            body,
            classes: [class, Class::Missing],
            statuses: [403, 403],
        }
    }

    fn title(&self) -> String {
        let [first, second] = self.classes;
        format!(
            "{} {} by {}: {first:?} and {second:?}",
            self.method, self.path, self.account
        )
    }
}

const HIDDEN: [Case; 7] = [
    Case::hidden("GET", "/secrets/NAME", "", Class::There),
    Case::hidden("GET", "/secrets/NAME", "", Class::Deleted),
    Case::hidden("GET", "/secrets/NAME/versions", "", Class::There),
    Case::hidden("GET", "/deletedsecrets/NAME", "", Class::Deleted),
    Case::hidden("PUT", "/secrets/NAME", r#"{"value":"v"}"#, Class::There),
    Case::hidden("DELETE", "/secrets/NAME", "", Class::There),
    Case::hidden("DELETE", "/deletedsecrets/NAME", "", Class::Deleted),
];

/// Where there is a difference, for an account that may read: of the answer itself, and of nothing but the work behind
/// the same answer. A name that is there has its head opened before a version is missed in it.
const SHOWN: [Case; 2] = [
    Case {
        account: ADMIN,
        method: "GET",
        path: "/secrets/NAME",
        body: "",
        classes: [Class::There, Class::Missing],
        statuses: [200, 404],
    },
    Case {
        account: ADMIN,
        method: "GET",
        path: "/secrets/NAME/00000000000000000000000000000000",
        body: "",
        classes: [Class::There, Class::Missing],
        statuses: [404, 404],
    },
];

/// Measures the vault that Cargo built beside this program.
pub async fn run(args: &Args) -> Result<Report> {
    run_with(args, workspace::program("strongroom-vault")?).await
}

/// The same for any program.
pub async fn run_with(args: &Args, vault: PathBuf) -> Result<Report> {
    let step = Step::begin(format!(
        "Timing {} answers of each class in {} comparisons, seed {}",
        args.samples,
        HIDDEN.len() + SHOWN.len(),
        args.seed
    ));
    // One account reads more in minutes than the log would take of it within ten.
    let options = ["--account-rate", "1000000", "--audit-least-age", "1"];
    let program = Program::new(vault, &options).await;
    let (process, _) = program.start().await;
    program.allow(1, vec![allow("admins", ADMIN, &["*"], ALL)]).await;
    fill(&program, args.seed).await?;
    let args = args.clone();
    let report = tokio::task::spawn_blocking(move || {
        let report = measure(&args, &program);
        drop(process);
        report
    });
    let report = report.await??;
    step.done();
    Ok(report)
}

/// Sets what is to be there, and deletes what is to be deleted.
async fn fill(program: &Program, seed: u64) -> Result<()> {
    let (client, token) = (program.client(), program.token(ADMIN));
    let ask = async |method: Method, name: &str| {
        let request = client
            .request(method.clone(), program.url(&format!("/secrets/{name}")))
            .bearer_auth(&token);
        let request = if method == Method::PUT {
            request.json(&json!({"value": "v"}))
        } else {
            request
        };
        request.send().await?.error_for_status()
    };
    for name in Class::There.names(seed) {
        ask(Method::PUT, &name).await?;
    }
    for name in Class::Deleted.names(seed) {
        ask(Method::PUT, &name).await?;
        ask(Method::DELETE, &name).await?;
    }
    Ok(())
}

fn measure(args: &Args, program: &Program) -> Result<Report> {
    let mut report = Report::new(format!(
        "equal times, {} samples of each class, threshold {THRESHOLD}, seed {}",
        args.samples, args.seed
    ));
    let mut judge = Judge(&mut report);
    for case in &HIDDEN {
        judge.note(&case.title(), &sample(args, program, case)?, None);
    }
    for (number, case) in SHOWN.iter().enumerate() {
        // The first is so great that a few samples show it.
        let samples = if number == 0 { FINE } else { args.samples };
        judge.note(&case.title(), &sample(args, program, case)?, Some(samples));
    }
    padding::measure(&mut judge, args.samples, args.seed)?;
    Ok(report)
}

/// Says what comparisons found, and what is wrong with that.
struct Judge<'a>(&'a mut Report);

impl Judge<'_> {
    /// A comparison of what must take the same time; or a control, of so many samples, in which there is a difference.
    fn note(&mut self, title: &str, found: &Comparison, control: Option<usize>) {
        let figure = figure(found);
        match control {
            None => {
                self.0.row(title, &figure);
                eprintln!("    {title}: {figure}");
                if found.differs() {
                    let fault = format!("{title}: these take different times: {figure}");
                    self.0.fault(fault);
                }
            }
            Some(samples) => {
                self.0.row(format!("control, to be found: {title}"), &figure);
                eprintln!("    control: {title}: {figure}");
                if samples >= FINE && !found.differs() {
                    self.0.fault(format!(
                        "{title}: the test does not find the difference that is there, and so shows nothing"
                    ));
                }
            }
        }
    }
}

fn figure(found: &Comparison) -> String {
    let Comparison {
        t,
        difference,
        detectable,
        crop,
    } = found;
    format!(
        "t = {t:.2} (difference {difference:.0} ns; {detectable:.0} ns would be found; lower {:.0} %)",
        crop * 100.0
    )
}

/// The requests of each class.
type Requests = [Vec<Vec<u8>>; 2];

/// A connection, and the requests of both classes with a token for it.
fn open(args: &Args, program: &Program, case: &Case) -> Result<(Wire, Requests)> {
    let wire = Wire::open(program, case.account)?;
    let requests = case.classes.map(|class| {
        let request = |name: &String| wire.request(case.method, &case.path.replace("NAME", name), case.body);
        class.names(args.seed).iter().map(request).collect()
    });
    Ok((wire, requests))
}

/// Times requests of both classes in a random order, on one connection at a time.
fn sample(args: &Args, program: &Program, case: &Case) -> Result<Comparison> {
    let (mut wire, mut requests) = open(args, program, case)?;
    let mut opened = Instant::now();
    let mut random = Rng::with_seed(args.seed);
    let mut times = [Vec::with_capacity(args.samples), Vec::with_capacity(args.samples)];
    let mut warm_up = WARM_UP.min(args.samples);
    while times.iter().any(|times| times.len() < args.samples) {
        if opened.elapsed() > ONE_TOKEN {
            (wire, requests) = open(args, program, case)?;
            (opened, warm_up) = (Instant::now(), WARM_UP.min(args.samples));
        }
        let class = usize::from(random.bool());
        let request = requests.get(class).and_then(|requests| random.choice(requests));
        let (time, status) = wire.time(request.context("no request")?)?;
        ensure!(
            case.statuses.get(class) == Some(&status),
            "{}: answered {status}",
            case.title()
        );
        if warm_up > 0 {
            warm_up -= 1;
        } else if let Some(times) = times.get_mut(class) {
            times.push(time.as_secs_f64() * 1e9);
        }
    }
    let [first, second] = times;
    compare(&first, &second).with_context(|| format!("{}: nothing to compare", case.title()))
}
