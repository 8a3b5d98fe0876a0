//! The page about the API: what of it the tables of this crate know, between markers in a page that people write.

mod errors;

use std::fmt::Write as _;

use strongroom_core::Operation;

use super::{
    api_version::{Stage, VERSIONS},
    route::{Segment, Shape},
    secrets,
};

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
        replaced(&page, name, block)
    })
}

fn replaced(page: &str, name: &str, block: &str) -> Option<String> {
    let (before, rest) = page.split_once(&format!("<!-- {name}: generated -->\n"))?;
    let (_, after) = rest.split_once(&format!("<!-- {name}: end -->\n"))?;
    Some(format!(
        "{before}<!-- {name}: generated -->\n\n{}\n\n<!-- {name}: end -->\n{after}",
        block.trim()
    ))
}

fn operations() -> String {
    let head = "| method and path | what it does | permission | answer | in the audit log |\n|---|---|---|---|---|\n";
    secrets::SHAPES.iter().fold(head.to_owned(), |mut table, shape| {
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
            answer(shape.operation),
            shape.operation,
        );
        table
    })
}

fn path(shape: &Shape) -> String {
    shape.path.iter().fold(String::new(), |path, segment| {
        let text = match segment {
            Segment::Word(word) => *word,
            Segment::Name => "{name}",
            Segment::Version => "{version}",
        };
        format!("{path}/{text}")
    })
}

const fn answer(operation: Operation) -> &'static str {
    if matches!(operation, Operation::SecretPurge) {
        "204"
    } else {
        "200"
    }
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

    fn kept() -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PATH);
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn the_page_is_up_to_date() {
        let kept = kept();
        let made = fill(&kept).unwrap();
        assert!(made == kept, "{PATH} is out of date: make generate");
    }

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let page = "a\n<!-- x: generated -->\nold\n<!-- x: end -->\nb\n";
        let made = replaced(page, "x", "new\n").unwrap();
        assert_eq!(made, "a\n<!-- x: generated -->\n\nnew\n\n<!-- x: end -->\nb\n");
        assert_eq!(replaced(page, "y", "new"), None);
    }

    #[test]
    fn each_operation_on_secrets_and_each_word_of_an_error_is_on_the_page() {
        let page = kept();
        for shape in secrets::SHAPES {
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
