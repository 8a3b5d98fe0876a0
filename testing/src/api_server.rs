//! An API server that answers from a table, tells its watchers what changes in it, and keeps what it was asked to write.

mod events;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::Arc,
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
};
use events::Events;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use parking_lot::{Mutex, MutexGuard};
use serde_json::{Value, json};

/// What is listed; of anything else one object is read.
const LISTS: [&str; 7] = [
    "configmaps",
    "vaults",
    "accesspolicies",
    "secretrefs",
    "serviceaccounts",
    "namespaces",
    "pods",
];

/// Objects by their paths, what is refused, and what was asked for. Clones are the same server.
#[derive(Debug, Clone, Default)]
pub struct ApiServer(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    objects: BTreeMap<String, Value>,
    refusals: Vec<Refused>,
    /// Requests that are not answered: by method, with this in their paths.
    unanswered: Vec<(Method, &'static str)>,
    /// Namespaces and resources with their groups, to which the caller has no right.
    missing_rights: Vec<(&'static str, &'static str)>,
    reads: u64,
    writes: Vec<Write>,
    /// The keys of an object's `data` that were applied last, by its path: those that another put there stay when it is
    /// applied again.
    applied: BTreeMap<String, BTreeSet<String>>,
    events: Events,
}

/// Requests that are refused.
#[derive(Debug)]
struct Refused {
    method: Method,
    /// In their paths.
    part: &'static str,
    code: u16,
    message: &'static str,
}

/// One request that was to change something.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// How it was to.
    pub method: Method,
    /// The object, or where it was to be made.
    pub path: String,
    /// Options, among them the field manager.
    pub query: String,
    /// What was sent.
    pub body: Value,
}

impl Write {
    /// The request's method, the last words of its path, and as whom it was made.
    pub fn line(&self) -> String {
        let last: Vec<_> = self.path.rsplit('/').take(3).collect();
        let what: Vec<_> = last.into_iter().rev().collect();
        let manager = self
            .query
            .split('&')
            .find_map(|pair| pair.strip_prefix("fieldManager="));
        format!("{} {} {}", self.method, what.join("/"), manager.unwrap_or("-"))
    }
}

impl ApiServer {
    /// Puts an object where it is read, and into the list that it belongs to.
    pub fn put(&self, path: &str, object: Value) {
        self.table().keep(path.to_owned(), object);
    }

    /// The object at a path.
    pub fn get(&self, path: &str) -> Option<Value> {
        self.table().objects.get(path).cloned()
    }

    /// Removes an object.
    pub fn remove(&self, path: &str) {
        let mut table = self.table();
        if let Some(object) = table.objects.remove(path) {
            table.events.push(path, "DELETED", object);
        }
    }

    /// Refuses requests of this method whose path contains `part`.
    pub fn refuse(&self, method: Method, part: &'static str, code: u16, message: &'static str) {
        self.table().refusals.push(Refused {
            method,
            part,
            code,
            message,
        });
    }

    /// Answers no request of this method whose path contains `part`.
    pub fn leave_unanswered(&self, method: Method, part: &'static str) {
        self.table().unanswered.push((method, part));
    }

    /// Answers the caller's reviews of its own rights from now on: it has none to this `RESOURCE.GROUP` in a namespace, and
    /// every other.
    pub fn take_right(&self, namespace: &'static str, resource: &'static str) {
        self.table().missing_rights.push((namespace, resource));
    }

    /// How often anything was read so far.
    pub fn reads(&self) -> u64 {
        self.table().reads
    }

    /// Everything that was written so far.
    pub fn written(&self) -> Vec<Write> {
        self.table().writes.clone()
    }

    /// Gives and forgets what was written so far.
    pub fn take_writes(&self) -> Vec<Write> {
        std::mem::take(&mut self.table().writes)
    }

    /// A client that reaches this server without a socket.
    pub fn client(&self) -> kube::Client {
        kube::Client::new(self.router(), "default")
    }

    /// Serves on a free port of 127.0.0.1 without TLS, for as long as the runtime runs.
    pub async fn serve(&self) -> SocketAddr {
        let tcp = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        let router = self.router();
        tokio::spawn(async move { axum::serve(tcp, router).await.unwrap() });
        address
    }

    /// What answers.
    pub fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock()
    }
}

/// A kubeconfig for a server without TLS.
pub fn kubeconfig(address: SocketAddr) -> String {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{ "name": "test", "cluster": { "server": format!("http://{address}") } }],
        "users": [{ "name": "test", "user": { "token": "t" } }],
        "contexts": [{ "name": "test", "context": { "cluster": "test", "user": "test" } }],
    })
    .to_string()
}

async fn answer(
    State(server): State<ApiServer>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let is_merge = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|type_| type_ == "application/merge-patch+json");
    let query = uri.query().unwrap_or_default().to_owned();
    if query.split('&').any(|pair| pair == "watch=true") {
        let since = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("resourceVersion="));
        let since = since.and_then(|since| since.parse().ok()).unwrap_or_default();
        let resource = uri.path().rsplit('/').next().unwrap_or_default().to_owned();
        return Body::from_stream(events::stream(server, resource, since)).into_response();
    }
    let request = Write {
        method,
        path: uri.path().to_owned(),
        query,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    if server.table().leaves_unanswered(&request) {
        return std::future::pending().await;
    }
    let (code, answer) = server.table().answer(request, is_merge);
    (StatusCode::from_u16(code).unwrap(), Json(answer)).into_response()
}

impl Table {
    fn leaves_unanswered(&self, request: &Write) -> bool {
        let mut unanswered = self.unanswered.iter();
        unanswered.any(|(method, part)| *method == request.method && request.path.contains(part))
    }

    fn answer(&mut self, request: Write, is_merge: bool) -> (u16, Value) {
        let refused =
            |refused: &&Refused| refused.method == request.method && request.path.contains(refused.part);
        if let Some(Refused { code, message, .. }) = self.refusals.iter().find(refused) {
            return (*code, failure(*code, message));
        }
        if request.method == Method::GET {
            self.reads += 1;
            return self.read(&request.path, &request.query);
        }
        if request.path.ends_with("/selfsubjectaccessreviews") {
            return self.review(request.body);
        }
        self.write(request, is_merge)
    }

    /// Puts an object at a path, and tells the watchers.
    fn keep(&mut self, path: String, object: Value) {
        self.events.push(&path, "MODIFIED", object.clone());
        self.objects.insert(path, object);
    }

    fn read(&self, path: &str, query: &str) -> (u16, Value) {
        if let Some(object) = self.objects.get(path) {
            return (200, object.clone());
        }
        let Some((_, resource)) = path.rsplit_once('/') else {
            return (404, failure(404, "no such path"));
        };
        if !LISTS.contains(&resource) {
            return (404, failure(404, &format!("{resource:?} not found")));
        }
        let of_kind = |path: &str| path.rsplit('/').nth(1) == Some(resource);
        let label = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("labelSelector="))
            .and_then(|selector| selector.split_once("%3D"))
            .map(|(key, value)| (key.replace("%2F", "/"), value));
        let is_labelled = |object: &Value| {
            label
                .as_ref()
                .is_none_or(|(key, value)| object["metadata"]["labels"][key] == *value)
        };
        let objects = self.objects.iter();
        let items: Vec<_> = objects
            .filter(|(path, object)| of_kind(path) && is_labelled(object))
            .map(|(_, object)| object)
            .collect();
        (
            200,
            json!({"apiVersion": "v1", "kind": "List", "items": items,
                "metadata": {"resourceVersion": self.events.version().to_string()}}),
        )
    }

    /// Says whether the caller has a right, and keeps nothing.
    fn review(&self, mut review: Value) -> (u16, Value) {
        let asked = |field: &str| {
            let pointer = format!("/spec/resourceAttributes/{field}");
            let text = review.pointer(&pointer).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let (namespace, resource) = (
            asked("namespace"),
            format!("{}.{}", asked("resource"), asked("group")),
        );
        let is_missing = self
            .missing_rights
            .contains(&(namespace.as_str(), resource.as_str()));
        insert(&mut review, "status", json!({"allowed": !is_missing}));
        (201, review)
    }

    /// Keeps an object as it was sent, beside what others put into its `data`; a status goes into the object that it is of,
    /// a merge patch (RFC 7386) into the object that is there.
    fn write(&mut self, request: Write, is_merge: bool) -> (u16, Value) {
        let mut object = request.body.clone();
        let name = object.pointer("/metadata/name").and_then(Value::as_str);
        let name = name.unwrap_or_default().to_owned();
        let mut path = match request.method {
            Method::POST => format!("{}/{name}", request.path),
            _ => request.path.clone(),
        };
        let found = self.objects.get(&path);
        let version = |object: &Value| object.pointer("/metadata/resourceVersion").cloned();
        let expected = version(&object);
        let is_other = expected.is_some() && expected != found.and_then(version);
        if is_other || (request.method == Method::POST && found.is_some()) {
            return (409, failure(409, "it is not what you think"));
        }
        if let Some(of) = path.strip_suffix("/status").map(str::to_owned) {
            let Some(found) = self.objects.get(&of) else {
                return (404, failure(404, "there is none"));
            };
            let status = object.get("status").cloned().unwrap_or_default();
            object = found.clone();
            insert(&mut object, "status", status);
            path = of;
        } else if is_merge {
            let Some(found) = self.objects.get(&path) else {
                return (404, failure(404, "there is none"));
            };
            let mut merged = found.clone();
            merge(&mut merged, &object);
            object = merged;
        } else {
            if request.method == Method::PATCH {
                self.keep_of_others(&path, &mut object);
            }
            if let Some(metadata) = object.get_mut("metadata") {
                insert(metadata, "uid", json!(format!("uid-{name}")));
            }
        }
        if let Some(metadata) = object.get_mut("metadata") {
            let next = self.events.version() + 1;
            insert(metadata, "resourceVersion", json!(next.to_string()));
        }
        let code = if request.method == Method::POST { 201 } else { 200 };
        self.keep(path, object.clone());
        self.writes.push(request);
        (code, object)
    }

    /// Adds to the `data` that is applied at a path the keys that are there already and were not applied.
    fn keep_of_others(&mut self, path: &str, object: &mut Value) {
        let Some(data) = object.get_mut("data").and_then(Value::as_object_mut) else {
            return;
        };
        let applied: BTreeSet<String> = data.keys().cloned().collect();
        let before = self.applied.insert(path.to_owned(), applied).unwrap_or_default();
        let found = self.objects.get(path).and_then(|found| found.get("data"));
        for (key, value) in found.and_then(Value::as_object).into_iter().flatten() {
            if !before.contains(key) {
                data.entry(key).or_insert_with(|| value.clone());
            }
        }
    }
}

fn merge(object: &mut Value, patch: &Value) {
    let Some(members) = patch.as_object() else {
        *object = patch.clone();
        return;
    };
    if !object.is_object() {
        *object = json!({});
    }
    for (key, value) in members {
        match object.as_object_mut() {
            Some(object) if value.is_null() => drop(object.remove(key)),
            Some(object) => merge(object.entry(key).or_insert(Value::Null), value),
            None => {}
        }
    }
}

fn insert(object: &mut Value, key: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(key.to_owned(), value);
    }
}

fn failure(code: u16, message: &str) -> Value {
    let reason = match code {
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        _ => "InternalError",
    };
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": reason,
        "message": message, "code": code})
}
