//! Why a sentence is said and what to do about it: the rows of docs/troubleshooting.md and docs/api.md.
//!
//! Each crate that speaks to users writes them with [`advise!`](crate::advise) for its own error types. A variant without a
//! row does not compile; `tests/e2e/tests/docs/sentences.rs` fails on a variant that nothing makes.

use std::fmt::Write as _;

/// Where the page of every sentence lies, from the root of the repository.
pub const PAGE: &str = "docs/troubleshooting.md";

/// The cause of a sentence, and its cure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// Why it is said.
    pub cause: &'static str,
    /// What to do about it.
    pub cure: &'static str,
}

/// A function that makes the rows of one type of error: patterns of its variants, samples of them (made of the argument,
/// where there is one), the cause and the cure. Variants that have these in common share an entry, `A | B, [A, B]`, and get a
/// row each. A variant whose sentence is another type's has no sample.
#[macro_export]
macro_rules! advise {
    ($visibility:vis $rows:ident($($argument:ident: $type:ty)?): $error:ty; $($pattern:pat, [$($sample:expr),*], $cause:expr, $cure:expr;)+) => {
        $visibility fn $rows($($argument: $type)?) -> Vec<($error, $crate::advice::Advice)> {
            let advice = |error: &$error| match error {
                $($pattern => $crate::advice::Advice { cause: $cause, cure: $cure },)+
            };
            let samples: Vec<$error> = vec![$($($sample,)*)+];
            let row = |sample| {
                let advice = advice(&sample);
                (sample, advice)
            };
            samples.into_iter().map(row).collect()
        }
    };
}

/// A table in Markdown.
pub fn table<const N: usize>(head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(N));
    for row in rows {
        let cells = row.map(|cell| cell.replace('|', "\\|").replace('\n', " "));
        // A string takes whatever is written to it.
        let _ = writeln!(table, "| {} |", cells.join(" | "));
    }
    table
}

/// The page with what is between the markers of `name` made anew; none if one of them is missing.
pub fn fill(page: &str, name: &str, block: &str) -> Option<String> {
    let (before, rest) = page.split_once(&format!("<!-- {name}: generated -->\n"))?;
    let (_, after) = rest.split_once(&format!("<!-- {name}: end -->\n"))?;
    Some(format!(
        "{before}<!-- {name}: generated -->\n\n{}\n\n<!-- {name}: end -->\n{after}",
        block.trim()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::NameError;

    advise! { names(): NameError;
        NameError::Object | NameError::Vault | NameError::VaultReserved, [NameError::Object, NameError::Vault], "a", "b";
        NameError::Namespace | NameError::Version | NameError::Kind, [], "", "";
    }

    #[test]
    fn each_sample_has_the_advice_of_its_variant() {
        let advice = Advice {
            cause: "a",
            cure: "b",
        };
        assert_eq!(names(), [(NameError::Object, advice), (NameError::Vault, advice)]);
    }

    #[test]
    fn a_cell_ends_neither_its_column_nor_its_row() {
        let table = table(["x", "y"], [["a|b".to_owned(), "c\nd".to_owned()]]);
        assert_eq!(table, "| x | y |\n|---|---|\n| a\\|b | c d |\n");
    }

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let page = "a\n<!-- x: generated -->\nold\n<!-- x: end -->\nb\n";
        let made = fill(page, "x", "new\n").unwrap();
        assert_eq!(made, "a\n<!-- x: generated -->\n\nnew\n\n<!-- x: end -->\nb\n");
        assert_eq!(fill(page, "y", "new"), None);
    }
}
