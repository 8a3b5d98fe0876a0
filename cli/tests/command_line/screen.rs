//! What a person sees: on terminals of two widths, with and without colour, and in a pipe.

use std::process::{Command, Stdio};

use super::{assert_golden, strongroom, text};

/// What a terminal of so many columns gets; `script`, of util-linux, is one. Escapes are written as `\e`.
fn shown(columns: u16, no_color: bool, line: &str) -> String {
    let program = env!("CARGO_BIN_EXE_strongroom");
    let command = format!("stty cols {columns} rows 50; {program} {line}");
    let mut script = Command::new("script");
    script
        .args(["-qec", &command, "/dev/null"])
        .env_remove("NO_COLOR")
        .env("TERM", "xterm-256color")
        .env("KUBECONFIG", "/nonexistent")
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .stdin(Stdio::null());
    if no_color {
        script.env("NO_COLOR", "1");
    }
    let output = script.output().unwrap();
    text(&output.stdout)
        .replace("\r\n", "\n")
        .replace('\u{1b}', "\\e")
}

/// A line without what colours it.
fn width(line: &str) -> usize {
    let mut parts = line.split("\\e[");
    let first = parts.next().unwrap().chars().count();
    let rest = parts.map(|part| part.split_once('m').unwrap().1.chars().count());
    first + rest.sum::<usize>()
}

#[test]
fn a_screen_is_what_is_documented() {
    for (name, line) in [
        ("help", "--help"),
        ("short-help", "-h"),
        ("secret-help", "secret --help"),
        ("error", "secret list"),
        ("wrong", "secret get"),
        ("table", "config list"),
    ] {
        for columns in [80, 120] {
            let plain = shown(columns, true, line);
            assert!(!plain.contains("\\e"), "{plain}");
            for line in plain.lines() {
                assert!(width(line) <= usize::from(columns), "{columns}: {line}");
            }
            let coloured = shown(columns, false, line);
            assert_golden(&format!("screen-{name}-{columns}.txt"), &coloured);
            let mut bare = String::new();
            for (n, part) in coloured.split("\\e[").enumerate() {
                bare.push_str(if n == 0 {
                    part
                } else {
                    part.split_once('m').unwrap().1
                });
            }
            assert_eq!(bare, plain, "colour changes nothing else");
        }
    }
}

#[test]
fn a_pipe_gets_no_colour_unless_it_is_asked_for() {
    let output = strongroom(None, &["secret", "list"]);
    assert_eq!(
        text(&output.stderr),
        "Error: which vault? Give --vault NAME, or --vault NAMESPACE/NAME\n"
    );
    let output = strongroom(None, &["secret", "list", "--color", "always"]);
    assert!(text(&output.stderr).starts_with("\u{1b}[1m\u{1b}[31mError:\u{1b}[0m which vault?"));
    let output = strongroom(None, &["secret", "list", "--color", "always", "--nonsense"]);
    assert!(text(&output.stderr).contains("\u{1b}["));
    let uncoloured = shown(80, false, "secret list --color never");
    assert!(!uncoloured.contains("\\e"), "{uncoloured}");
}

#[test]
fn a_table_has_no_header_where_none_is_wanted() {
    let list = |flags: &[&str]| {
        let output = strongroom(None, &[&["config", "list"][..], flags].concat());
        text(&output.stdout).to_owned()
    };
    let (with, without) = (list(&[]), list(&["--no-headers"]));
    assert!(with.starts_with("KEY ") && without.starts_with("vault "));
    // Columns are as wide as what is in them: only the words stay the same.
    let words = |table: &str| {
        table
            .split_whitespace()
            .map(ToOwned::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(words(&with)[3..], words(&without));
}
