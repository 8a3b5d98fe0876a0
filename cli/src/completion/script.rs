//! The scripts of the shells. What goes wrong while one asks is not shown: it would stand in the middle of a command line.

use std::{io, path::Path};

use clap_complete::env::Shells;

use super::VARIABLE;
use crate::{arguments::CompletionShell, program::Program};

/// How kubectl asks its plugins: it runs `kubectl_complete-NAME` with the words, and takes a name, a tab and what it is from each
/// line; the last line says, as in programs that use cobra, that no files are meant.
const KUBECTL: &str = "\
#!/bin/sh
# Completes `kubectl strongroom`: kubectl runs the file kubectl_complete-strongroom in the PATH.
COMPLETE=fish PROGRAM -- strongroom \"$@\" 2>/dev/null
echo :4
";

/// The script of a shell, for the program that was called by a path.
pub(super) fn of(shell: CompletionShell, called: Option<&Path>) -> io::Result<String> {
    let program = program(called);
    let (name, call, silent) = match shell {
        CompletionShell::Kubectl => return Ok(KUBECTL.replace("PROGRAM", &quoted(&program))),
        CompletionShell::Bash => ("bash", "-- \"${words[@]}\"", "2>/dev/null"),
        CompletionShell::Zsh => ("zsh", "-- \"${words[@]}\"", "2>/dev/null"),
        CompletionShell::Fish => ("fish", "(commandline --current-token)", "2>/dev/null"),
        CompletionShell::Powershell => ("powershell", "-- $args", "2>$null"),
        CompletionShell::Elvish => ("elvish", "-- $@words", "2>/dev/null"),
    };
    let known = Shells::builtins();
    let shell = known
        .completer(name)
        .ok_or_else(|| io::Error::from(io::ErrorKind::Unsupported))?;
    let mut script = Vec::new();
    let own = Program::Command.as_str();
    shell.write_registration(VARIABLE, own, own, &program, &mut script)?;
    let script = String::from_utf8(script).map_err(io::Error::other)?;
    Ok(silenced(&script, call, silent))
}

/// The program by the path that it was called by, or by its name where the shell found it in the PATH.
fn program(called: Option<&Path>) -> String {
    let path = called.filter(|path| path.components().count() > 1);
    let path = path.and_then(|path| std::path::absolute(path).ok());
    let path = path.and_then(|path| path.to_str().map(ToOwned::to_owned));
    let name = || {
        let name = called?.file_name()?.to_str()?;
        Some(name.to_owned())
    };
    path.or_else(name)
        .unwrap_or_else(|| Program::Command.as_str().to_owned())
}

fn quoted(path: &str) -> String {
    let is_plain = path
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    if is_plain {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}

/// The script, in which the call says nothing on standard error.
fn silenced(script: &str, call: &str, silent: &str) -> String {
    if script.contains(&format!("{call} {silent}")) {
        script.to_owned()
    } else {
        script.replace(call, &format!("{call} {silent}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_calls_the_program_once_and_shows_none_of_its_errors() {
        for (shell, silent) in [
            (CompletionShell::Bash, "2>/dev/null"),
            (CompletionShell::Zsh, "2>/dev/null"),
            (CompletionShell::Fish, "2>/dev/null"),
            (CompletionShell::Powershell, "2>$null"),
            (CompletionShell::Elvish, "2>/dev/null"),
            (CompletionShell::Kubectl, "2>/dev/null"),
        ] {
            let script = of(shell, Some(Path::new("/opt/bin/strongroom"))).unwrap();
            assert_eq!(script.matches("/opt/bin/strongroom").count(), 1, "{script}");
            let call = script
                .lines()
                .find(|line| line.contains(silent) && line.contains("--"));
            assert!(call.is_some(), "{script}");
        }
    }

    #[test]
    fn a_program_that_the_path_leads_to_is_called_by_its_name() {
        assert_eq!(program(Some(Path::new("strongroom"))), "strongroom");
        assert_eq!(program(None), "strongroom");
        let script = of(CompletionShell::Kubectl, Some(Path::new("kubectl-strongroom"))).unwrap();
        assert!(
            script.contains("COMPLETE=fish kubectl-strongroom -- strongroom \"$@\""),
            "{script}"
        );
        assert_eq!(quoted("/a b/c'd"), "'/a b/c'\\''d'");
    }
}
