//! A vault on a laptop: from the start of `strongroom dev run` to the end of a program that used the vault, beside the time until
//! OpenBao's own dev mode answers. No emulator of Azure Key Vault is in a package registry that this machine reaches.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use strongroom_e2e::sdk::Tool;
use strongroom_harness::{
    progress::Step,
    tools::{self, Store},
    workspace,
};
use tempfile::TempDir;

use crate::{
    figures::{Table, median, quantile, time},
    machine,
    strongroom::free,
};

/// How long OpenBao may take.
const DEADLINE: Duration = Duration::from_mins(1);

/// How often a vault is asked whether it answers.
const ASKS: Duration = Duration::from_millis(2);

/// What to measure, and how often.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How often each program is started.
    #[arg(long, default_value_t = 20)]
    pub rounds: usize,
}

/// A program of `examples/sdk`, as the tools have it.
struct Example {
    title: &'static str,
    tool: &'static str,
    script: Option<&'static str>,
}

const EXAMPLES: [Example; 4] = [
    Example {
        title: "a program in Go",
        tool: "azure-go",
        script: None,
    },
    Example {
        title: "a program in Python",
        tool: "azure-python",
        script: Some("example.py"),
    },
    Example {
        title: "a program in JavaScript",
        tool: "azure-javascript",
        script: None,
    },
    Example {
        title: "a program in Java",
        tool: "azure-java",
        script: None,
    },
];

/// Measures everything and gives the report.
pub async fn run(args: &Args) -> Result<String> {
    let strongroom = workspace::program("strongroom")?;
    let store = Store::from_env()?;
    tools::install(&store, &["bao".to_owned()])?;
    let bao = tools::program(&store, "bao")?;
    let own = [strongroom.display().to_string(), "secret".into(), "list".into()];
    let mut programs = vec![("strongroom secret list", own.to_vec())];
    for example in &EXAMPLES {
        let tool = Tool::installed(example.tool)?;
        let script = example
            .script
            .map(|script| tool.dir.join(script).display().to_string());
        let words = std::iter::once(tool.program.display().to_string()).chain(script);
        programs.push((example.title, words.collect()));
    }
    let step = Step::begin("Starting vaults");
    let place = TempDir::new()?;
    let mut peer = Vec::new();
    let mut found: Vec<Vec<Duration>> = programs.iter().map(|_| Vec::new()).collect();
    // In turn, so that each sees the same hour of the machine.
    for _ in 0..args.rounds {
        peer.push(openbao(&bao).await?);
        for ((_, words), times) in programs.iter().zip(&mut found) {
            times.push(used(&strongroom, place.path(), words)?);
        }
    }
    step.done();
    let head = [
        "from the start to the end of",
        "runs",
        "median",
        "p90",
        "to OpenBao's first answer",
    ];
    let mut table = Table::new("A vault on a laptop", &head);
    let first = median(&peer).unwrap_or_default().as_secs_f64();
    let mut row = |title: &str, times: &[Duration]| {
        let mut sorted = times.to_vec();
        let middle = median(times).unwrap_or_default();
        table.row([
            title.to_owned(),
            times.len().to_string(),
            time(middle),
            time(quantile(&mut sorted, 0.9)),
            format!("{:.2}", middle.as_secs_f64() / first),
        ]);
    };
    row("`bao server -dev`, its first answer", &peer);
    for ((title, _), times) in programs.iter().zip(&found) {
        row(&format!("`strongroom dev run --` {title}"), times);
    }
    Ok(format!(
        "{}\n\n{}",
        machine::describe(Path::new(".")),
        table.markdown()
    ))
}

/// How long a program takes with a vault of its own, both from their start.
fn used(strongroom: &Path, place: &Path, program: &[String]) -> Result<Duration> {
    let mut command = Command::new(strongroom);
    command
        .args(["dev", "run", "--dev-dir"])
        .arg(place.join("dev"))
        .arg("--")
        .args(program)
        .stdin(Stdio::null());
    let begun = Instant::now();
    let output = command.output().context("cannot start strongroom")?;
    let elapsed = begun.elapsed();
    ensure!(
        output.status.success(),
        "{program:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(elapsed)
}

/// How long OpenBao's dev mode takes until it answers.
async fn openbao(bao: &PathBuf) -> Result<Duration> {
    let address = free()?;
    let mut command = tokio::process::Command::new(bao);
    command
        .args(["server", "-dev", "-dev-no-store-token"])
        .arg(format!("-dev-listen-address={address}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let client = reqwest::Client::builder().no_proxy().build()?;
    let begun = Instant::now();
    let mut server = command.spawn().context("cannot start bao")?;
    let url = format!("http://{address}/v1/sys/health");
    loop {
        if let Ok(answer) = client.get(&url).send().await
            && answer.status().is_success()
        {
            break;
        }
        ensure!(begun.elapsed() < DEADLINE, "bao does not answer");
        tokio::time::sleep(ASKS).await;
    }
    let elapsed = begun.elapsed();
    server.kill().await?;
    Ok(elapsed)
}
