//! Help that is read from the top: examples, then the commands by what people do. And no line is wider than a terminal.

use std::fmt::Write as _;

use clap::Command;

/// The width that every terminal has, in characters.
const WIDTH: usize = 80;

/// What `strongroom --help` begins with, under the sentence that says what the program does.
const EXAMPLES: &str = "\
Examples:
  strongroom dev run -- ./app               a vault for one program, no cluster
  strongroom config set vault team-a/prod   what --vault says from now on
  strongroom secret get db-password         one value of that vault";

/// The commands by what people do. One that is in no group is among the last.
const GROUPS: [(&str, &[&str]); 5] = [
    ("Secrets, keys and certificates", &["secret", "key", "cert"]),
    (
        "Vaults, and who may use them",
        &["vault", "policy", "ref", "audit", "token"],
    ),
    ("Where something is wrong", &["check", "debug", "report"]),
    ("Without a cluster, and for other programs", &["dev", "az-cloud"]),
    (OWN, &["config", "completion", "man", "crds", "version"]),
];

/// The last group.
const OWN: &str = "This program";

/// The grammar of the program that is called `program`, for people to read.
pub(crate) fn readable(grammar: Command, program: &str) -> Command {
    let groups = groups(&grammar);
    fitted(grammar, program, "")
        .bin_name(program)
        .override_usage(format!("{program} [OPTIONS] <COMMAND>"))
        .help_template(format!(
            "{{about}}\n\n{EXAMPLES}\n\n{{usage-heading}} {{usage}}\n\n{groups}{{all-args}}{{after-help}}"
        ))
        // The template lists them.
        .mut_subcommands(|command| command.hide(true))
}

fn groups(grammar: &Command) -> String {
    let commands: Vec<_> = grammar
        .get_subcommands()
        .filter(|command| !command.is_hide_set() && command.get_name() != "help")
        .collect();
    let width = commands.iter().map(|command| command.get_name().len()).max();
    let width = width.unwrap_or_default() + 2;
    let is_named = |name: &str| GROUPS.iter().any(|(_, names)| names.contains(&name));
    let mut text = String::new();
    for (heading, names) in GROUPS {
        let named = names
            .iter()
            .filter_map(|name| commands.iter().find(|command| command.get_name() == *name));
        let others = commands
            .iter()
            .filter(|command| heading == OWN && !is_named(command.get_name()));
        let members: Vec<_> = named.chain(others).collect();
        if members.is_empty() {
            continue;
        }
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{heading}:");
        for command in members {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            let about = wrapped(&about, WIDTH - width - 2, width + 2);
            let _ = writeln!(text, "  {:<width$}{about}", command.get_name());
        }
        text.push('\n');
    }
    text
}

/// The text in lines of at most `most` characters, of which the further ones begin with `indent` spaces.
fn wrapped(text: &str, most: usize, indent: usize) -> String {
    let mut wrapped = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if used > 0 && used + 1 + width > most {
            wrapped.push('\n');
            wrapped.extend(std::iter::repeat_n(' ', indent));
            used = 0;
        } else if used > 0 {
            wrapped.push(' ');
            used += 1;
        }
        wrapped.push_str(word);
        used += width;
    }
    wrapped
}

/// The command and all below it, whose usage is in lines that fit. Clap wraps everything else.
fn fitted(command: Command, program: &str, path: &str) -> Command {
    const HEADING: &str = "Usage: ";
    let usage = command.clone().render_usage().to_string();
    // What clap names the program here is not yet what it was called by.
    let after = usage.split_once(path).map_or("", |(_, after)| after);
    let usage = format!("{program}{path}{after}");
    let command = if !path.is_empty() && HEADING.len() + usage.chars().count() > WIDTH {
        let indent = HEADING.len() + 2;
        command.override_usage(wrapped(&usage, WIDTH - indent, indent))
    } else {
        command
    };
    command.mut_subcommands(|below| {
        let path = format!("{path} {}", below.get_name());
        fitted(below, program, &path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Arguments;

    #[test]
    fn every_command_is_in_one_group() {
        let grammar = Arguments::grammar();
        let groups = groups(&grammar);
        for command in grammar
            .get_subcommands()
            .filter(|command| command.get_name() != "help")
        {
            let line = format!("\n  {} ", command.get_name());
            assert_eq!(
                groups.matches(&line).count(),
                1,
                "{}: {groups}",
                command.get_name()
            );
        }
    }

    #[test]
    fn words_go_to_the_next_line_where_they_do_not_fit() {
        assert_eq!(wrapped("aa bb cc", 5, 3), "aa bb\n   cc");
        assert_eq!(wrapped("aaaaaaa b", 5, 1), "aaaaaaa\n b");
    }

    /// The command and all below it, on a terminal of this width.
    fn narrowed(command: Command, width: usize) -> Command {
        command
            .term_width(width)
            .mut_subcommands(|below| narrowed(below, width))
    }

    #[test]
    fn no_help_has_a_line_that_is_wider_than_its_terminal() {
        fn check(command: &mut Command, width: usize, long: bool) {
            let help = if long {
                command.render_long_help()
            } else {
                command.render_help()
            };
            for line in help.to_string().lines() {
                assert!(line.chars().count() <= width, "{}: {line}", command.get_name());
            }
            for below in command.get_subcommands_mut() {
                check(below, width, long);
            }
        }
        for width in [80, 100] {
            for program in ["strongroom", "kubectl strongroom"] {
                let mut readable = narrowed(readable(Arguments::grammar(), program), width);
                readable.build();
                check(&mut readable, width, true);
                check(&mut readable, width, false);
            }
        }
    }
}
