//! What a shell offers while a command line is typed: `strongroom completion`, and the answers to the scripts that it prints.
//!
//! Nobody is asked for anything, nothing is said of failures, and no answer takes longer than [`names::BUDGET`].

mod names;
mod script;

use std::{
    env,
    ffi::{OsStr, OsString},
    process::ExitCode,
    sync::Arc,
};

use clap::{Arg, Command};
use clap_complete::{
    CompleteEnv,
    engine::{ArgValueCompleter, CompletionCandidate},
};
use strongroom_core::ObjectKind;

use crate::{
    arguments::{Arguments, CompletionArguments},
    failure::Failure,
    invocation, terminal,
};
use names::{Line, Names};

/// The variable by which a script asks; it names the shell.
const VARIABLE: &str = "COMPLETE";

/// Answers the script of a shell and ends the process, if one asks. To be called before anything else: it changes the environment,
/// which no other thread must read meanwhile.
pub fn answer() {
    CompleteEnv::with_factory(grammar).var(VARIABLE).complete();
}

/// Prints the script of a shell.
pub(crate) fn print(arguments: &CompletionArguments) -> Result<ExitCode, Failure> {
    let called = env::args_os().next();
    let text = script::of(arguments.shell, called.as_deref().map(std::path::Path::new))?;
    terminal::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// The grammar, in which names are known.
fn grammar() -> Command {
    let words = typed(env::args_os().collect(), index());
    let grammar = invocation::grammar(&words).unwrap_or_else(|_| Arguments::grammar());
    let line = Arc::new(Line::new(grammar.clone(), words));
    with_names(grammar, None, &line)
}

/// Which word is typed, where the shell says so.
fn index() -> Option<usize> {
    env::var("_CLAP_COMPLETE_INDEX").ok()?.parse().ok()
}

/// The words of the command line before the one that is typed: they follow `--`.
fn typed(words: Vec<OsString>, index: Option<usize>) -> Vec<OsString> {
    let mut words: Vec<_> = words
        .into_iter()
        .skip_while(|word| word != "--")
        .skip(1)
        .collect();
    words.truncate(index.unwrap_or_else(|| words.len().saturating_sub(1)));
    words
}

/// The command and all below it, which know the names of what its arguments name.
fn with_names(command: Command, kind: Option<ObjectKind>, line: &Arc<Line>) -> Command {
    let kind = kind_below(&command, kind);
    command
        .mut_args(|argument| match names_of(&argument, kind) {
            Some(names) => argument.add(completer(names, Arc::clone(line))),
            None => argument,
        })
        .mut_subcommands(|below| with_names(below, kind, line))
}

/// The kind of the objects that the arguments of a command name.
fn kind_below(command: &Command, kind: Option<ObjectKind>) -> Option<ObjectKind> {
    match command.get_name() {
        // Issuers are no objects.
        "issuer" => None,
        name => kind.or_else(|| kind_of(name)),
    }
}

fn kind_of(command: &str) -> Option<ObjectKind> {
    match command {
        "secret" => Some(ObjectKind::Secrets),
        "key" => Some(ObjectKind::Keys),
        "cert" => Some(ObjectKind::Certificates),
        _ => None,
    }
}

/// What an argument names.
fn names_of(argument: &Arg, kind: Option<ObjectKind>) -> Option<Names> {
    match argument.get_id().as_str() {
        "context" => Some(Names::Contexts),
        "kube_cluster" => Some(Names::Clusters),
        "kube_user" => Some(Names::Users),
        "namespace" | "release_namespace" => Some(Names::Namespaces),
        "vault" => Some(Names::Vaults),
        "service_account" => Some(Names::Accounts),
        "name" if argument.is_positional() => kind.map(Names::Objects),
        _ => None,
    }
}

fn completer(names: Names, line: Arc<Line>) -> ArgValueCompleter {
    ArgValueCompleter::new(move |typed: &OsStr| -> Vec<CompletionCandidate> {
        let Some(typed) = typed.to_str() else {
            return Vec::new();
        };
        let mut found = names::find(names, typed, &line);
        found.retain(|name| name.starts_with(typed));
        found.into_iter().map(CompletionCandidate::new).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_before_the_one_that_is_typed_are_read() {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        let all = words("/bin/strongroom -- strongroom secret get db --vault prod");
        assert_eq!(typed(all.clone(), Some(3)), words("strongroom secret get"));
        assert_eq!(typed(all, None), words("strongroom secret get db --vault"));
        assert_eq!(typed(words("strongroom"), None), Vec::<OsString>::new());
    }

    #[test]
    fn flags_and_names_of_objects_know_what_they_name() {
        fn known(command: &Command, found: &mut Vec<String>, kind: Option<ObjectKind>) {
            let kind = kind_below(command, kind);
            for argument in command.get_arguments() {
                if let Some(names) = names_of(argument, kind) {
                    found.push(format!("{} {}: {names:?}", command.get_name(), argument.get_id()));
                }
            }
            for below in command.get_subcommands() {
                known(below, found, kind);
            }
        }
        let mut found = Vec::new();
        known(&Arguments::grammar(), &mut found, None);
        for line in [
            "strongroom context: Contexts",
            "get vault: Vaults",
            "get service_account: Accounts",
            "get name: Objects(Secrets)",
            "rotate name: Objects(Keys)",
            "renew name: Objects(Certificates)",
            "check vault: Vaults",
        ] {
            assert!(found.iter().any(|known| known == line), "{line}: {found:?}");
        }
    }
}
