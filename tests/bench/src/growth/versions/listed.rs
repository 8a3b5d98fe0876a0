//! The versions of keys, as the vault lists them.

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    api::Api,
    load::{Call, Connection},
    strongroom::HOST,
};

/// What a client can name of the versions of some keys.
#[derive(Debug, Default)]
pub struct Listed {
    /// The versions that are not current, each behind its key's name and a slash.
    pub old: Vec<String>,
    /// The paths of the pages of all lists, with their queries.
    pub pages: Vec<String>,
}

#[derive(Deserialize)]
struct Page {
    value: Vec<Item>,
    #[serde(rename = "nextLink")]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    kid: String,
}

#[derive(Deserialize)]
struct Current {
    key: Item,
}

impl Listed {
    /// Adds the versions of the key `name`.
    pub async fn add(&mut self, connection: &mut Connection, name: &str) -> Result<()> {
        let current: Current = get(connection, Api::KeyVault.get_key(name)).await?;
        let mut next = Some(format!("/keys/{name}/versions?api-version=2026-04-01"));
        while let Some(path) = next {
            let page: Page = get(connection, Call::get(path.clone())).await?;
            self.pages.push(path);
            for Item { kid } in page.value {
                if kid != current.key.kid {
                    let version = path_of(&kid)?.strip_prefix("/keys/");
                    self.old.push(version.context("a kid is of no key")?.to_owned());
                }
            }
            next = page.next.as_deref().map(path_of).transpose()?.map(str::to_owned);
        }
        Ok(())
    }

    /// Keeps so many random ones of the old versions.
    pub fn keep_old(&mut self, count: usize) {
        fastrand::shuffle(&mut self.old);
        self.old.truncate(count);
    }
}

async fn get<T: DeserializeOwned>(connection: &mut Connection, call: Call) -> Result<T> {
    let path = call.path.clone();
    let answer = connection.send(call).await?;
    ensure!(answer.status.is_success(), "{}: {path}", answer.status);
    serde_json::from_slice(&answer.body)
        .with_context(|| format!("the answer to {path} is not what it should be"))
}

/// The path of a URL of the vault, with its query.
fn path_of(url: &str) -> Result<&str> {
    let path = url
        .strip_prefix("https://")
        .and_then(|rest| rest.strip_prefix(HOST));
    path.with_context(|| format!("{url} is not of the vault"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_what_follows_the_vaults_host() {
        let url = format!("https://{HOST}/keys/a/versions?$skiptoken=x");
        assert_eq!(path_of(&url).unwrap(), "/keys/a/versions?$skiptoken=x");
        assert!(path_of("https://other/keys/a").is_err());
    }
}
