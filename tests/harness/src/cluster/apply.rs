//! Applying objects of any kind, from values or from YAML.

use anyhow::{Context, Result, bail};
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, Patch, PatchParams},
    core::GroupVersionKind,
    discovery::{Scope, pinned_kind},
};
use serde_json::Value;

/// The field manager of tests.
const MANAGER: &str = "strongroom-tests";

/// Applies objects in order (server-side, by force). An object without a namespace goes to `namespace`.
pub async fn objects(client: &Client, namespace: &str, objects: &[Value]) -> Result<()> {
    for object in objects {
        one(client, namespace, object).await?;
    }
    Ok(())
}

/// Applies every document of a YAML text.
pub async fn yaml(client: &Client, namespace: &str, text: &str) -> Result<()> {
    objects(client, namespace, &parse(text)?).await
}

/// The documents of a YAML text; empty ones are left out.
pub fn parse(text: &str) -> Result<Vec<Value>> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).context("this is not YAML")?;
    Ok(documents
        .into_iter()
        .filter(|document| !document.is_null())
        .collect())
}

/// Applies one object and gives what the API server made of it.
pub async fn one(client: &Client, namespace: &str, object: &Value) -> Result<DynamicObject> {
    let object: DynamicObject =
        serde_json::from_value(object.clone()).context("an object lacks kind or metadata")?;
    let (kind, name) = describe(&object)?;
    let (resource, scope) = resource(client, &kind)
        .await
        .with_context(|| format!("{} is not served", kind.kind))?;
    let namespace = object.metadata.namespace.as_deref().unwrap_or(namespace);
    let api = match scope {
        Scope::Cluster => Api::<DynamicObject>::all_with(client.clone(), &resource),
        Scope::Namespaced => Api::<DynamicObject>::namespaced_with(client.clone(), namespace, &resource),
    };
    let params = PatchParams::apply(MANAGER).force();
    api.patch(&name, &params, &Patch::Apply(&object))
        .await
        .with_context(|| format!("cannot apply {} {namespace}/{name}", kind.kind))
}

async fn resource(client: &Client, kind: &GroupVersionKind) -> Result<(ApiResource, Scope)> {
    let (resource, capabilities) = pinned_kind(client, kind).await?;
    Ok((resource, capabilities.scope))
}

fn describe(object: &DynamicObject) -> Result<(GroupVersionKind, String)> {
    let Some(types) = &object.types else {
        bail!("an object has no kind")
    };
    let Some(name) = object.metadata.name.clone() else {
        bail!("a {} has no name", types.kind)
    };
    Ok((GroupVersionKind::try_from(types)?, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_split_and_empty_ones_left_out() {
        let found = parse("---\nkind: A\n---\n# nothing\n---\nkind: B\n").unwrap();
        assert_eq!(
            found
                .iter()
                .map(|one| one["kind"].as_str().unwrap())
                .collect::<Vec<_>>(),
            ["A", "B"]
        );
    }
}
