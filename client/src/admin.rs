//! The operator's client of one replica's admin listener. [`strongroom_wire::admin`] has the messages.

mod error;

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use http::{Method, Request, header};
use serde::{Serialize, de::DeserializeOwned};
use strongroom_core::{Bundle, SecretRefName, ports};
use strongroom_wire::{
    admin::{
        Anchor, BundleId, Compare, Compared, Confirm, Resolve, Resolved, Rollback, Status, Volumes, limit,
        path,
    },
    cloud_event::CloudEvent,
};

use crate::{
    TransportError,
    server::Server,
    transport::{HttpAnswer, Protocol, Transport},
    trust::Trust,
};
pub use error::AdminError;

/// The client of one replica. Sends each request once: the operator's own loop repeats.
///
/// The replica is not trusted. Each answer is bounded in bytes by what it is an answer to, in its texts by
/// [`strongroom_wire::admin`], in its names by [`strongroom_core`].
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
        self.get(path::STATUS, limit::ANSWER).await
    }

    /// Gets the bundle that was put as these bytes, of which there were `bytes`. Errors: the replica has another, too.
    pub async fn bundle(&self, put: &BundleId, bytes: usize) -> Result<Bundle, AdminError> {
        let most = bytes.max(limit::ANSWER);
        let answer = self.send(Method::GET, path::BUNDLE, Bytes::new(), most).await?;
        if bundle_hash(&answer.body) == put.hash {
            read(&answer)
        } else {
            Err(AdminError::OtherBundle)
        }
    }

    /// Puts a bundle, already written as JSON: its hash is that of these bytes.
    pub async fn put_bundle(&self, bundle: Bytes) -> Result<BundleId, AdminError> {
        let answer = self
            .send(Method::PUT, path::BUNDLE, bundle, limit::ANSWER)
            .await?;
        read(&answer)
    }

    /// Confirms the bundle in force, and says what time it is.
    pub async fn confirm(&self, confirm: &Confirm) -> Result<BundleId, AdminError> {
        read(&self.post(path::CONFIRM, confirm, limit::ANSWER).await?)
    }

    /// Asks what a read of some objects would meet, for one account.
    pub async fn resolve(&self, question: &Resolve) -> Result<Resolved, AdminError> {
        read(&self.post(path::RESOLVE, question, limit::RESOLVED).await?)
    }

    /// Announces that a SecretRef changed or was deleted.
    pub async fn ref_changed(&self, changed: &SecretRefName) -> Result<(), AdminError> {
        let answer = self.post(path::REF_CHANGED, changed, limit::ANSWER).await;
        answer.map(drop)
    }

    /// Gets the counts of mounted volumes, where about `expected` SecretRefs have some.
    pub async fn volumes(&self, expected: usize) -> Result<Volumes, AdminError> {
        self.get(path::VOLUMES, limit::volumes(expected)).await
    }

    /// Gets at most `most` events of objects, up to 500, oldest first: those after the event whose id is `after`, or from the
    /// oldest that the vault keeps.
    pub async fn events(&self, after: Option<&str>, most: u16) -> Result<Vec<CloudEvent>, AdminError> {
        let path = path::EVENTS;
        let path = match after {
            Some(after) => format!("{path}?max={most}&after={after}"),
            None => format!("{path}?max={most}"),
        };
        self.get(&path, limit::EVENTS).await
    }

    /// Has the vault compare its store and its audit log with what is kept of them. A vault whose store does not follow
    /// that answers no data from then on.
    pub async fn compare(&self, kept: Option<&Anchor>) -> Result<Compared, AdminError> {
        let kept = kept.cloned();
        read(&self.post(path::COMPARE, &Compare { kept }, limit::ANSWER).await?)
    }

    /// Waits for some seconds. Errors: the vault ended meanwhile, or cannot be reached.
    pub async fn presence(&self) -> Result<(), AdminError> {
        let answer = self
            .send(Method::GET, path::PRESENCE, Bytes::new(), limit::ANSWER)
            .await;
        answer.map(drop)
    }

    /// Says that the store is older than its anchor, or that an administrator accepts it all the same.
    pub async fn rollback(&self, rollback: &Rollback) -> Result<(), AdminError> {
        let answer = self.post(path::ROLLBACK, rollback, limit::ANSWER).await;
        answer.map(drop)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, most: usize) -> Result<T, AdminError> {
        read(&self.send(Method::GET, path, Bytes::new(), most).await?)
    }

    async fn post(
        &self,
        path: &'static str,
        message: &impl Serialize,
        most: usize,
    ) -> Result<HttpAnswer, AdminError> {
        let body = serde_json::to_vec(message).map_err(AdminError::Unwritable)?;
        self.send(Method::POST, path, body.into(), most).await
    }

    /// Sends a request, and reads at most `most` bytes of its answer.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        most: usize,
    ) -> Result<HttpAnswer, AdminError> {
        let mut request = Request::builder().method(method).uri(path);
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(body).map_err(|source| TransportError::Request {
            server: self.transport.server().to_owned(),
            source,
        })?;
        let answer = self.transport.send(request, most).await?;
        if answer.status.is_success() {
            Ok(answer)
        } else {
            Err(AdminError::refused(&answer))
        }
    }
}

/// The hash of a bundle that is put as these bytes, as in a [`BundleId`].
pub fn bundle_hash(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

fn read<T: DeserializeOwned>(answer: &HttpAnswer) -> Result<T, AdminError> {
    serde_json::from_slice(&answer.body).map_err(|error| AdminError::malformed(&error))
}
