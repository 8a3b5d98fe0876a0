//! What is asked of a `strongroom dev` that runs: how it is, its end, its time, its faults, and files.

use std::{
    fmt::Write as _,
    io::IsTerminal as _,
    path::absolute,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use strongroom_dev::{
    control::{Answer, ControlError, Conversation, Order, Status},
    faults::FaultPlan,
    runs::Run,
};

use super::{
    detach::LOG,
    environment::{Running, running},
    lines::time,
};
use crate::{
    arguments::{FaultArguments, FilesArguments, Global, RunningOptions, TimeArguments},
    failure::{DevFailure, Failure},
    output::Output,
    printed::Printed,
    terminal,
};

/// How long the end of a vault may take.
const END: Duration = Duration::from_secs(30);

/// How long the directory of a run that has ended may stay; that of one that was killed does.
const CLEARED: Duration = Duration::from_secs(2);

/// How often it is looked whether it has ended.
const EVERY: Duration = Duration::from_millis(20);

fn ask(running: &Running, order: &Order) -> Result<Answer, Failure> {
    Ok(Conversation::ask(&running.run, order).map_err(DevFailure::from)?)
}

fn not_understood() -> Failure {
    DevFailure::from(ControlError::Form).into()
}

/// Says how it is.
pub(super) fn status(options: &RunningOptions, global: &Global) -> Result<ExitCode, Failure> {
    let running = running(options)?;
    let Answer::Status(status) = ask(&running, &Order::Status)? else {
        return Err(not_understood());
    };
    let printed = if global.output() == Some(Output::Json) {
        document(&running, &status)?
    } else {
        Printed::Text(sentences(&running, &status))
    };
    printed.print(&global.form())?;
    Ok(ExitCode::SUCCESS)
}

fn document(running: &Running, status: &Status) -> Result<Printed, Failure> {
    let vaults = status.vaults.iter();
    Printed::json(&json!({
        "apiVersion": crate::output::API_VERSION,
        "kind": "DevStatus",
        "url": running.url,
        "account": running.account,
        "vaults": vaults.map(|(vault, url)| json!({"vault": vault, "url": url})).collect::<Vec<_>>(),
        "time": time(status.now),
        "secondsAhead": status.ahead,
        "faults": status.faults,
        "certificateRefusals": status.distrusted,
    }))
}

fn sentences(running: &Running, status: &Status) -> String {
    let mut text = String::new();
    for (vault, url) in &status.vaults {
        let _ = writeln!(text, "{vault} is at {url}");
    }
    let _ = writeln!(text, "Programs are {}.", running.account);
    let ahead = if status.ahead > 0 {
        let (days, hours) = (status.ahead / 86_400, status.ahead % 86_400 / 3600);
        format!(", {days} days and {hours} hours ahead of this machine")
    } else {
        String::new()
    };
    let _ = writeln!(text, "The time of the vaults is {}{ahead}.", time(status.now));
    let _ = writeln!(text, "Faults: {}.", status.faults);
    if status.distrusted > 0 {
        let _ = writeln!(
            text,
            "{} times a client refused our certificate.",
            status.distrusted
        );
    }
    let log = running.run.join(LOG);
    if log.exists() {
        let _ = writeln!(text, "The requests are in {}.", log.display());
    }
    text
}

/// Ends it, and waits for that.
pub(super) fn stop(options: &RunningOptions) -> Result<ExitCode, Failure> {
    let running = running(options)?;
    let Answer::Stopping = ask(&running, &Order::Stop)? else {
        return Err(not_understood());
    };
    let begun = Instant::now();
    while Run::is_alive(&running.run) {
        if begun.elapsed() > END {
            return Err(DevFailure::NotEnded(running.url).into());
        }
        thread::sleep(EVERY);
    }
    // The lock may be the first of the directory's files to go.
    let begun = Instant::now();
    while running.run.exists() && begun.elapsed() < CLEARED {
        thread::sleep(EVERY);
    }
    terminal::tell(&format!("The vault at {} has ended.", running.url));
    Ok(ExitCode::SUCCESS)
}

/// Moves the time, and prints what it is.
pub(super) fn move_time(arguments: &TimeArguments) -> Result<ExitCode, Failure> {
    let running = running(&arguments.running)?;
    let forward = arguments.forward.as_secs();
    let now = if forward == 0 {
        match ask(&running, &Order::Status)? {
            Answer::Status(status) => status.now,
            _ => return Err(not_understood()),
        }
    } else {
        match ask(&running, &Order::Time { forward })? {
            Answer::Time { now } => now,
            _ => return Err(not_understood()),
        }
    };
    terminal::print(&format!("{}\n", time(now)))?;
    Ok(ExitCode::SUCCESS)
}

/// Makes faults, or none any more.
pub(super) fn make_faults(arguments: FaultArguments) -> Result<ExitCode, Failure> {
    let plan = FaultPlan {
        down: arguments.down.unwrap_or_default(),
        ..arguments.faults.plan()
    };
    if !plan.is_possible() {
        return Err(DevFailure::TooManyFaults.into());
    }
    let running = running(&arguments.running)?;
    match ask(&running, &Order::Faults { plan })? {
        Answer::Faults { plan } => {
            terminal::tell(&format!("Faults of {} from now on: {plan}.", running.url));
            Ok(ExitCode::SUCCESS)
        }
        _ => Err(not_understood()),
    }
}

/// Keeps files until this process, or the vault, ends.
pub(super) fn keep_files(arguments: &FilesArguments) -> Result<ExitCode, Failure> {
    let account = arguments.account().map_err(DevFailure::NoAccount)?;
    let directory = absolute(&arguments.out).map_err(|source| DevFailure::File {
        path: arguments.out.clone(),
        source,
    })?;
    let running = running(&arguments.running)?;
    let order = Order::Files {
        reference: arguments.reference.clone(),
        directory,
        account: account.map(|account| account.to_string()),
    };
    let mut conversation = Conversation::begin(&running.run, &order).map_err(DevFailure::from)?;
    while let Some(answer) = conversation.answer().map_err(DevFailure::from)? {
        match answer {
            Answer::Files => terminal::complain(&format!(
                "The files of {} are in {}, and follow the vault{}",
                arguments.reference,
                arguments.out.display(),
                if std::io::stderr().is_terminal() {
                    " until Ctrl-C."
                } else {
                    "."
                }
            )),
            Answer::Note { text } => terminal::complain(&text),
            _ => return Err(not_understood()),
        }
    }
    terminal::complain("The vault has ended; the files stay as they are.");
    Ok(ExitCode::SUCCESS)
}
