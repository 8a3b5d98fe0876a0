//! What others wrote, on a terminal: shown, never obeyed. A pipe or a file gets every byte as it is.

mod manner;
mod paint;
#[cfg(unix)]
mod silence;

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{self, IsTerminal as _, Write as _},
};

use secrecy::SecretString;

pub(crate) use manner::{Color, Manner, manner, set};
use paint::painted;

/// Writes `text` to standard output.
pub(crate) fn print(text: &str) -> io::Result<()> {
    write(text, manner().color.is_on_stdout())
}

/// Writes a document to standard output, whose bytes are for programs: no colour is in it.
pub(crate) fn print_document(text: &str) -> io::Result<()> {
    write(text, false)
}

fn write(text: &str, is_painted: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let text = if out.is_terminal() {
        lines(text)
    } else {
        text.into()
    };
    out.write_all(painted(text, is_painted).as_bytes())
}

/// Writes a line to standard error, escaped in any case: a log of it is read on a terminal later.
pub(crate) fn complain(text: &str) {
    eprintln!("{}", painted(lines(text), manner().color.is_on_stderr()));
}

/// Writes a line to standard error, unless the flags ask for quiet: why there is nothing to print, or what to try next.
pub(crate) fn remark(text: &str) {
    if !manner().is_quiet {
        complain(text);
    }
}

/// Writes a line to standard error, where a person reads that and wants to: what a command waits for, or what is to be done
/// next.
pub(crate) fn tell(text: &str) {
    if io::stderr().is_terminal() {
        remark(text);
    }
}

/// Asks the person at the terminal for a password, which is not shown. Nothing where nobody is there, or the terminal cannot hide
/// it.
pub(crate) fn ask(prompt: &str) -> Option<SecretString> {
    #[cfg(unix)]
    return silence::ask(prompt);
    // It drops tabs and other control characters that are typed, and leaves copies behind: better than nothing.
    #[cfg(not(unix))]
    return rpassword::prompt_password(prompt).ok().map(SecretString::from);
}

/// Asks the person at the terminal, and gives the line that is typed. Nothing where nobody is there.
pub(crate) fn question(prompt: &str) -> Option<String> {
    if !io::stdin().is_terminal() {
        return None;
    }
    eprint!("{}", lines(prompt));
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line).ok()?;
    (read > 0).then_some(line)
}

/// One field of a line that is printed, so that it is no line of its own on a terminal.
pub(crate) fn field(text: &str) -> String {
    if io::stdout().is_terminal() {
        escaped(text, is_obeyed).into_owned()
    } else {
        text.to_owned()
    }
}

/// One field of a line that is for a terminal, or for what may be read on one later, wherever standard output leads.
pub(crate) fn shown(text: &str) -> String {
    escaped(text, is_obeyed).into_owned()
}

/// Whether a terminal shows all of a value as it is: its lines and columns are the only thing that a value may arrange.
pub(crate) fn is_plain(value: &str) -> bool {
    let value = value.replace("\r\n", "\n");
    !value.contains(|c| is_obeyed(c) && c != '\n' && c != '\t')
}

fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_obeyed(c) && c != '\n')
}

/// Escapes as JSON does, so that JSON stays the same JSON.
fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 32);
    for c in text.chars() {
        if is_escaped(c) {
            // Writing to a string cannot fail.
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown.into()
}

/// Whether a terminal does something else with it than to show it: the control characters, and those of Unicode that
/// reorder or hide what is around them (UAX 9, section 2).
const fn is_obeyed(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sets the title of the window, in the seven-bit and in the eight-bit form, and reverses a name.
    const HOSTILE: &str = "a\u{1b}]0;owned\u{7}b\u{9d}0;c\u{9c}\u{202e}txt.exe\r";

    #[test]
    fn what_a_terminal_would_obey_is_shown_and_the_rest_is_as_it_was() {
        assert_eq!(
            lines(HOSTILE),
            "a\\u001b]0;owned\\u0007b\\u009d0;c\\u009c\\u202etxt.exe\\u000d"
        );
        assert_eq!(lines("ä\n名前 🔑"), "ä\n名前 🔑");
        assert_eq!(escaped("a\nb", is_obeyed), "a\\u000ab", "a field is on one line");
    }

    #[test]
    fn json_that_is_shown_is_the_same_json() {
        let json = serde_json::to_string_pretty(&serde_json::json!({ "contentType": HOSTILE })).unwrap();
        let shown = lines(&json);
        assert!(!shown.contains(|c| is_obeyed(c) && c != '\n'), "{shown}");
        let read = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(read(&shown), read(&json));
    }

    #[test]
    fn text_of_lines_and_columns_is_plain_and_what_moves_the_cursor_is_not() {
        for plain in ["", "p4ss wörd", "-----BEGIN\r\nMII=\r\n", "a\tb\n", "名前"] {
            assert!(is_plain(plain), "{plain:?}");
        }
        for hostile in [
            HOSTILE,
            "a\rb",
            "\u{1b}[2J",
            "\u{8}",
            "\u{9b}2J",
            "\u{202e}x",
            "\0",
        ] {
            assert!(!is_plain(hostile), "{hostile:?}");
        }
    }
}
