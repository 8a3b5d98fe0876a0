//! Running other programs with their output kept, and errors that show its end.

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::progress::Step;

/// Lines of a failed program's output that its error carries.
const TAIL: usize = 20;

/// Runs a program to its end with its output in `log`, and shows progress meanwhile.
pub fn run_logged(command: &mut Command, log: &Path, step: &mut Step) -> Result<()> {
    let out = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot start {}", program(command)))?;
    loop {
        if let Some(status) = child.try_wait()? {
            if status.success() {
                return Ok(());
            }
            bail!(
                "{} failed ({status}); the end of {}:\n{}",
                program(command),
                log.display(),
                tail(log)
            );
        }
        step.beat();
        thread::sleep(Duration::from_millis(100));
    }
}

/// Runs a program to its end and gives its standard output.
pub fn output(command: &mut Command) -> Result<Vec<u8>> {
    command.stdin(Stdio::null());
    let output = command
        .output()
        .with_context(|| format!("cannot start {}", program(command)))?;
    checked(command, output)
}

/// Runs a program with bytes as its standard input.
pub fn feed(command: &mut Command, input: &mut dyn std::io::Read) -> Result<Vec<u8>> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot start {}", program(command)))?;
    // A program that fails early closes its end; its own message then says more than the broken pipe.
    let copied = match child.stdin.take() {
        Some(mut stdin) => std::io::copy(input, &mut stdin),
        None => Ok(0),
    };
    let output = checked(command, child.wait_with_output()?)?;
    copied.with_context(|| format!("cannot write to {}", program(command)))?;
    Ok(output)
}

/// The last lines of a file, or nothing when it cannot be read.
pub fn tail(log: &Path) -> String {
    let text = String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(TAIL);
    lines.into_iter().skip(from).collect::<Vec<_>>().join("\n")
}

fn checked(command: &Command, output: Output) -> Result<Vec<u8>> {
    if !output.status.success() {
        bail!(
            "{} failed ({}): {}",
            program(command),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(output.stdout)
}

fn program(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_shows_what_it_said() {
        let error = output(Command::new("sh").args(["-c", "echo no such thing >&2; exit 3"])).unwrap_err();
        assert!(error.to_string().contains("no such thing"), "{error}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = output(&mut Command::new("strongroom-no-such-program")).unwrap_err();
        assert!(
            error.to_string().contains("strongroom-no-such-program"),
            "{error}"
        );
    }

    #[test]
    fn input_reaches_the_program() {
        assert_eq!(
            feed(&mut Command::new("cat"), &mut &b"bytes"[..]).unwrap(),
            b"bytes"
        );
    }
}
