//! What the vault holds now, read as any client reads it.

use anyhow::{Context, Result, bail};
use http::StatusCode;
use serde_json::Value;
use strongroom_testing::Program;

use super::{
    asker::{Asker, id_of},
    ledger::{Found, Version},
};

/// A client that reads.
pub struct Reader(Asker);

impl Reader {
    /// A client of the vault that runs now.
    pub fn new(program: &Program) -> Self {
        Self(Asker::new(program))
    }

    /// The client.
    pub const fn asker(&self) -> &Asker {
        &self.0
    }

    /// What there is of the secret `name`.
    pub async fn find(&self, name: &str) -> Result<Found> {
        let Some(newest) = self.get(&format!("/secrets/{name}")).await? else {
            let deleted = self.get(&format!("/deletedsecrets/{name}")).await?;
            return Ok(deleted.map_or(Found::Nothing, |_| Found::Deleted));
        };
        let mut versions = Vec::new();
        for id in self.ids(name).await? {
            let version = self.get(&format!("/secrets/{name}/{id}")).await?;
            versions.push(version_of(
                &version.with_context(|| format!("{name}/{id} is listed and not there"))?,
            )?);
        }
        Ok(Found::Active(Box::new(version_of(&newest)?), versions))
    }

    async fn ids(&self, name: &str) -> Result<Vec<String>> {
        let mut ids = Vec::new();
        let mut path = format!("/secrets/{name}/versions");
        loop {
            let page = self.get(&path).await?.context("a list is missing")?;
            let items = page
                .get("value")
                .and_then(Value::as_array)
                .context("a page without items")?;
            ids.extend(items.iter().filter_map(id_of));
            let Some((_, next)) = page
                .get("nextLink")
                .and_then(Value::as_str)
                .and_then(|link| link.split_once("/secrets/"))
            else {
                return Ok(ids);
            };
            path = format!("/secrets/{next}");
        }
    }

    /// What is at `path`; none when it is missing.
    async fn get(&self, path: &str) -> Result<Option<Value>> {
        let answer = self.0.request(reqwest::Method::GET, path).send().await?;
        match answer.status() {
            StatusCode::OK => Ok(Some(answer.json().await?)),
            StatusCode::NOT_FOUND => Ok(None),
            other => bail!("{path} answers {other}: {}", answer.text().await?),
        }
    }
}

fn version_of(body: &Value) -> Result<Version> {
    let value = body
        .get("value")
        .and_then(Value::as_str)
        .context("a secret without a value")?;
    let tag = body.pointer("/tags/soak").and_then(Value::as_str);
    Ok(Version {
        id: id_of(body),
        value: value.to_owned(),
        tag: tag.map(str::to_owned),
    })
}
