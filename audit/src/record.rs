//! The record of one authenticated request.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use strongroom_core::{Decision, NamedObject, Operation, Principal, VaultRef};

use crate::text::{ClientInfo, CorrelationId, PolicyName, RequestPath};

pub(crate) mod shape;

/// The vault a record is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultResource {
    id: Box<str>,
    uri: Box<str>,
}

impl VaultResource {
    /// The resource of `vault`.
    pub fn new(vault: &VaultRef) -> Self {
        let VaultRef { namespace, name } = vault;
        Self {
            id: format!("/apis/strongroom.dev/v1alpha1/namespaces/{namespace}/vaults/{name}").into(),
            uri: vault.url().into(),
        }
    }

    /// The vault's address, as the ids of its objects begin: `https://NAME.NAMESPACE.svc`.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Its path in the Kubernetes API, where Azure has its resource manager's: `resourceId`.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// The TLS version of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsVersion {
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// Where a request comes from: what is known before it is decided.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Who asks, as authenticated.
    pub principal: Arc<Principal>,
    /// The address of the connection's other end.
    pub caller: IpAddr,
    /// Ties the record to the caller's log.
    pub correlation: CorrelationId,
    /// The caller's `User-Agent`.
    pub client: ClientInfo,
    /// The request's path.
    pub path: RequestPath,
    /// The connection's TLS version; `None` where it is not known, and the record has no word on it.
    pub tls: Option<TlsVersion>,
}

/// The object a request names, as far as it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// None: a list, a restore, an unknown path.
    Vault,
    /// One object, with the version that the request names or makes.
    Object(NamedObject),
}

/// What policy said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// This policy allowed it.
    Allow(PolicyName),
    /// This policy denied it.
    Deny(PolicyName),
    /// No policy is about it.
    NoPolicy,
    /// It was refused before policy was asked: its form is wrong.
    NotAsked,
}

impl From<Decision<'_>> for Verdict {
    fn from(decision: Decision<'_>) -> Self {
        match decision {
            Decision::Allow { policy } => Self::Allow(PolicyName::new(policy)),
            Decision::Deny { policy } => Self::Deny(PolicyName::new(policy)),
            Decision::NoPolicy => Self::NoPolicy,
        }
    }
}

/// What was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// The HTTP status.
    pub status: u16,
    /// The error code, as `SecretNotFound`: a word of the program, never the text of an error.
    pub code: Option<&'static str>,
}

impl Outcome {
    /// Success with `status`.
    pub const fn success(status: u16) -> Self {
        Self { status, code: None }
    }

    /// Failure with `status` and the error code `code`.
    pub const fn failure(status: u16, code: &'static str) -> Self {
        Self {
            status,
            code: Some(code),
        }
    }

    /// Whether the status is one of success.
    pub const fn is_success(self) -> bool {
        self.status < 400
    }
}

/// One authenticated request and its answer. It names objects, and can hold no value: there is no field for one.
#[derive(Debug, Clone)]
pub struct Record {
    /// When it was decided.
    pub time: SystemTime,
    /// The vault.
    pub vault: Arc<VaultResource>,
    /// What was asked.
    pub operation: Operation,
    /// Of which object.
    pub resource: Resource,
    /// By whom and whence.
    pub origin: Origin,
    /// What policy said.
    pub verdict: Verdict,
    /// What was answered.
    pub outcome: Outcome,
    /// From the request's arrival to this record.
    pub duration: Duration,
}

impl TlsVersion {
    /// As Azure's records have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tls12 => "TLS1_2",
            Self::Tls13 => "TLS1_3",
        }
    }
}
