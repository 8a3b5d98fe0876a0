//! A page whose figures a program keeps, between two markers.

pub mod shown;

use std::{fs, path::Path};

use anyhow::{Context, Result};

/// What is between the markers of `name` in a page.
///
/// # Errors
/// The page cannot be read, or has no such markers.
pub fn get(page: &Path, name: &str) -> Result<String> {
    let text = read(page)?;
    let found = split(&text, name).map(|(_, kept, _)| kept.trim().to_owned());
    found.with_context(|| format!("{} has no markers of {name}", page.display()))
}

/// Replaces what is between the markers of `name` in a page.
///
/// # Errors
/// The page cannot be read or written, or has no such markers.
pub fn put(page: &Path, name: &str, text: &str) -> Result<()> {
    let old = read(page)?;
    let new =
        replaced(&old, name, text).with_context(|| format!("{} has no markers of {name}", page.display()))?;
    fs::write(page, new).with_context(|| format!("cannot write {}", page.display()))
}

fn read(page: &Path) -> Result<String> {
    fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))
}

fn replaced(page: &str, name: &str, text: &str) -> Option<String> {
    let (before, _, after) = split(page, name)?;
    Some(format!("{before}\n{}\n\n{after}", text.trim()))
}

/// What is before, between and behind the two markers, which are left to their sides.
fn split<'a>(page: &'a str, name: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let begin = format!("<!-- {name}: measured -->\n");
    let kept = page.find(&begin)? + begin.len();
    let (before, rest) = page.split_at_checked(kept)?;
    let (between, after) = rest.split_at_checked(rest.find(&format!("<!-- {name}: end -->"))?)?;
    Some((before, between, after))
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
        assert_eq!(split(page, "vault").unwrap().1, "old\n");
    }
}
