//! The counts that are published, and whether they have grown.

use std::{collections::BTreeMap, fmt::Write as _};

/// How many copies there were at work, and how many later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copies {
    /// While the connections were open on which the values came and went.
    pub at_work: usize,
    /// After they were closed, and some time.
    pub idle: usize,
}

/// Copies by what was planted.
pub type Counts = BTreeMap<String, Copies>;

const HEAD: &str = "| planted | copies, connections open | copies, closed and idle |\n|---|---|---|\n";

/// The counts as the page shows them.
pub fn table(counts: &Counts) -> String {
    let mut text = HEAD.to_owned();
    for (what, Copies { at_work, idle }) in counts {
        let _ = writeln!(text, "| {what} | {at_work} | {idle} |");
    }
    text
}

/// Reads what [`table`] wrote.
pub fn parse(text: &str) -> Counts {
    let row = |line: &str| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let what = cells.next()?.to_owned();
        let at_work = cells.next()?.parse().ok()?;
        let idle = cells.next()?.parse().ok()?;
        Some((what, Copies { at_work, idle }))
    };
    text.lines().filter_map(row).collect()
}

/// What is more than the page says, or is not on it.
pub fn grown(published: &Counts, measured: &Counts) -> Vec<String> {
    let fault = |(what, now): (&String, &Copies)| {
        let Some(then) = published.get(what) else {
            return Some(format!("{what}: not on the page; run with --write"));
        };
        let more = now.at_work > then.at_work || now.idle > then.idle;
        more.then(|| format!("{what}: {now:?}, and {then:?} on the page"))
    };
    measured.iter().filter_map(fault).collect()
}

/// What ends with `control` and was not found, though it is there.
pub fn unseen(control: &str, measured: &Counts) -> Vec<String> {
    let missed = |(what, now): &(&String, &Copies)| what.ends_with(control) && now.at_work.min(now.idle) == 0;
    let missed = measured.iter().filter(missed);
    missed
        .map(|(what, now)| format!("{what}: {now:?}, so the search does not see what is there"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(at_work: usize, idle: usize) -> Counts {
        Counts::from([("purged".to_owned(), Copies { at_work, idle })])
    }

    #[test]
    fn a_table_is_read_as_it_was_written() {
        let written = counts(3, 0);
        assert_eq!(parse(&table(&written)), written);
    }

    #[test]
    fn a_control_that_is_not_found_is_a_fault() {
        assert_eq!(unseen("purged", &counts(3, 1)), Vec::<String>::new());
        assert_eq!(unseen("purged", &counts(3, 0)).len(), 1);
        assert_eq!(unseen("purged", &counts(0, 3)).len(), 1);
        assert_eq!(unseen("used", &counts(0, 0)), Vec::<String>::new());
    }

    #[test]
    fn a_count_that_grows_or_is_new_is_a_fault_and_one_that_shrinks_is_none() {
        assert_eq!(grown(&counts(3, 1), &counts(3, 1)), Vec::<String>::new());
        assert_eq!(grown(&counts(3, 1), &counts(0, 0)), Vec::<String>::new());
        assert_eq!(grown(&counts(3, 1), &counts(4, 0)).len(), 1);
        assert_eq!(grown(&counts(3, 1), &counts(0, 2)).len(), 1);
        assert_eq!(grown(&Counts::new(), &counts(0, 0)).len(), 1);
    }
}
