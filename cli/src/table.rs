//! Tables as kubectl prints them: columns by three spaces, no lines.

/// `rows` under `header`, each line ended.
pub(crate) fn render<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> String {
    let header = header.map(ToOwned::to_owned);
    let lines = || std::iter::once(&header).chain(rows);
    let mut widths = [0; N];
    for line in lines() {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for line in lines() {
        let cells: Vec<_> = line
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text.push_str(cells.join("   ").trim_end());
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
    fn ages_have_one_unit() {
        let ages: Vec<_> = [-5, 0, 119, 120, 7_199, 7_200, 172_799, 172_800]
            .into_iter()
            .map(age)
            .collect();
        assert_eq!(ages, ["0s", "0s", "119s", "2m", "119m", "2h", "47h", "2d"]);
    }
}
