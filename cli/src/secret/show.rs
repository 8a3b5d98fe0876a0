//! How secrets are printed, without their values.

use strongroom_client::vault::{DeletedSecret, SecretItem};
use strongroom_core::AccountName;

use crate::{Failure, arguments::Output, table, terminal};

/// One secret, to which `done` was done.
pub(super) fn item(item: &SecretItem, done: &str, output: Option<Output>) -> Result<(), Failure> {
    let version = item
        .id
        .version
        .map(|version| format!(", version {version}"))
        .unwrap_or_default();
    match output {
        None => print(&format!("secret/{} {done}{version}\n", item.id.name)),
        Some(Output::Name) => print(&format!("secret/{}\n", item.id.name)),
        Some(Output::Json) => json(item),
    }
}

/// A deleted secret.
pub(super) fn deleted(deleted: &DeletedSecret, output: Option<Output>) -> Result<(), Failure> {
    let purge = deleted
        .scheduled_purge_date
        .and_then(|at| jiff::Timestamp::from_second(at).ok());
    match output {
        None => print(&match purge {
            Some(at) => format!(
                "secret/{} deleted, recoverable until {at}\n",
                deleted.item.id.name
            ),
            None => format!("secret/{} deleted\n", deleted.item.id.name),
        }),
        Some(Output::Name) => print(&format!("secret/{}\n", deleted.item.id.name)),
        Some(Output::Json) => json(deleted),
    }
}

/// What `account` may list, at `now`.
pub(super) fn items(
    items: &[SecretItem],
    account: &AccountName,
    now: i64,
    output: Option<Output>,
) -> Result<(), Failure> {
    match output {
        None if items.is_empty() => {
            eprintln!("No secrets that service account {} may list.", account.path());
            Ok(())
        }
        None => print(&listing(items, now)),
        Some(Output::Name) => {
            let names = items
                .iter()
                .flat_map(|item| ["secret/", item.id.name.as_str(), "\n"]);
            print(&names.collect::<String>())
        }
        Some(Output::Json) => json(&items),
    }
}

fn listing(items: &[SecretItem], now: i64) -> String {
    let rows: Vec<_> = items
        .iter()
        .map(|item| {
            let attributes = &item.attributes;
            let age = |at: Option<i64>| at.map_or_else(|| "<unknown>".to_owned(), |at| table::age(now - at));
            [
                item.id.name.to_string(),
                attributes.enabled.unwrap_or(true).to_string(),
                item.content_type
                    .as_deref()
                    .map_or_else(|| "<none>".to_owned(), terminal::field),
                age(attributes.updated),
                age(attributes.created),
            ]
        })
        .collect();
    table::render(["NAME", "ENABLED", "CONTENT-TYPE", "UPDATED", "AGE"], &rows)
}

fn json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    print(&text)
}

fn print(text: &str) -> Result<(), Failure> {
    Ok(terminal::print(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_looks_like_kubectls() {
        let items: Vec<SecretItem> = serde_json::from_value(serde_json::json!([
            {
                "id": "https://prod.team-a.svc/secrets/db-password",
                "contentType": "text/plain",
                "attributes": { "enabled": true, "created": 0, "updated": 3_000 },
            },
            { "id": "https://prod.team-a.svc/secrets/old", "attributes": { "enabled": false } },
        ]))
        .unwrap();
        assert_eq!(
            listing(&items, 3_005),
            "NAME          ENABLED   CONTENT-TYPE   UPDATED     AGE\n\
             db-password   true      text/plain     5s          50m\n\
             old           false     <none>         <unknown>   <unknown>\n"
        );
    }
}
