//! Tables as kubectl prints them: columns by three spaces, no lines.

use comfy_table::{Table, presets};

use crate::terminal;

/// What lies between two columns.
const GAP: u16 = 3;

/// `rows` under `header`, each line ended; without the header where the flags say so.
pub(crate) fn render<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> String {
    let header = (!terminal::manner().hides_headers).then(|| header.map(ToOwned::to_owned));
    layout(header.iter().chain(rows))
}

fn layout<'a, const N: usize>(lines: impl Iterator<Item = &'a [String; N]> + Clone) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    // A row is one line, so that programs find the columns of each. The last column needs no layout: it ends the line.
    let cells = |line: &'a [String; N]| line.split_last().map_or(&[][..], |(_, cells)| cells);
    for line in lines.clone() {
        table.add_row(cells(line).iter().map(|cell| cell.replace('\n', "\\u000a")));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP));
    }
    let mut laid_out = table.lines();
    let mut text = String::new();
    for line in lines {
        text.push_str(&laid_out.next().unwrap_or_default());
        text.push_str(line.last().map_or("", String::as_str));
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    text
}

/// What stands where there is nothing.
pub(crate) const NONE: &str = "<none>";

/// What stands where something is not known.
pub(crate) const UNKNOWN: &str = "<unknown>";

/// A time in seconds since 1970, in UTC.
pub(crate) fn time(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| UNKNOWN.to_owned(), |time| time.to_string())
}

/// A time that lies `seconds` back, as kubectl abbreviates it.
pub(crate) fn age(seconds: i64) -> String {
    match seconds.max(0) {
        s @ 0..120 => format!("{s}s"),
        s @ 120..7_200 => format!("{}m", s / 60),
        s @ 7_200..172_800 => format!("{}h", s / 3600),
        s => format!("{}d", s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            ["db".to_owned(), "true".to_owned()],
            ["a-long-name".to_owned(), String::new()],
        ];
        assert_eq!(
            render(["NAME", "ENABLED"], &rows),
            "NAME          ENABLED\ndb            true\na-long-name\n"
        );
    }

    #[test]
    fn characters_of_two_columns_are_counted_as_two() {
        let rows = [
            ["名前".to_owned(), "a".to_owned()],
            ["käse".to_owned(), "b".to_owned()],
        ];
        assert_eq!(render(["N", "X"], &rows), "N      X\n名前   a\nkäse   b\n");
    }

    #[test]
    fn a_row_stays_on_its_line_and_a_table_may_have_no_header() {
        let rows = [["a\nb".to_owned(), "c d".to_owned(), String::new()]];
        assert_eq!(layout(rows.iter()), "a\\u000ab   c d\n");
        assert_eq!(layout::<1>([["x".to_owned()]].iter()), "x\n");
        assert_eq!(layout::<2>([].iter()), "");
    }

    #[test]
    fn ages_have_one_unit() {
        let ages: Vec<_> = [-5, 0, 119, 120, 7_199, 7_200, 172_799, 172_800]
            .into_iter()
            .map(age)
            .collect();
        assert_eq!(ages, ["0s", "0s", "119s", "2m", "119m", "2h", "47h", "2d"]);
    }
}
