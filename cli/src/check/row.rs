//! What was looked at, a row for each.

use std::fmt::Write as _;

use serde::{Serialize, Serializer};

use crate::{terminal::field, vault::Mark};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    /// What.
    pub(super) check: String,
    /// How it is.
    #[serde(serialize_with = "word")]
    pub(super) result: Mark,
    /// What was found.
    pub(super) found: String,
    /// What to do, or which value to set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fix: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn word<S: Serializer>(mark: &Mark, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(mark.word())
}

impl Row {
    /// All is well.
    pub(super) fn good(check: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(check, Mark::Good, found, None)
    }

    /// Something is to be done.
    pub(super) fn bad(check: impl Into<String>, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(check, Mark::Bad, found, Some(fix.into()))
    }

    /// It cannot be known.
    pub(super) fn unknown(check: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(check, Mark::Unknown, found, None)
    }

    /// The same, with what to do if it is not so.
    pub(super) fn with_fix(self, fix: impl Into<String>) -> Self {
        Self {
            fix: Some(fix.into()),
            ..self
        }
    }

    fn new(check: impl Into<String>, result: Mark, found: impl Into<String>, fix: Option<String>) -> Self {
        Self {
            check: check.into(),
            result,
            found: found.into(),
            fix,
        }
    }
}

/// Everything that was looked at.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rows {
    api_version: &'static str,
    kind: &'static str,
    good: bool,
    items: Vec<Row>,
}

impl Rows {
    pub(super) fn of(items: Vec<Row>) -> Self {
        Self {
            api_version: crate::output::API_VERSION,
            kind: "CheckList",
            good: items.iter().all(|row| row.result != Mark::Bad),
            items,
        }
    }

    /// Whether nothing is wrong.
    pub(super) const fn is_good(&self) -> bool {
        self.good
    }

    /// For people: what is to be done stands below what was found.
    pub(super) fn text(&self) -> String {
        let width = self.items.iter().map(|row| row.check.chars().count());
        let width = width.max().unwrap_or_default();
        let mut text = String::new();
        for row in &self.items {
            let (check, found) = (field(&row.check), field(&row.found));
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{} {check:<width$}   {found}", row.result.sign());
            if let Some(fix) = &row.fix {
                let _ = writeln!(text, "  {:<width$}   {}", "", field(fix));
            }
        }
        let count = |mark: Mark| self.items.iter().filter(|row| row.result == mark).count();
        let _ = writeln!(
            text,
            "\n{} good, {} wrong, {} not known",
            count(Mark::Good),
            count(Mark::Bad),
            count(Mark::Unknown)
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_done_stands_below_what_was_found_and_one_wrong_row_is_enough() {
        let rows = Rows::of(vec![
            Row::good("Kubernetes", "1.36"),
            Row::bad("StorageClass", "none is the default", "make one"),
            Row::unknown("network", "cannot be known"),
        ]);
        assert!(!rows.is_good());
        assert_eq!(
            rows.text(),
            "✓ Kubernetes     1.36\n\
             ✗ StorageClass   none is the default\n                 make one\n\
             ? network        cannot be known\n\n\
             1 good, 1 wrong, 1 not known\n"
        );
        assert!(Rows::of(vec![Row::unknown("a", "b")]).is_good());
    }
}
