//! What the demo shows: titles, commands as one would type them, and their output.

use std::{
    ffi::OsStr,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// When a command's failure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Always.
    Always,
    /// Not when it says this.
    Unless(&'static str),
}

/// Begins a part of the demo.
pub fn title(text: &str) {
    println!("\n### {text}\n");
}

/// Prints a command as one would type it, runs it with `input`, and prints what it says.
pub fn run(command: &mut Command, input: Option<&str>, shown: Shown) -> Result<String> {
    let line = typed(command, input);
    println!("$ {line}");
    command.stdin(if input.is_some() {
        Stdio::piped()
    } else {
        Stdio::null()
    });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot start {line}"))?;
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    let (text, problem) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    if !output.status.success() && !matches!(shown, Shown::Unless(known) if problem.contains(known)) {
        bail!("{line}: {}", problem.trim());
    }
    let text = text.trim_end();
    if !text.is_empty() {
        println!("{text}");
    }
    println!();
    Ok(text.to_owned())
}

fn typed(command: &Command, input: Option<&str>) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(OsStr::new("?"))
        .to_string_lossy();
    let words = command.get_args().map(|word| quoted(&word.to_string_lossy()));
    let line = std::iter::once(program.into_owned())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ");
    match input {
        Some(input) => format!("echo -n {} | {line}", quoted(input)),
        None => line,
    }
}

/// A word as a shell takes it.
pub fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,@%+".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut command = Command::new("/usr/bin/kubectl");
        command.args(["get", "pod", "it's"]);
        assert_eq!(typed(&command, None), r"kubectl get pod 'it'\''s'");
        assert_eq!(
            typed(&command, Some("a b")),
            r"echo -n 'a b' | kubectl get pod 'it'\''s'"
        );
    }

    #[test]
    fn what_a_command_says_comes_back() {
        let mut command = Command::new("cat");
        assert_eq!(run(&mut command, Some("text"), Shown::Always).unwrap(), "text");
    }

    #[test]
    fn a_failure_counts_unless_it_was_expected() {
        let fails = || {
            let mut command = Command::new("sh");
            command.args(["-c", "echo it exists already >&2; exit 1"]);
            command
        };
        assert!(
            run(&mut fails(), None, Shown::Always)
                .unwrap_err()
                .to_string()
                .contains("it exists already")
        );
        assert!(run(&mut fails(), None, Shown::Unless("exists already")).is_ok());
    }
}
