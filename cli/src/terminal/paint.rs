//! The words that say how it went, in colour: nothing else is coloured.

use std::borrow::Cow;

use clap::builder::styling::{AnsiColor, Style};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const DOUBTFUL: Style = AnsiColor::Yellow.on_default().bold();

/// Words at the beginning of a line.
const FIRST: [(&str, Style); 2] = [("Error:", BAD), ("Warning:", DOUBTFUL)];

/// Marks anywhere.
const MARKS: [(char, Style); 2] = [('✓', GOOD), ('✗', BAD)];

/// The text with its words in colour, where `is_on`.
pub(super) fn painted(text: Cow<'_, str>, is_on: bool) -> Cow<'_, str> {
    if !is_on {
        return text;
    }
    text.split_inclusive('\n').map(line).collect::<String>().into()
}

fn line(line: &str) -> String {
    let first = FIRST
        .iter()
        .find_map(|(word, style)| Some((word, style, line.strip_prefix(word)?)));
    let mut line = match first {
        Some((word, style, rest)) => format!("{style}{word}{style:#}{rest}"),
        None => line.to_owned(),
    };
    for (mark, style) in MARKS {
        if line.contains(mark) {
            line = line.replace(mark, &format!("{style}{mark}{style:#}"));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_marks_are_coloured_and_the_text_stays_the_same() {
        let text = "Error: no\n✓ reached\n✗ ready\nan Error: within\nWarning: old";
        let painted = painted(text.into(), true);
        assert_eq!(
            painted,
            "\u{1b}[1m\u{1b}[31mError:\u{1b}[0m no\n\u{1b}[32m✓\u{1b}[0m reached\n\u{1b}[1m\u{1b}[31m✗\u{1b}[0m ready\n\
             an Error: within\n\u{1b}[1m\u{1b}[33mWarning:\u{1b}[0m old"
        );
        assert_eq!(super::painted(text.into(), false), text);
    }
}
