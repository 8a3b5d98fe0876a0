//! Which rights Strongroom's own accounts use: written down by the API server, read by tests of RBAC.

use std::{collections::BTreeSet, fs};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Layout;
use crate::installation::{NAMESPACE, NODE_NAMESPACE};

/// The log's file, under the cluster's directory.
pub const LOG: &str = "logs/audit.log";
/// The policy's file, under the cluster's directory.
pub const POLICY: &str = "audit-policy.json";

/// What the API server writes down: the requests of Strongroom's own accounts without their bodies, and nobody else's.
pub fn policy() -> Value {
    let accounts = |namespace: &str| format!("system:serviceaccounts:{namespace}");
    json!({
        "apiVersion": "audit.k8s.io/v1", "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {"level": "Metadata", "userGroups": [accounts(NAMESPACE), accounts(NODE_NAMESPACE)]},
            {"level": "None"},
        ],
    })
}

/// One kind of request: who asked for what, and whether it was granted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    /// The account's namespace and name, joined by `:`.
    pub account: String,
    /// `get`, `list`, `watch`, `create`, ...
    pub verb: String,
    /// The API group; empty for the core one, and for a path.
    pub group: String,
    /// The resource and, after a slash, the subresource; empty for a path.
    pub resource: String,
    /// The path without its query, for what is no resource.
    pub path: String,
    /// The namespace, where it has one.
    pub namespace: String,
    /// The object, where it names one.
    pub name: String,
    /// Whether it was allowed.
    pub allowed: bool,
}

/// Every kind of request that was written down since the cluster was started.
pub fn requests(layout: &Layout) -> Result<BTreeSet<Request>> {
    let path = layout.root().join(LOG);
    let text = fs::read_to_string(&path).with_context(|| {
        format!(
            "{} cannot be read: the cluster is of an older harness",
            path.display()
        )
    })?;
    let mut found = BTreeSet::new();
    for line in text.lines() {
        // The last line may still be half written.
        if let Ok(event) = serde_json::from_str::<Value>(line) {
            found.extend(parse(&event));
        }
    }
    Ok(found)
}

/// A request, and the creation that a patch of what does not exist is checked for too.
fn parse(event: &Value) -> Vec<Request> {
    let text = |pointer: &str| {
        let found = event.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_default().to_owned()
    };
    let user = text("/user/username");
    let Some(account) = user.strip_prefix("system:serviceaccount:") else {
        return Vec::new();
    };
    let mut resource = text("/objectRef/resource");
    let subresource = text("/objectRef/subresource");
    if !subresource.is_empty() {
        resource = format!("{resource}/{subresource}");
    }
    let path = if resource.is_empty() {
        text("/requestURI")
            .split('?')
            .next()
            .unwrap_or_default()
            .to_owned()
    } else {
        String::new()
    };
    let request = Request {
        account: account.to_owned(),
        verb: text("/verb"),
        group: text("/objectRef/apiGroup"),
        resource,
        path,
        namespace: text("/objectRef/namespace"),
        name: text("/objectRef/name"),
        allowed: text("/annotations/authorization.k8s.io~1decision") == "allow",
    };
    let created = event.pointer("/responseStatus/code").and_then(Value::as_u64) == Some(201);
    let creation = (created && request.verb == "patch").then(|| Request {
        verb: "create".to_owned(),
        ..request.clone()
    });
    creation.into_iter().chain([request]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(verb: &str, code: u64) -> Value {
        json!({
            "stage": "ResponseComplete", "verb": verb, "requestURI": "/api/v1/namespaces/a/configmaps/b?x=y",
            "user": {"username": "system:serviceaccount:strongroom-system:strongroom-operator"},
            "objectRef": {"resource": "configmaps", "namespace": "a", "name": "b", "apiVersion": "v1"},
            "responseStatus": {"code": code},
            "annotations": {"authorization.k8s.io/decision": "allow"},
        })
    }

    #[test]
    fn a_patch_that_makes_an_object_needs_the_right_to_create_too() {
        let verbs = |code| -> Vec<String> {
            let found = parse(&event("patch", code)).into_iter();
            found.map(|request| request.verb).collect()
        };
        assert_eq!(verbs(200), ["patch"]);
        assert_eq!(verbs(201), ["create", "patch"]);
    }

    #[test]
    fn a_path_is_kept_only_for_what_is_no_resource() {
        let request = parse(&event("get", 200)).remove(0);
        assert_eq!(
            (
                request.account.as_str(),
                request.resource.as_str(),
                request.path.as_str()
            ),
            ("strongroom-system:strongroom-operator", "configmaps", "")
        );
        let mut path = event("get", 200);
        path["objectRef"] = Value::Null;
        path["requestURI"] = json!("/openid/v1/jwks?timeout=1s");
        assert_eq!(parse(&path).remove(0).path, "/openid/v1/jwks");
    }

    #[test]
    fn nobody_elses_requests_are_of_interest() {
        let mut other = event("get", 200);
        other["user"]["username"] = json!("system:node:node-0");
        assert_eq!(parse(&other), []);
    }
}
