//! From the words of the command line to a command: the defaults of the configuration first, then the grammar.

use std::{ffi::OsString, process::ExitCode};

use clap::{ColorChoice, Command, FromArgMatches as _};

use crate::{
    arguments::{Arguments, ConfigKey, Glance, readable},
    config::{self, ConfigFile, Given},
    failure::Failure,
    output::{ErrorBody, ErrorDocument},
    program::Program,
    terminal,
};

/// The exit code where the arguments are wrong.
const WRONG_ARGUMENTS: u8 = 2;

/// Commands that take no default, so that they work whatever is in the file.
const WITHOUT_DEFAULTS: [&str; 5] = ["completion", "config", "dev", "help", "man"];

/// Reads the words of the command line. Where there is nothing to run, the exit code: help was printed, or the refusal.
pub(crate) fn read(words: &[OsString], program: Program) -> Result<Arguments, ExitCode> {
    let as_document = asks_for_json(words);
    let grammar = match grammar(words) {
        Ok(grammar) => coloured(grammar, color(words)),
        Err(failure) => return Err(report(&failure, program, as_document)),
    };
    let read = grammar
        .clone()
        .bin_name(program.as_str())
        .try_get_matches_from(words)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    read.map_err(|error| {
        // For people, the same once more.
        let matches = readable(grammar, program.as_str()).try_get_matches_from(words);
        refuse(&matches.err().unwrap_or(error), as_document)
    })
}

/// The grammar, with the defaults that hold for these words.
pub(crate) fn grammar(words: &[OsString]) -> Result<Command, Failure> {
    let grammar = Arguments::grammar();
    if !ConfigFile::is_there() {
        return Ok(grammar);
    }
    let Some(glance) = Glance::at(grammar.clone(), words) else {
        return Ok(grammar);
    };
    let first = glance.path().first().map(String::as_str);
    if first.is_none_or(|first| WITHOUT_DEFAULTS.contains(&first)) {
        return Ok(grammar);
    }
    let file = ConfigFile::read()?;
    let context = glance.text("context").or_else(|| {
        let kubeconfig = glance.file("kubeconfig");
        // No kubeconfig is read for nothing.
        file.has_contexts()
            .then(|| config::current_context(kubeconfig.as_deref()))?
    });
    let given = Given {
        is_direct: glance.gives("url"),
        takes_vault: glance.knows("vault"),
        vault: glance.text("vault"),
        namespace: glance.text("namespace"),
    };
    let defaults: Vec<_> = config::chosen(file.values(context.as_deref()), &given)
        .into_iter()
        // Clap keeps defaults for as long as it runs, and there is one grammar in a process.
        .map(|(key, value)| (key, &*value.leak()))
        .collect();
    Ok(with_defaults(grammar, &defaults))
}

/// The command and all below it with defaults, which a flag and the environment win over.
fn with_defaults(command: Command, defaults: &[(ConfigKey, &'static str)]) -> Command {
    // A walk begins at a pod, whose vault is what it says.
    if command.get_name() == "debug" {
        return command;
    }
    command
        .mut_args(|argument| {
            let default = defaults.iter().find(|(key, _)| {
                // A question about an account is not asked as that account.
                key.argument() == argument.get_id().as_str()
                    && (*key != ConfigKey::Account || argument.is_global_set())
                    // What a command is about is named, and not what another one was about.
                    && !argument.is_positional()
            });
            match default {
                Some((_, value)) => argument
                    .default_value(*value)
                    .hide_default_value(true)
                    .required(false),
                None => argument,
            }
        })
        .mut_subcommands(|below| with_defaults(below, defaults))
}

/// Says why a command failed, and what to try next. Gives the exit code.
pub(crate) fn report(failure: &Failure, program: Program, as_document: bool) -> ExitCode {
    let hint = failure.hint(program);
    if as_document {
        say_document(failure.code(), failure.to_string(), hint, failure.exit_code());
    } else {
        terminal::complain(&format!("Error: {failure}"));
        if let Some(hint) = hint {
            terminal::remark(&hint);
        }
    }
    ExitCode::from(failure.exit_code())
}

/// Prints what clap says instead of a command.
fn refuse(error: &clap::Error, as_document: bool) -> ExitCode {
    if as_document && error.use_stderr() {
        let text = error.render().to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        let (message, _) = text.split_once("\n\nUsage:").unwrap_or((text, ""));
        say_document(
            "WrongArguments",
            message.trim_end().to_owned(),
            None,
            WRONG_ARGUMENTS,
        );
    } else {
        // Nothing is left to be said where the terminal is gone.
        drop(error.print());
    }
    if error.use_stderr() {
        ExitCode::from(WRONG_ARGUMENTS)
    } else {
        ExitCode::SUCCESS
    }
}

fn say_document(code: &'static str, message: String, hint: Option<String>, exit_code: u8) {
    let document = ErrorDocument {
        error: ErrorBody {
            code,
            message,
            hint,
            exit_code,
        },
    };
    // Text and numbers are always JSON.
    terminal::complain(&serde_json::to_string(&document).unwrap_or_default());
}

/// Whether errors are to be JSON, also that of a command line which cannot be read.
fn asks_for_json(words: &[OsString]) -> bool {
    let given = value_of(words, "--output", Some("-o"));
    let given = given.or_else(|| std::env::var("STRONGROOM_OUTPUT").ok());
    given.as_deref() == Some("json")
}

/// When help and refusals are coloured.
fn color(words: &[OsString]) -> ColorChoice {
    match value_of(words, "--color", None).as_deref() {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        Some(_) | None => ColorChoice::Auto,
    }
}

/// The command and all below it, which say what they say with this choice of colour.
fn coloured(command: Command, choice: ColorChoice) -> Command {
    command
        .color(choice)
        .mut_subcommands(|below| coloured(below, choice))
}

/// The value of a flag, wherever it stands before `--`.
fn value_of(words: &[OsString], long: &str, short: Option<&str>) -> Option<String> {
    let mut words = words
        .iter()
        .filter_map(|word| word.to_str())
        .take_while(|word| *word != "--");
    let value = words.find_map(|word| {
        let joined = word
            .strip_prefix(long)
            .and_then(|rest| rest.strip_prefix('='))
            .or_else(|| short.and_then(|short| word.strip_prefix(short)));
        let is_flag = word == long || Some(word) == short;
        (is_flag || joined.is_some()).then_some(joined.filter(|_| !is_flag))
    })?;
    let value = match value {
        Some(value) => value,
        None => words.next()?,
    };
    Some(value.strip_prefix('=').unwrap_or(value).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn a_flag_is_found_in_every_spelling() {
        for line in [
            "s -o json",
            "s -ojson",
            "s -o=json",
            "s --output json x",
            "s --output=json",
        ] {
            let found = value_of(&words(line), "--output", Some("-o"));
            assert_eq!(found.as_deref(), Some("json"), "{line}");
        }
        for line in ["s", "s -- -o json", "s --other json", "s --output"] {
            assert_eq!(value_of(&words(line), "--output", Some("-o")), None, "{line}");
        }
    }

    #[test]
    fn a_default_is_taken_where_a_flag_may_stand_and_gives_way_to_it() {
        let defaults = [
            (ConfigKey::Vault, "team-a/prod"),
            (ConfigKey::Account, "shop/api"),
            (ConfigKey::ReleaseNamespace, "vaults"),
        ];
        let read = |line: &str| {
            let grammar = with_defaults(Arguments::grammar(), &defaults);
            let glance = Glance::at(grammar.clone(), &words(line)).unwrap();
            let read = grammar.try_get_matches_from(words(line));
            let read = read.map_err(|error| error.to_string());
            read.map(|_| {
                ["vault", "service_account", "release_namespace"]
                    .map(|id| glance.text(id).unwrap_or_default())
            })
        };
        assert_eq!(
            read("strongroom secret list").unwrap(),
            ["team-a/prod", "shop/api", "vaults"]
        );
        assert_eq!(
            read("strongroom secret list --vault x --release-namespace y").unwrap(),
            ["x", "shop/api", "y"]
        );
        let check = "strongroom policy check --permission secrets/get";
        assert_eq!(
            read(&format!("{check} --service-account a:b")).unwrap(),
            ["team-a/prod", "a:b", "vaults"]
        );
        let refused = read(check).unwrap_err();
        assert!(
            refused.contains("--service-account") && !refused.contains("--vault"),
            "{refused}"
        );
    }
}
