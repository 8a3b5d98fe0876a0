//! An API server that answers from a table and keeps what it was asked to write.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde_json::{Value, json};

/// What is listed; of anything else one object is read.
const LISTS: [&str; 6] = [
    "vaults",
    "accesspolicies",
    "secretrefs",
    "serviceaccounts",
    "namespaces",
    "pods",
];

/// Objects by their paths, and what is refused.
#[derive(Clone, Default)]
pub struct ApiServer(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Value>,
    refusals: Vec<(Method, &'static str, u16, &'static str)>,
    /// The resource, with its group, that the operator has no right to.
    missing_right: Option<&'static str>,
    writes: Vec<Write>,
}

/// One request that was to change something.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    pub method: Method,
    pub path: String,
    pub query: String,
    pub body: Value,
}

impl Write {
    /// The request's method, the last words of its path, and its field manager.
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
        self.0.lock().unwrap().objects.insert(path.to_owned(), object);
    }

    /// Refuses requests of this method whose path contains `part`.
    pub fn refuse(&self, method: Method, part: &'static str, code: u16, message: &'static str) {
        self.0
            .lock()
            .unwrap()
            .refusals
            .push((method, part, code, message));
    }

    /// Answers that the operator has no right to this `RESOURCE.GROUP`, and every right to others.
    pub fn take_right(&self, resource: &'static str) {
        self.0.lock().unwrap().missing_right = Some(resource);
    }

    /// Forgets and answers what was written so far. Nothing is ever deleted.
    pub fn writes(&self) -> Vec<Write> {
        let writes = std::mem::take(&mut self.0.lock().unwrap().writes);
        let deletes = |write: &&Write| write.method == Method::DELETE;
        assert_eq!(writes.iter().find(deletes), None);
        writes
    }

    /// A client of this server.
    pub fn client(&self) -> kube::Client {
        let server = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let server = server.clone();
            async move { Ok::<_, std::convert::Infallible>(server.answer(request).await) }
        });
        kube::Client::new(service, "default")
    }

    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        if query.split('&').any(|pair| pair == "watch=true") {
            // Nothing changes but by the hand of the test, which then looks again.
            std::future::pending::<()>().await;
        }
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        let path = parts.uri.path().to_owned();
        let (code, answer) = self.0.lock().unwrap().answer(Write {
            method: parts.method,
            path,
            query,
            body,
        });
        let mut response = Response::new(Body::from(answer.to_string().into_bytes()));
        *response.status_mut() = StatusCode::from_u16(code).unwrap();
        response
    }
}

impl State {
    fn answer(&mut self, request: Write) -> (u16, Value) {
        let refused = |(method, part, ..): &&(Method, &str, u16, &str)| {
            *method == request.method && request.path.contains(part)
        };
        if let Some((_, _, code, message)) = self.refusals.iter().find(refused) {
            return (*code, failure(*code, message));
        }
        match request.method {
            Method::GET => self.read(&request.path),
            Method::POST if request.path.ends_with("/selfsubjectaccessreviews") => self.review(request.body),
            _ => self.write(request),
        }
    }

    fn read(&self, path: &str) -> (u16, Value) {
        if let Some(object) = self.objects.get(path) {
            return (200, object.clone());
        }
        let Some((_, resource)) = path.rsplit_once('/') else {
            return (404, failure(404, "no such path"));
        };
        if !LISTS.contains(&resource) {
            return (404, failure(404, "there is none"));
        }
        let of_kind = |path: &&String| path.rsplit('/').nth(1) == Some(resource);
        let items: Vec<_> = self
            .objects
            .keys()
            .filter(of_kind)
            .map(|path| &self.objects[path])
            .collect();
        (
            200,
            json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": "1"}, "items": items}),
        )
    }

    /// Says whether the operator has a right, and writes nothing.
    fn review(&self, mut review: Value) -> (u16, Value) {
        let asked = &review["spec"]["resourceAttributes"];
        let text = |field: &str| asked[field].as_str().unwrap().to_owned();
        assert_eq!(text("namespace"), "team-a");
        let resource = format!("{}.{}", text("resource"), text("group"));
        let allowed = self.missing_right != Some(resource.as_str());
        review["status"] = json!({"allowed": allowed});
        (201, review)
    }

    /// Keeps an object as it was sent; a status goes into the object that it is of.
    fn write(&mut self, request: Write) -> (u16, Value) {
        let mut object = request.body.clone();
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let mut path = match request.method {
            Method::POST => format!("{}/{name}", request.path),
            _ => request.path.clone(),
        };
        if let Some(of) = path.strip_suffix("/status") {
            let Some(found) = self.objects.get(of) else {
                return (404, failure(404, "there is none"));
            };
            let status = std::mem::replace(&mut object, found.clone())["status"].take();
            object["status"] = status;
            let length = of.len();
            path.truncate(length);
        } else {
            object["metadata"]["uid"] = json!(format!("uid-{name}"));
        }
        self.objects.insert(path, object.clone());
        self.writes.push(request);
        (200, object)
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
