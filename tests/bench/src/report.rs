//! A page whose figures a program keeps.

use std::{fs, path::Path};

use anyhow::{Context, Result};

/// Replaces what is between the markers of `name` in a page.
pub fn put(page: &Path, name: &str, text: &str) -> Result<()> {
    let old = fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
    let new =
        replaced(&old, name, text).with_context(|| format!("{} has no markers of {name}", page.display()))?;
    fs::write(page, new).with_context(|| format!("cannot write {}", page.display()))
}

fn replaced(page: &str, name: &str, text: &str) -> Option<String> {
    let (begin, end) = (
        format!("<!-- {name}: measured -->\n"),
        format!("<!-- {name}: end -->"),
    );
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{}\n\n{end}{after}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let page = "a\n<!-- vault: measured -->\nold\n<!-- vault: end -->\nb\n";
        let new = replaced(page, "vault", "new").unwrap();
        assert_eq!(
            new,
            "a\n<!-- vault: measured -->\n\nnew\n\n<!-- vault: end -->\nb\n"
        );
        assert_eq!(replaced(page, "node", "new"), None);
    }
}
