//! Text that others wrote, inside a sentence of ours.

/// The most characters of a quotation.
const QUOTED: usize = 512;

/// Text that others wrote, as it may stand in a message: one line of at most 512 characters that all can be seen. What would
/// move the cursor, hide text or turn its direction is a space.
pub fn quoted(text: &str) -> String {
    let is_visible = |c: char| matches!(c, '"' | '\'' | '\\') || c.escape_debug().len() == 1;
    let line: String = text
        .trim()
        .chars()
        .take(QUOTED)
        .map(|c| if is_visible(c) { c } else { ' ' })
        .collect();
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_one_line_of_what_can_be_seen() {
        for (text, shown) in [
            (
                "0/3 nodes: \"taint\" it's c:\\d",
                "0/3 nodes: \"taint\" it's c:\\d",
            ),
            (" two\nlines\r\n", "two lines"),
            ("\u{1b}[2Jgone", " [2Jgone"),
            ("a\u{202e}b\u{200b}c\u{2028}d", "a b c d"),
            ("Zürich 山", "Zürich 山"),
        ] {
            assert_eq!(quoted(text), shown, "{text:?}");
        }
        assert_eq!(quoted(&"x".repeat(9_000)).len(), QUOTED);
    }
}
