//! The rights that the command line needs, as the table of docs/install.md lists them.

use std::fs;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use strongroom_harness::workspace;

/// What stands before the table.
const MARK: &str = "<!-- rights of the command line -->";

/// The namespace that a right is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// That of the vault.
    Vault,
    /// That of the service account that a command acts as, or asks about.
    Account,
    /// That of the release.
    Release,
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    /// Where.
    pub place: Place,
    /// `VERB RESOURCE[/SUBRESOURCE]`, and the object's name where one is meant.
    pub text: String,
    /// Whether it is needed only where another one is missing.
    pub is_instead: bool,
}

impl Right {
    /// The same right as the rule of a Role, on the vault `vault` and the account `account`.
    ///
    /// # Errors
    /// The row is not of that form.
    pub fn rule(&self, vault: &str, account: &str) -> Result<Value> {
        let words: Vec<&str> = self.text.split(' ').collect();
        let (verb, resource, name) = match words.as_slice() {
            [verb, resource] => (*verb, *resource, None),
            [verb, resource, name] => (*verb, *resource, Some(*name)),
            _ => bail!("{} is no right", self.text),
        };
        let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
        let mut rule = json!({"apiGroups": [group], "resources": [resource], "verbs": [verb]});
        let name = match name {
            Some("VAULT") => Some(vault),
            Some("ACCOUNT") => Some(account),
            other => other,
        };
        if let (Some(rule), Some(name)) = (rule.as_object_mut(), name) {
            rule.insert("resourceNames".to_owned(), json!([name]));
        }
        Ok(rule)
    }

    /// What `kubectl auth can-i` would be asked.
    pub fn question(&self) -> String {
        let words: Vec<&str> = self.text.split(' ').take(2).collect();
        words.join(" ").replacen('/', " --subresource=", 1)
    }
}

/// The rows, in their order.
///
/// # Errors
/// The page has no such table.
pub fn listed() -> Result<Vec<Right>> {
    let page = fs::read_to_string(workspace::root().join("docs/install.md"))?;
    let (_, rest) = page.split_once(MARK).context("the page has no such table")?;
    let rows = rest.trim_start().lines().take_while(|line| line.starts_with('|'));
    let rights: Vec<Right> = rows.skip(2).map(right).collect::<Result<_>>()?;
    ensure!(!rights.is_empty(), "the table is empty");
    Ok(rights)
}

fn right(row: &str) -> Result<Right> {
    let mut cells = row.trim_matches('|').split('|').map(str::trim);
    let place = match cells.next() {
        Some("vault") => Place::Vault,
        Some("account") => Place::Account,
        Some("release") => Place::Release,
        other => bail!("{other:?} is no place of a right"),
    };
    let text = cells
        .next()
        .and_then(|cell| cell.strip_prefix('`')?.strip_suffix('`'));
    let what_for = cells.next().context("a row says not what for")?;
    Ok(Right {
        place,
        text: text.with_context(|| format!("no right in {row}"))?.to_owned(),
        is_instead: what_for.starts_with("instead of"),
    })
}
