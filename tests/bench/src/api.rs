//! The two REST APIs for the same two requests.

use http::Method;
use serde_json::json;

use crate::load::Call;

/// How many bytes a value has.
pub const VALUE_BYTES: usize = 512;

/// A REST API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// Azure Key Vault's, for secrets.
    KeyVault,
    /// OpenBao's, for a KV engine of version 2 at `secret/`.
    OpenBao,
}

impl Api {
    /// Reads the newest version of a secret.
    pub fn get(self, index: u64) -> Call {
        Call::get(self.path(index))
    }

    /// Writes a new version of a secret; `number` makes the value another one each time.
    pub fn set(self, index: u64, number: u64) -> Call {
        let value = format!("{number:0>VALUE_BYTES$}");
        let (method, body) = match self {
            Self::KeyVault => (Method::PUT, json!({"value": value})),
            Self::OpenBao => (Method::POST, json!({"data": {"value": value}})),
        };
        Call {
            method,
            path: self.path(index),
            body: body.to_string().into(),
        }
    }

    fn path(self, index: u64) -> String {
        let name = name(index);
        match self {
            Self::KeyVault => format!("/secrets/{name}?api-version=2026-04-01"),
            Self::OpenBao => format!("/v1/secret/data/{name}"),
        }
    }
}

/// The name of a secret.
pub fn name(index: u64) -> String {
    format!("secret-{index}")
}
