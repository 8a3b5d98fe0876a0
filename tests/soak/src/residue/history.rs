//! Values that are planted, and what is done with each before the memory is searched.

use anyhow::{Context as _, Result, ensure};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use strongroom_testing::Program;

use crate::wire::Wire;

/// Values of each history.
pub const EACH: usize = 8;

/// Characters of a value.
pub const LENGTH: usize = 32;

const ADMIN: &str = "team-a/admin";

/// What is done with a secret after it was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Nothing.
    Set,
    /// Read.
    Got,
    /// Read, and another version was set.
    Replaced,
    /// Read, backed up and deleted.
    Deleted,
    /// Read, deleted and purged.
    Purged,
}

impl After {
    /// All of them. The last to be done is the last whose bytes a connection's buffer may still hold.
    pub const ALL: [Self; 5] = [Self::Set, Self::Got, Self::Replaced, Self::Deleted, Self::Purged];

    /// As the page names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Set => "value of a secret, set",
            Self::Got => "value of a secret, set and read",
            Self::Replaced => "value of a secret, read, then a new version set",
            Self::Deleted => "value of a secret, read, backed up, deleted",
            Self::Purged => "value of a secret, read, deleted, purged",
        }
    }

    fn requests(self) -> &'static [(&'static str, &'static str, &'static str)] {
        const GET: (&str, &str, &str) = ("GET", "/secrets/NAME", "");
        const DELETE: (&str, &str, &str) = ("DELETE", "/secrets/NAME", "");
        match self {
            Self::Set => &[],
            Self::Got => &[GET],
            Self::Replaced => &[GET, ("PUT", "/secrets/NAME", r#"{"value":"the next one"}"#)],
            Self::Deleted => &[GET, ("POST", "/secrets/NAME/backup", ""), DELETE],
            Self::Purged => &[GET, DELETE, ("DELETE", "/deletedsecrets/NAME", "")],
        }
    }
}

/// A random text of letters and digits, which no encoding and no escape changes.
pub fn text(length: usize) -> Vec<u8> {
    let letters = std::iter::repeat_with(|| u8::try_from(fastrand::alphanumeric()).unwrap_or(b'0'));
    letters.take(length).collect()
}

/// The part of a token that nobody else has.
pub fn signature(token: &str) -> Vec<u8> {
    token.rsplit('.').next().unwrap_or_default().as_bytes().to_vec()
}

/// Clients that stay connected: one of HTTP/2 and one of HTTP/1.1.
pub struct Clients {
    newer: Client,
    older: Wire,
    token: String,
}

impl Clients {
    /// Both, with a token of their own.
    pub fn of(program: &Program) -> Result<Self> {
        Ok(Self {
            newer: program.client(),
            older: Wire::open(program, ADMIN)?,
            token: program.token(ADMIN),
        })
    }

    /// The tokens that they show.
    pub fn tokens(&self) -> [&str; 2] {
        [&self.token, self.older.token()]
    }

    /// Gives each of `values` this history, every other one by HTTP/1.1.
    pub async fn live(&mut self, program: &Program, after: After, values: &[Vec<u8>]) -> Result<()> {
        for (number, value) in values.iter().enumerate() {
            let name = format!("{after:?}-{number}").to_lowercase();
            let body = json!({"value": std::str::from_utf8(value)?}).to_string();
            let set = [("PUT", "/secrets/NAME", body.as_str())];
            for (method, path, body) in set.iter().chain(after.requests()) {
                let path = path.replace("NAME", &name);
                self.ask(program, number % 2 == 0, (method, &path, body)).await?;
            }
        }
        Ok(())
    }

    /// Sends a request by one of the two clients, and reads its answer.
    pub async fn ask(
        &mut self,
        program: &Program,
        by_newer: bool,
        request: (&str, &str, &str),
    ) -> Result<()> {
        self.read(program, by_newer, request).await.map(drop)
    }

    /// The same, and gives the body of the answer.
    pub async fn read(
        &mut self,
        program: &Program,
        by_newer: bool,
        (method, path, body): (&str, &str, &str),
    ) -> Result<Vec<u8>> {
        let (status, answer) = if by_newer {
            let method = Method::from_bytes(method.as_bytes())?;
            let request = self
                .newer
                .request(method, program.url(path))
                .bearer_auth(&self.token);
            let body: Option<Value> = (!body.is_empty())
                .then(|| serde_json::from_str(body))
                .transpose()?;
            let request = match body {
                Some(body) => request.json(&body),
                None => request,
            };
            let answer = request.send().await?;
            let status = answer.status().as_u16();
            (status, answer.bytes().await?.to_vec())
        } else {
            let request = self.older.request(method, path, body);
            let status = self.older.time(&request).context("by HTTP/1.1")?.1;
            (status, self.older.body().to_vec())
        };
        ensure!((200..300).contains(&status), "{method} {path}: {status}");
        Ok(answer)
    }

    /// Shows a token whose signature is wrong.
    pub async fn show_refused(&self, program: &Program, token: &str) -> Result<()> {
        let answer = self
            .newer
            .get(program.url("/secrets/a"))
            .bearer_auth(token)
            .send()
            .await?;
        ensure!(
            answer.status() == 401,
            "a token with a wrong signature: {}",
            answer.status()
        );
        Ok(())
    }
}
