//! The page about the API: what of it the tables of this crate know, between markers in a page that people write.

mod errors;

use std::fmt::Write as _;

use strongroom_core::advice;

use super::{
    api_version::{Stage, VERSIONS},
    kind,
    route::{Segment, Shape},
};
use crate::access::outcome::success;

/// Where the page lies, from the root of the repository.
pub const PATH: &str = "docs/api.md";

/// The page with what is between its markers made anew; none if one of them is missing.
pub fn fill(page: &str) -> Option<String> {
    let name = "db-password".parse().ok()?;
    let blocks = [
        ("operations", operations()),
        ("versions", versions()),
        ("errors", errors::table(&name)),
    ];
    blocks.iter().try_fold(page.to_owned(), |page, (name, block)| {
        advice::fill(&page, name, block)
    })
}

/// The page of every sentence with those of a vault made anew; none if a marker is missing.
pub fn fill_troubleshooting(page: &str) -> Option<String> {
    advice::fill(page, "vault", &errors::table(&"db-password".parse().ok()?))
}

fn operations() -> String {
    let head = "| method and path | what it does | permission | answer | in the audit log |\n|---|---|---|---|---|\n";
    kind::SHAPES
        .into_iter()
        .flatten()
        .fold(head.to_owned(), |mut table, shape| {
            let row = shape.operation.row();
            let permission = row
                .permission
                .map_or_else(String::new, |permission| format!("`{permission}`"));
            // A string takes whatever is written to it.
            let _ = writeln!(
                table,
                "| `{} {}` | {} | {permission} | {} | `{}` |",
                shape.verb.as_str(),
                path(shape),
                row.summary,
                success(shape.operation).status,
                shape.operation,
            );
            table
        })
}

fn path(shape: &Shape) -> String {
    shape.path.iter().fold(String::new(), |path, segment| {
        let text = match segment {
            Segment::Word(word) => *word,
            Segment::Name | Segment::NameBut(_) => "{name}",
            Segment::Version => "{version}",
            Segment::Issuer => "{issuer}",
        };
        format!("{path}/{text}")
    })
}

fn versions() -> String {
    let listed = |wanted: Stage| {
        let versions = VERSIONS.iter().filter(|(_, stage)| *stage == wanted);
        let versions: Vec<_> = versions.map(|(version, _)| format!("`{version}`")).collect();
        versions.join(", ")
    };
    format!(
        "- Out: {}.\n- Of these, and of {}, every preview: `VERSION-preview` and `VERSION-preview.NUMBER`.\n",
        listed(Stage::Stable),
        listed(Stage::Preview)
    )
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    fn kept(page: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page);
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn the_pages_are_up_to_date() {
        let api = kept(PATH);
        assert!(fill(&api).unwrap() == api, "{PATH} is out of date: make generate");
        let troubleshooting = kept(advice::PAGE);
        assert!(
            fill_troubleshooting(&troubleshooting).unwrap() == troubleshooting,
            "{} is out of date: make generate",
            advice::PAGE
        );
    }

    #[test]
    fn each_operation_and_each_word_of_an_error_is_on_the_page() {
        let page = kept(PATH);
        for shape in kind::SHAPES.into_iter().flatten() {
            assert!(
                page.contains(&format!("`{}`", shape.operation)),
                "{}",
                shape.operation
            );
        }
        let rows = page
            .lines()
            .filter(|line| line.starts_with("| 4") || line.starts_with("| 5"));
        let statuses: BTreeSet<_> = rows.filter_map(|row| row.split(' ').nth(1)).collect();
        let all = [
            "400", "401", "403", "404", "405", "408", "409", "413", "421", "429", "500", "503",
        ];
        assert_eq!(statuses, all.into());
    }
}
