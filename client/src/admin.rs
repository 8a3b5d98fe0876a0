//! The operator's client of one replica's admin listener. [`strongroom_wire::admin`] has the messages.

mod error;

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, header};
use serde::{Serialize, de::DeserializeOwned};
use strongroom_core::{Bundle, SecretRefName, ports};
use strongroom_wire::admin::{BundleId, Resolve, Resolved, Rollback, Status, Volumes, path};

use crate::{
    TransportError,
    server::Server,
    transport::{HttpAnswer, Protocol, Transport},
    trust::Trust,
};
pub use error::AdminError;

/// The most bytes of an answer that the client reads: a bundle of ten thousand policies has some megabytes.
const ANSWER_LIMIT: usize = 32 << 20;

/// The client of one replica. Sends each request once: the operator's own loop repeats.
#[derive(Debug, Clone)]
pub struct AdminClient {
    transport: Transport,
}

impl AdminClient {
    /// A client of the replica at `server`: the vault's name, by the replica's own route. `trust` trusts the serving
    /// CA and shows the operator's certificate.
    pub fn new(server: &Server, trust: Trust) -> Self {
        let authority = format!("{}:{}", server.name(), ports::VAULT_ADMIN);
        let transport = Transport::new(server, trust, Protocol::Negotiated, Duration::from_secs(10));
        Self {
            transport: transport.with_authority(&authority),
        }
    }

    /// Gets the status of the vault.
    pub async fn status(&self) -> Result<Status, AdminError> {
        self.get(path::STATUS).await
    }

    /// Gets the bundle in force; `None` before the first.
    pub async fn bundle(&self) -> Result<Option<Bundle>, AdminError> {
        match self.get(path::BUNDLE).await {
            Ok(bundle) => Ok(Some(bundle)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts a bundle, already written as JSON: its hash is that of these bytes.
    pub async fn put_bundle(&self, bundle: Bytes) -> Result<BundleId, AdminError> {
        read(&self.send(Method::PUT, path::BUNDLE, bundle).await?)
    }

    /// Confirms the bundle in force.
    pub async fn confirm(&self, policy: &BundleId) -> Result<BundleId, AdminError> {
        read(&self.post(path::CONFIRM, policy).await?)
    }

    /// Asks what a read of some objects would meet, for one account.
    pub async fn resolve(&self, question: &Resolve) -> Result<Resolved, AdminError> {
        read(&self.post(path::RESOLVE, question).await?)
    }

    /// Announces that a SecretRef changed or was deleted.
    pub async fn ref_changed(&self, changed: &SecretRefName) -> Result<(), AdminError> {
        self.post(path::REF_CHANGED, changed).await.map(drop)
    }

    /// Gets the counts of mounted volumes.
    pub async fn volumes(&self) -> Result<Volumes, AdminError> {
        self.get(path::VOLUMES).await
    }

    /// Says that the store is older than its anchor, or that an administrator accepts it all the same.
    pub async fn rollback(&self, rollback: &Rollback) -> Result<(), AdminError> {
        self.post(path::ROLLBACK, rollback).await.map(drop)
    }

    async fn get<T: DeserializeOwned>(&self, path: &'static str) -> Result<T, AdminError> {
        read(&self.send(Method::GET, path, Bytes::new()).await?)
    }

    async fn post(&self, path: &'static str, message: &impl Serialize) -> Result<HttpAnswer, AdminError> {
        let body = serde_json::to_vec(message).map_err(AdminError::Unwritable)?;
        self.send(Method::POST, path, body.into()).await
    }

    async fn send(&self, method: Method, path: &'static str, body: Bytes) -> Result<HttpAnswer, AdminError> {
        let mut request = Request::builder().method(method).uri(path);
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(body).map_err(|source| TransportError::Request {
            server: self.transport.server().to_owned(),
            source,
        })?;
        let answer = self.transport.send(request, ANSWER_LIMIT).await?;
        if answer.status.is_success() {
            Ok(answer)
        } else {
            Err(AdminError::refused(&answer))
        }
    }
}

fn read<T: DeserializeOwned>(answer: &HttpAnswer) -> Result<T, AdminError> {
    serde_json::from_slice(&answer.body).map_err(AdminError::Malformed)
}
