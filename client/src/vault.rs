//! The vault's REST API: the operations of Azure Key Vault on secrets, keys and certificates.
//!
//! | room | what it holds |
//! |---|---|
//! | `collection`, `kind`, `id`, `attributes`, `page` | what objects of every kind have in common on the wire |
//! | `life` | what may be done with an object of any kind: list, delete, recover, back up |
//! | `secret`, `secrets` | the shapes of secrets, and what may be done with them alone |
//! | `key`, `import`, `keys`, `work`, `rotation` | the same of keys: their shapes, their making, what they do, when they rotate |
//! | `certificate`, `certificates`, `revocation` | the same of certificates, of the operations that make them, and of their end |
//! | `issuer`, `issuers` | whom a vault asks for certificates, and whom it tells of them |

mod attributes;
mod certificate;
mod certificates;
mod collection;
mod error;
mod id;
mod import;
mod issuer;
mod issuers;
mod key;
mod keys;
mod kind;
mod life;
mod page;
mod revocation;
mod rotation;
mod secret;
mod secrets;
mod work;

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, header};
use serde::{Serialize, de::DeserializeOwned};
use strongroom_core::{ObjectName, Version};
use zeroize::Zeroizing;

use crate::{
    identity::VaultToken,
    retry::Retry,
    server::Server,
    transport::{HttpAnswer, Protocol, Transport},
    trust::Trust,
};
pub use attributes::{Attributes, NewAttributes};
pub use certificate::{
    Certificate, CertificateChange, CertificateImport, CertificateItem, CertificateMerge,
    CertificateOperation, NewCertificate, OperationError, OperationIssuer, OperationStatus,
};
pub use certificates::PendingCertificate;
pub use collection::{Certificates, Collection, Keys, Secrets};
pub use error::{VaultError, VaultRefusal};
pub use id::{CertificateId, IdError, KeyId, ObjectId, SecretId};
pub use import::{KeyImport, PrivateJwk};
pub use issuer::{CertificateContact, CertificateContacts, CertificateIssuer};
pub use key::{Jwk, Key, KeyAttributes, KeyChange, KeyItem, NewKey};
pub use kind::VaultKind;
pub use life::{Backup, Deleted};
pub use page::{NextPage, Page};
pub use revocation::CertificateRevocation;
pub use rotation::{LifetimeAction, LifetimeActionKind, LifetimeTrigger, RotationAttributes, RotationPolicy};
pub use secret::{NewSecret, Secret, SecretChange, SecretItem};
pub use strongroom_wire::octets::Octets;
pub use work::{KeyInput, KeyResult, KeyWork, Verification};

/// The version of the API that is spoken.
pub const API_VERSION: &str = "2025-07-01";

/// The most that is read of an answer about one object: of a secret, each byte of the value at worst an escape of six, and
/// tags; of a key's work, 64 KiB of data and as much additional data in base64.
pub const SECRET_LIMIT: usize = 256 << 10;

/// The most that is read of one page of a list.
const PAGE_LIMIT: usize = 1 << 20;

/// The most that is read of a backup: 500 versions.
const BACKUP_LIMIT: usize = 24 << 20;

/// The client of one vault. Clones share its connection; so does [`crate::watch::Watch`].
#[derive(Debug, Clone)]
pub struct VaultClient {
    transport: Transport,
    retry: Retry,
}

/// One request, before it is written.
struct Call<'a> {
    method: Method,
    path: String,
    query: &'a str,
    body: Bytes,
    limit: usize,
    /// Whether a second one does no harm.
    repeatable: bool,
    /// How long the answer may take, where that is longer than usual.
    within: Option<Duration>,
}

impl<'a> Call<'a> {
    fn new(method: Method, path: String) -> Self {
        let repeatable = method == Method::GET;
        Self {
            method,
            path,
            query: "",
            body: Bytes::new(),
            limit: SECRET_LIMIT,
            repeatable,
            within: None,
        }
    }

    fn query(self, query: &'a str) -> Self {
        Self { query, ..self }
    }

    fn body(self, body: impl AsRef<[u8]> + Send + 'static) -> Self {
        Self {
            body: Bytes::from_owner(body),
            ..self
        }
    }

    fn limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// Says that a second one does no harm, although its method does not.
    fn repeatable(self) -> Self {
        Self {
            repeatable: true,
            ..self
        }
    }

    fn within(self, within: Duration) -> Self {
        Self {
            within: Some(within),
            ..self
        }
    }
}

impl VaultClient {
    /// A client of the vault at `server`. Connects when first used.
    pub fn new(server: &Server, trust: Trust) -> Self {
        let transport = Transport::new(server, trust, Protocol::Http2, Duration::from_secs(10));
        Self {
            transport,
            retry: Retry::default(),
        }
    }

    /// The same client, repeating failed requests, where that does no harm, as `retry` says.
    #[must_use]
    pub fn with_retry(self, retry: Retry) -> Self {
        Self { retry, ..self }
    }

    /// Connects within this time, if there is no connection. Callers that wait together wait for the same connection, and the
    /// next request uses it.
    pub async fn connect(&self, within: Duration) -> Result<(), VaultError> {
        Ok(self.transport.connect(within).await?)
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Sends `call` and reads a JSON answer.
    async fn json<T: DeserializeOwned>(&self, token: &VaultToken, call: Call<'_>) -> Result<T, VaultError> {
        read(&self.send(token, call).await?)
    }

    async fn send(&self, token: &VaultToken, call: Call<'_>) -> Result<HttpAnswer, VaultError> {
        let call = &call;
        let attempt = || async move {
            self.send_once(token, call)
                .await
                .map_err(|error| (error, call.repeatable))
        };
        self.retry.run(attempt).await.map_err(|(error, _)| error)
    }

    async fn send_once(&self, token: &VaultToken, call: &Call<'_>) -> Result<HttpAnswer, VaultError> {
        let authorization = token.header().ok_or(VaultError::Token)?;
        let Call {
            method,
            path,
            query,
            body,
            ..
        } = call;
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{path}?api-version={API_VERSION}{query}"))
            .header(header::AUTHORIZATION, authorization);
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request
            .body(body.clone())
            .map_err(|source| self.unwritable(source))?;
        let within = call.within.unwrap_or(self.transport.deadline());
        let answer = self.transport.send_within(request, call.limit, within).await?;
        if answer.status.is_success() {
            Ok(answer)
        } else {
            Err(VaultError::Refused(VaultRefusal::read(&answer)))
        }
    }

    fn unwritable(&self, source: http::Error) -> crate::TransportError {
        crate::TransportError::Request {
            server: self.transport.server().to_owned(),
            source,
        }
    }
}

/// The JSON of an answer.
fn read<T: DeserializeOwned>(answer: &HttpAnswer) -> Result<T, VaultError> {
    // serde_json's own message could quote a value.
    serde_json::from_slice(&answer.body).map_err(|error| VaultError::Malformed {
        line: error.line(),
        column: error.column(),
    })
}

/// The path of an object, or of one version of it.
fn path<K: VaultKind>(name: &ObjectName, version: Option<&Version>) -> String {
    let collection = K::KIND.as_str();
    match version {
        None => format!("/{collection}/{name}"),
        Some(version) => format!("/{collection}/{name}/{version}"),
    }
}

/// `value` as JSON, in a buffer that is wiped and has `room` enough not to grow.
fn written(value: &impl Serialize, room: usize) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let mut body = Zeroizing::new(Vec::with_capacity(room));
    serde_json::to_writer(&mut *body, value).map_err(|_| VaultError::Unwritable)?;
    Ok(body)
}
