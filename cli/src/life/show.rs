//! How objects are printed, without secret values.

use serde_json::Value;
use strongroom_client::vault::Deleted;
use strongroom_core::{AccountName, ObjectName, Version};

use super::{document, listing, order};
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
        ObjectOutput::Json => document::one(K::NAME, document::item(id, object)?),
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
        ObjectOutput::Json => {
            let id = K::object_id(&deleted.object);
            document::one(&format!("Deleted{}", K::NAME), document::item(id, deleted)?)
        }
    }
}

/// An object that is no more.
pub(super) fn purged<K: CommandKind>(name: &ObjectName, output: ObjectOutput) -> Result<Printed, Failure> {
    match output {
        ObjectOutput::Text => Ok(Printed::Done(format!("{} purged\n", path::<K>(name)))),
        ObjectOutput::Name => Ok(names::<K>([name])),
        ObjectOutput::Json => {
            let document = serde_json::json!({ "name": name.to_string(), "purged": true });
            document::one(&format!("Purged{}", K::NAME), document)
        }
    }
}

/// What `account` may list, at `now`; with the current version of each where they are known.
pub(super) fn items<K: CommandKind>(
    items: &[K::Item],
    versions: Option<&[Option<Version>]>,
    (account, now): (&AccountName, i64),
    output: ObjectOutput,
) -> Result<Printed, Failure> {
    match output {
        ObjectOutput::Text if items.is_empty() => Ok(none(K::KIND.as_str(), account)),
        ObjectOutput::Text => Ok(Printed::Text(match versions {
            Some(versions) => listing::wide::<K>(items, versions, now),
            None => listing::narrow::<K>(items, now),
        })),
        ObjectOutput::Name => Ok(names::<K>(items.iter().map(|item| &K::item_id(item).name))),
        ObjectOutput::Json => {
            let documents = items.iter().map(|item| document::item(K::item_id(item), item));
            document::list(K::NAME, &documents.collect::<Result<Vec<_>, _>>()?)
        }
    }
}

/// The versions of `name`, the newest first, at `now`.
pub(super) fn versions<K: CommandKind>(
    items: &[K::Item],
    name: &ObjectName,
    now: i64,
    output: ObjectOutput,
) -> Result<Printed, Failure> {
    let current = order::current::<K>(items).map(K::item_id);
    let is_current = |item: &K::Item| current == Some(K::item_id(item));
    match output {
        ObjectOutput::Text if items.is_empty() => {
            terminal::remark(&format!(
                "No versions: there is no {} {name}.",
                K::KIND.singular()
            ));
            Ok(Printed::Nothing)
        }
        ObjectOutput::Text => {
            if current.is_none() {
                terminal::tell(
                    "Two versions were made in the same second: the list does not say which is the current one.",
                );
            }
            Ok(Printed::Text(listing::versions::<K>(items, is_current, now)))
        }
        ObjectOutput::Name => {
            let lines = items
                .iter()
                .map(|item| format!("{}/{}\n", path::<K>(name), listing::version::<K>(item)));
            Ok(Printed::Text(lines.collect()))
        }
        ObjectOutput::Json => {
            let documents = items.iter().map(|item| {
                let mut document = document::item(K::item_id(item), item)?;
                if let Some(members) = document.as_object_mut().filter(|_| current.is_some()) {
                    members.insert("current".to_owned(), is_current(item).into());
                }
                Ok::<Value, Failure>(document)
            });
            let documents = documents.collect::<Result<Vec<_>, _>>()?;
            document::list(&format!("{}Version", K::NAME), &documents)
        }
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
        ObjectOutput::Text if items.is_empty() => Ok(none(&format!("deleted {}", K::KIND.as_str()), account)),
        ObjectOutput::Text => Ok(Printed::Text(listing::deleted::<K>(items, now))),
        ObjectOutput::Name => Ok(names::<K>(
            items.iter().map(|item| &K::item_id(&item.object).name),
        )),
        ObjectOutput::Json => {
            let documents = items
                .iter()
                .map(|item| document::item(K::item_id(&item.object), item));
            let documents = documents.collect::<Result<Vec<_>, _>>()?;
            document::list(&format!("Deleted{}", K::NAME), &documents)
        }
    }
}

/// Says that there is nothing to list.
fn none(what: &str, account: &AccountName) -> Printed {
    let account = account.path();
    terminal::remark(&format!(
        "No {what} that service account {account} may list and the flags ask for."
    ));
    Printed::Nothing
}

/// `KIND/NAME`.
fn path<K: CommandKind>(name: &ObjectName) -> String {
    format!("{}/{name}", K::KIND.singular())
}

fn names<'a, K: CommandKind>(names: impl IntoIterator<Item = &'a ObjectName>) -> Printed {
    let lines = names.into_iter().map(|name| path::<K>(name) + "\n");
    Printed::Text(lines.collect())
}
