//! Objects as documents: lists, and one by itself.

use serde::Serialize;
use serde_json::{Value, json};
use strongroom_client::vault::ObjectId;

use crate::{Failure, kind::CommandKind, output::API_VERSION, printed::Printed};

/// What the vault says of an object, with its name and version by themselves.
pub(crate) fn item<K: CommandKind>(id: &ObjectId<K>, object: &impl Serialize) -> Result<Value, Failure> {
    let mut document = serde_json::to_value(object)?;
    if let Some(members) = document.as_object_mut() {
        members.insert("name".to_owned(), id.name.spelling().into());
        if let Some(version) = &id.version {
            members.insert("version".to_owned(), version.to_string().into());
        }
    }
    Ok(document)
}

/// A document by itself.
pub(crate) fn one(kind: &str, mut document: Value) -> Result<Printed, Failure> {
    if let Some(members) = document.as_object_mut() {
        members.insert("apiVersion".to_owned(), API_VERSION.into());
        members.insert("kind".to_owned(), kind.into());
    }
    Printed::json(&document)
}

/// A list of documents of this kind.
pub(crate) fn list(kind: &str, items: &[Value]) -> Result<Printed, Failure> {
    one(&format!("{kind}List"), json!({ "items": items }))
}
