//! The tables of objects and of their versions.

use strongroom_client::vault::Deleted;
use strongroom_core::Version;

use crate::{kind::CommandKind, table, terminal};

/// Objects at `now`.
pub(super) fn narrow<K: CommandKind>(items: &[K::Item], now: i64) -> String {
    let rows: Vec<_> = items
        .iter()
        .map(|item| {
            [
                name::<K>(item),
                enabled::<K>(item),
                expires::<K>(item),
                updated::<K>(item, now),
            ]
        })
        .collect();
    table::render(["NAME", "ENABLED", "EXPIRES", "UPDATED"], &rows)
}

/// Objects with the current version of each.
pub(super) fn wide<K: CommandKind>(items: &[K::Item], versions: &[Option<Version>], now: i64) -> String {
    let known = |version: &Option<Version>| {
        version.map_or_else(|| table::UNKNOWN.to_owned(), |version| version.to_string())
    };
    let rows = items.iter().zip(versions).map(|(item, version)| {
        [
            name::<K>(item),
            known(version),
            enabled::<K>(item),
            expires::<K>(item),
            updated::<K>(item, now),
            content_type::<K>(item),
            tags::<K>(item),
        ]
    });
    let rows: Vec<_> = rows.collect();
    if K::HAS_CONTENT_TYPE {
        let header = [
            "NAME",
            "VERSION",
            "ENABLED",
            "EXPIRES",
            "UPDATED",
            "CONTENT-TYPE",
            "TAGS",
        ];
        return table::render(header, &rows);
    }
    let without = |[name, version, enabled, expires, updated, _, tags]: [String; 7]| {
        [name, version, enabled, expires, updated, tags]
    };
    let rows: Vec<_> = rows.into_iter().map(without).collect();
    table::render(
        ["NAME", "VERSION", "ENABLED", "EXPIRES", "UPDATED", "TAGS"],
        &rows,
    )
}

/// Versions of one object, of which one is marked.
pub(super) fn versions<K: CommandKind>(
    items: &[K::Item],
    is_current: impl Fn(&K::Item) -> bool,
    now: i64,
) -> String {
    let mark = |item: &K::Item| if is_current(item) { "*" } else { "" };
    let rows: Vec<_> = items
        .iter()
        .map(|item| {
            [
                version::<K>(item),
                mark(item).to_owned(),
                enabled::<K>(item),
                expires::<K>(item),
                updated::<K>(item, now),
                age(K::item_attributes(item).created, now),
            ]
        })
        .collect();
    table::render(
        ["VERSION", "CURRENT", "ENABLED", "EXPIRES", "UPDATED", "AGE"],
        &rows,
    )
}

/// Deleted objects.
pub(super) fn deleted<K: CommandKind>(items: &[Deleted<K::Item>], now: i64) -> String {
    let rows: Vec<_> = items
        .iter()
        .map(|item| {
            let until = item.scheduled_purge_date;
            [
                name::<K>(&item.object),
                age(item.deleted_date, now),
                until.map_or_else(|| table::UNKNOWN.to_owned(), table::time),
            ]
        })
        .collect();
    table::render(["NAME", "DELETED", "RECOVERABLE-UNTIL"], &rows)
}

fn name<K: CommandKind>(item: &K::Item) -> String {
    K::item_id(item).name.to_string()
}

/// The version of an item of a list of versions.
pub(super) fn version<K: CommandKind>(item: &K::Item) -> String {
    let version = K::item_id(item).version;
    version.map_or_else(|| table::UNKNOWN.to_owned(), |version| version.to_string())
}

fn enabled<K: CommandKind>(item: &K::Item) -> String {
    K::item_attributes(item).enabled.unwrap_or(true).to_string()
}

fn expires<K: CommandKind>(item: &K::Item) -> String {
    let expires = K::item_attributes(item).exp;
    expires.map_or_else(|| table::NONE.to_owned(), table::time)
}

fn updated<K: CommandKind>(item: &K::Item, now: i64) -> String {
    age(K::item_attributes(item).updated, now)
}

fn content_type<K: CommandKind>(item: &K::Item) -> String {
    K::content_type(item).map_or_else(|| table::NONE.to_owned(), terminal::field)
}

fn tags<K: CommandKind>(item: &K::Item) -> String {
    let tags = K::item_tags(item);
    if tags.is_empty() {
        return table::NONE.to_owned();
    }
    let tags: Vec<_> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    terminal::field(&tags.join(","))
}

fn age(at: Option<i64>, now: i64) -> String {
    at.map_or_else(|| table::UNKNOWN.to_owned(), |at| table::age(now - at))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use strongroom_client::vault::{Keys, Secrets, VaultKind};

    use super::*;

    fn read<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    const VERSION: &str = "0123456789abcdef0123456789abcdef";

    fn secrets() -> Vec<<Secrets as VaultKind>::Item> {
        read(json!([
            {
                "id": "https://prod.team-a.svc/secrets/db-password",
                "contentType": "text/plain", "tags": { "team": "a" },
                "attributes": { "enabled": true, "created": 0, "updated": 3_000, "exp": 86_400 },
            },
            { "id": "https://prod.team-a.svc/secrets/old", "attributes": { "enabled": false } },
        ]))
    }

    #[test]
    fn a_list_looks_like_kubectls() {
        assert_eq!(
            narrow::<Secrets>(&secrets(), 3_005),
            "NAME          ENABLED   EXPIRES                UPDATED\n\
             db-password   true      1970-01-02T00:00:00Z   5s\n\
             old           false     <none>                 <unknown>\n"
        );
    }

    #[test]
    fn a_wide_list_has_versions_and_labels() {
        let versions = [Some(VERSION.parse().unwrap()), None];
        let table = wide::<Secrets>(&secrets(), &versions, 3_005);
        let rows: Vec<Vec<_>> = table
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(
            rows,
            [
                [
                    "NAME",
                    "VERSION",
                    "ENABLED",
                    "EXPIRES",
                    "UPDATED",
                    "CONTENT-TYPE",
                    "TAGS"
                ],
                [
                    "db-password",
                    VERSION,
                    "true",
                    "1970-01-02T00:00:00Z",
                    "5s",
                    "text/plain",
                    "team=a"
                ],
                [
                    "old",
                    "<unknown>",
                    "false",
                    "<none>",
                    "<unknown>",
                    "<none>",
                    "<none>"
                ],
            ]
        );
    }

    #[test]
    fn a_wide_list_of_keys_has_no_content_types() {
        let items: Vec<<Keys as VaultKind>::Item> = read(json!([{
            "kid": "https://prod.team-a.svc/keys/signer",
            "attributes": { "enabled": true, "created": 0, "updated": 3_000, "exp": 86_400, "exportable": false },
        }]));
        let table = wide::<Keys>(&items, &[None], 3_005);
        assert!(
            table.starts_with("NAME     VERSION     ENABLED   EXPIRES"),
            "{table}"
        );
        assert!(!table.contains("CONTENT-TYPE"), "{table}");
        assert!(narrow::<Keys>(&items, 3_005).contains("1970-01-02T00:00:00Z   5s"));
    }

    #[test]
    fn the_current_version_is_marked() {
        let items: Vec<<Secrets as VaultKind>::Item> = read(json!([
            { "id": format!("https://h/secrets/db/{VERSION}"), "attributes": { "created": 3_000, "updated": 3_000 } },
            { "id": format!("https://h/secrets/db/{}", "0".repeat(32)), "attributes": { "created": 0, "updated": 0 } },
        ]));
        let table = versions::<Secrets>(&items, |item| item.attributes.created == Some(3_000), 3_005);
        let lines: Vec<_> = table.lines().collect();
        assert!(
            lines[1].starts_with(&format!("{VERSION}   *         true")),
            "{table}"
        );
        assert!(!lines[2].contains('*'), "{table}");
    }

    #[test]
    fn a_list_of_deleted_objects_says_until_when_they_can_be_recovered() {
        let items: Vec<Deleted<<Keys as VaultKind>::Item>> = read(json!([{
            "kid": "https://prod.team-a.svc/keys/signer",
            "attributes": { "enabled": true },
            "recoveryId": "https://prod.team-a.svc/deletedkeys/signer",
            "deletedDate": 60, "scheduledPurgeDate": 86_400,
        }]));
        assert_eq!(
            deleted::<Keys>(&items, 90),
            "NAME     DELETED   RECOVERABLE-UNTIL\n\
             signer   30s       1970-01-02T00:00:00Z\n"
        );
    }
}
