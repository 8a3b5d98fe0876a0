//! How a client asks.

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::Program;

use super::ledger::Act;

/// Sends requests of `team-a/admin` to the vault that runs now.
#[derive(Debug, Clone)]
pub struct Asker {
    client: Client,
    token: String,
    base: String,
}

impl Asker {
    /// A client with a connection of its own.
    pub fn new(program: &Program) -> Self {
        let url = program.url("/?");
        Self {
            client: program.client(),
            token: program.token("team-a/admin"),
            base: url.trim_end_matches("/?").to_owned(),
        }
    }

    /// A request for `path`.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let version = if path.contains('?') {
            ""
        } else {
            "?api-version=7.4"
        };
        let url = format!("{}{path}{version}", self.base);
        self.client.request(method, url).bearer_auth(&self.token)
    }

    /// Asks for `act` on the secret `name`; the audit log knows the request by `id`.
    pub async fn ask(&self, name: &str, act: &Act, id: &str) -> Result<(StatusCode, Value), reqwest::Error> {
        let (method, path, body) = match act {
            Act::Set(value) => (
                Method::PUT,
                format!("/secrets/{name}"),
                Some(json!({ "value": value })),
            ),
            Act::Update(tag) => (
                Method::PATCH,
                format!("/secrets/{name}"),
                Some(json!({"tags": {"soak": tag}})),
            ),
            Act::Delete => (Method::DELETE, format!("/secrets/{name}"), None),
            Act::Recover => (Method::POST, format!("/deletedsecrets/{name}/recover"), None),
            Act::Purge => (Method::DELETE, format!("/deletedsecrets/{name}"), None),
        };
        let mut request = self.request(method, &path).header("x-ms-client-request-id", id);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let (status, body) = (answer.status(), answer.bytes().await?);
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }
}

/// The version in the last part of an id.
pub fn id_of(body: &Value) -> Option<String> {
    let id = body.get("id")?.as_str()?;
    id.rsplit('/').next().map(str::to_owned)
}
