//! How a comparison is printed.

use serde::Serialize;

use super::{
    super::{answer::warning, grants::permissions},
    access::{AccessDiff, Change, Turn},
};
use crate::{Failure, document::Document, output::AnswerOutput, printed::Printed, table, terminal};

/// A comparison for programs.
#[derive(Serialize)]
struct Content<'a> {
    /// Whether somebody may do something that they might not do before.
    widens: bool,
    items: &'a [Change],
    /// The policies that cannot be read, for which everything may widen.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    unreadable: &'a [String],
}

/// The comparison.
pub(super) fn diff(diff: &AccessDiff, output: AnswerOutput) -> Result<Printed, Failure> {
    match output {
        AnswerOutput::Json => Printed::json(&Document::of(
            "PolicyDiff",
            Content {
                widens: diff.widens(),
                items: &diff.changes,
                unreadable: &diff.unreadable,
            },
        )),
        AnswerOutput::Text => Ok(Printed::Text(text(diff))),
    }
}

fn text(diff: &AccessDiff) -> String {
    let mut text = String::new();
    if !diff.changes.is_empty() {
        let rows: Vec<_> = diff.changes.iter().map(row).collect();
        let header = ["CHANGE", "VAULT", "ACCOUNT", "OBJECTS", "PERMISSIONS", "VIA"];
        text = table::render(header, &rows);
        text.push('\n');
    }
    text.push_str(if diff.widens() {
        "Access widens.\n"
    } else if diff.changes.is_empty() {
        "No access begins or ends.\n"
    } else {
        "No access widens.\n"
    });
    for unreadable in &diff.unreadable {
        text.push_str(&warning(unreadable));
    }
    if !diff.unreadable.is_empty() {
        text.push_str("\nWhat it says is not known, so any change beside it is taken to widen access.\n");
    }
    text
}

fn row(change: &Change) -> [String; 6] {
    let via = change.via.join(",");
    let (turn, denied) = match change.turn {
        Turn::Begins => ("begins", "no longer denied by"),
        Turn::Ends => ("ends", "now denied by"),
    };
    let via = if change.denied_by.is_empty() {
        via
    } else {
        format!("{via} ({denied} {})", change.denied_by.join(","))
    };
    [
        turn.to_owned(),
        terminal::field(&change.vault),
        change.service_account.clone(),
        change.names.text(),
        permissions(change.permissions),
        terminal::field(&via),
    ]
}
