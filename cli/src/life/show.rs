//! How objects are printed, without secret values.

use strongroom_client::vault::{Attributes, Deleted};
use strongroom_core::{AccountName, ObjectKind, ObjectName};

use crate::{Failure, kind::CommandKind, output::ObjectOutput, printed::Printed, table, terminal};

/// One object, to which `done` was done.
pub(crate) fn object<K: CommandKind>(
    object: &K::Object,
    done: &str,
    output: ObjectOutput,
) -> Result<Printed, Failure> {
    let id = K::object_id(object);
    match output {
        ObjectOutput::Text => {
            let version = id
                .version
                .map(|version| format!(", version {version}"))
                .unwrap_or_default();
            Ok(Printed::Done(format!(
                "{} {done}{version}\n",
                path::<K>(&id.name)
            )))
        }
        ObjectOutput::Name => Ok(names::<K>([&id.name])),
        ObjectOutput::Json => Printed::json(object),
    }
}

/// A deleted object.
pub(super) fn deleted<K: CommandKind>(
    deleted: &Deleted<K::Object>,
    output: ObjectOutput,
) -> Result<Printed, Failure> {
    let name = &K::object_id(&deleted.object).name;
    match output {
        ObjectOutput::Text => {
            let until = deleted
                .scheduled_purge_date
                .map(|at| format!(", recoverable until {}", table::time(at)))
                .unwrap_or_default();
            Ok(Printed::Done(format!("{} deleted{until}\n", path::<K>(name))))
        }
        ObjectOutput::Name => Ok(names::<K>([name])),
        ObjectOutput::Json => Printed::json(deleted),
    }
}

/// An object that is no more.
pub(super) fn purged<K: CommandKind>(name: &ObjectName, output: ObjectOutput) -> Result<Printed, Failure> {
    match output {
        ObjectOutput::Text => Ok(Printed::Done(format!("{} purged\n", path::<K>(name)))),
        ObjectOutput::Name => Ok(names::<K>([name])),
        ObjectOutput::Json => Printed::json(&serde_json::json!({ "name": name, "purged": true })),
    }
}

/// What `account` may list, at `now`.
pub(super) fn items<K: CommandKind>(
    items: &[K::Item],
    account: &AccountName,
    now: i64,
    output: ObjectOutput,
) -> Result<Printed, Failure> {
    match output {
        ObjectOutput::Text if items.is_empty() => {
            let kind = K::KIND.as_str();
            terminal::remark(&format!(
                "No {kind} that service account {} may list.",
                account.path()
            ));
            Ok(Printed::Nothing)
        }
        ObjectOutput::Text => Ok(Printed::Text(listing::<K>(items, "NAME", now, |item| {
            K::item_id(item).name.to_string()
        }))),
        ObjectOutput::Name => Ok(names::<K>(items.iter().map(|item| &K::item_id(item).name))),
        ObjectOutput::Json => Printed::list(&format!("{}List", kind::<K>()), items),
    }
}

/// The versions of `name`, at `now`.
pub(super) fn versions<K: CommandKind>(
    items: &[K::Item],
    name: &ObjectName,
    now: i64,
    output: ObjectOutput,
) -> Result<Printed, Failure> {
    let version = |item: &K::Item| {
        let version = K::item_id(item).version;
        version.map_or_else(|| table::UNKNOWN.to_owned(), |version| version.to_string())
    };
    match output {
        ObjectOutput::Text if items.is_empty() => {
            terminal::remark(&format!(
                "No versions: there is no {} {name}.",
                K::KIND.singular()
            ));
            Ok(Printed::Nothing)
        }
        ObjectOutput::Text => Ok(Printed::Text(listing::<K>(items, "VERSION", now, version))),
        ObjectOutput::Name => {
            let lines = items
                .iter()
                .map(|item| format!("{}/{}\n", path::<K>(name), version(item)));
            Ok(Printed::Text(lines.collect()))
        }
        ObjectOutput::Json => Printed::list(&format!("{}VersionList", kind::<K>()), items),
    }
}

/// What `account` may list of what is deleted, at `now`.
pub(super) fn deleted_items<K: CommandKind>(
    items: &[Deleted<K::Item>],
    account: &AccountName,
    now: i64,
    output: ObjectOutput,
) -> Result<Printed, Failure> {
    match output {
        ObjectOutput::Text if items.is_empty() => {
            let kind = K::KIND.as_str();
            terminal::remark(&format!(
                "No deleted {kind} that service account {} may list.",
                account.path()
            ));
            Ok(Printed::Nothing)
        }
        ObjectOutput::Text => Ok(Printed::Text(deleted_listing::<K>(items, now))),
        ObjectOutput::Name => Ok(names::<K>(
            items.iter().map(|item| &K::item_id(&item.object).name),
        )),
        ObjectOutput::Json => Printed::list(&format!("Deleted{}List", kind::<K>()), items),
    }
}

fn listing<K: CommandKind>(
    items: &[K::Item],
    first: &str,
    now: i64,
    called: impl Fn(&K::Item) -> String,
) -> String {
    let rows: Vec<_> = items
        .iter()
        .map(|item| {
            let Attributes {
                enabled,
                updated,
                created,
                ..
            } = K::item_attributes(item);
            [
                called(item),
                enabled.unwrap_or(true).to_string(),
                K::detail(item),
                age(*updated, now),
                age(*created, now),
            ]
        })
        .collect();
    table::render([first, "ENABLED", K::DETAIL, "UPDATED", "AGE"], &rows)
}

fn deleted_listing<K: CommandKind>(items: &[Deleted<K::Item>], now: i64) -> String {
    let rows: Vec<_> = items
        .iter()
        .map(|item| {
            let until = item.scheduled_purge_date;
            [
                K::item_id(&item.object).name.to_string(),
                age(item.deleted_date, now),
                until.map_or_else(|| table::UNKNOWN.to_owned(), table::time),
            ]
        })
        .collect();
    table::render(["NAME", "DELETED", "RECOVERABLE-UNTIL"], &rows)
}

fn age(at: Option<i64>, now: i64) -> String {
    at.map_or_else(|| table::UNKNOWN.to_owned(), |at| table::age(now - at))
}

/// What a document calls an object.
const fn kind<K: CommandKind>() -> &'static str {
    match K::KIND {
        ObjectKind::Secrets => "Secret",
        ObjectKind::Keys => "Key",
        ObjectKind::Certificates => "Certificate",
    }
}

/// `KIND/NAME`.
fn path<K: CommandKind>(name: &ObjectName) -> String {
    format!("{}/{name}", K::KIND.singular())
}

fn names<'a, K: CommandKind>(names: impl IntoIterator<Item = &'a ObjectName>) -> Printed {
    let lines = names.into_iter().map(|name| path::<K>(name) + "\n");
    Printed::Text(lines.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use strongroom_client::vault::{Keys, Secrets, VaultKind};

    use super::*;

    fn read<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    fn named<K: CommandKind>(item: &K::Item) -> String {
        K::item_id(item).name.to_string()
    }

    #[test]
    fn a_list_looks_like_kubectls() {
        let items: Vec<<Secrets as VaultKind>::Item> = read(json!([
            {
                "id": "https://prod.team-a.svc/secrets/db-password",
                "contentType": "text/plain",
                "attributes": { "enabled": true, "created": 0, "updated": 3_000 },
            },
            { "id": "https://prod.team-a.svc/secrets/old", "attributes": { "enabled": false } },
        ]));
        assert_eq!(
            listing::<Secrets>(&items, "NAME", 3_005, named::<Secrets>),
            "NAME          ENABLED   CONTENT-TYPE   UPDATED     AGE\n\
             db-password   true      text/plain     5s          50m\n\
             old           false     <none>         <unknown>   <unknown>\n"
        );
    }

    #[test]
    fn a_list_of_keys_says_when_they_expire() {
        let items: Vec<<Keys as VaultKind>::Item> = read(json!([{
            "kid": "https://prod.team-a.svc/keys/signer",
            "attributes": { "enabled": true, "created": 0, "updated": 3_000, "exp": 86_400, "exportable": false },
        }]));
        assert_eq!(
            listing::<Keys>(&items, "NAME", 3_005, named::<Keys>),
            "NAME     ENABLED   EXPIRES                UPDATED   AGE\n\
             signer   true      1970-01-02T00:00:00Z   5s        50m\n"
        );
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
            deleted_listing::<Keys>(&items, 90),
            "NAME     DELETED   RECOVERABLE-UNTIL\n\
             signer   30s       1970-01-02T00:00:00Z\n"
        );
    }
}
