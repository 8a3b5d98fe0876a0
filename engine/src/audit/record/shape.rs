//! The members of a record's line, in order: Azure's names (learn.microsoft.com, Key Vault logging), then ours.

use std::fmt;

use serde::{Serialize, Serializer};
use strongroom_core::{
    Identity,
    identity::{PodRef, ResourceName, Uid},
    name::NamespaceName,
};

use super::{Outcome, Record, Resource, VaultResource, Verdict};
use crate::audit::{
    entry::Time,
    operation::Operation,
    text::{ClientInfo, CorrelationId, PolicyName, RequestPath},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    r#type: &'static str,
    time: Time,
    resource_id: &'a str,
    operation_name: Operation,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation_version: Option<&'a str>,
    category: &'static str,
    result_type: &'static str,
    result_signature: Signature,
    result_description: &'a str,
    duration_ms: u64,
    caller_ip_address: Shown<std::net::IpAddr>,
    correlation_id: CorrelationId,
    identity: Claims<'a>,
    properties: Properties<'a>,
    namespace: &'a NamespaceName,
    service_account: &'a ResourceName,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod: Option<&'a PodRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<&'a ResourceName>,
    decision: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a PolicyName>,
}

#[derive(Serialize)]
struct Claims<'a> {
    claim: Claim<'a>,
}

/// A service account is its own application, so `appid` is its UID too.
#[derive(Serialize)]
struct Claim<'a> {
    oid: &'a Uid,
    upn: Shown<Subject<'a>>,
    appid: &'a Uid,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'a> {
    client_info: &'a ClientInfo,
    request_uri: &'a RequestPath,
    id: Shown<ObjectId<'a>>,
    http_status_code: u16,
    tls_version: Shown<super::TlsVersion>,
}

/// Serialises as its text.
struct Shown<T>(T);

impl<T: fmt::Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// The `sub` of the account's tokens.
struct Subject<'a>(&'a Identity);

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "system:serviceaccount:{}:{}", self.0.namespace, self.0.name)
    }
}

/// The object's URI.
struct ObjectId<'a>(&'a VaultResource, &'a Resource);

impl fmt::Display for ObjectId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.uri)?;
        let Resource::Object { kind, name, version } = self.1 else {
            return Ok(());
        };
        write!(f, "/{}/{name}", kind.as_str())?;
        version.as_ref().map_or(Ok(()), |version| write!(f, "/{version}"))
    }
}

/// The status as Azure writes it here: its phrase.
struct Signature(u16);

impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let phrase = match self.0 {
            200 => "OK",
            204 => "No Content",
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            409 => "Conflict",
            413 => "Payload Too Large",
            429 => "Too Many Requests",
            500 => "Internal Server Error",
            503 => "Service Unavailable",
            other => return serializer.collect_str(&other),
        };
        serializer.serialize_str(phrase)
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let identity = &*self.origin.identity;
        let (decision, policy) = self.verdict.parts();
        Line {
            r#type: "request",
            time: Time(self.time),
            resource_id: &self.vault.id,
            operation_name: self.operation,
            operation_version: self.origin.path.api_version(),
            category: "AuditEvent",
            result_type: self.outcome.result_type(),
            result_signature: Signature(self.outcome.status),
            result_description: self.outcome.code.unwrap_or_default(),
            duration_ms: u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX),
            caller_ip_address: Shown(self.origin.caller),
            correlation_id: self.origin.correlation,
            identity: Claims {
                claim: Claim {
                    oid: &identity.uid,
                    upn: Shown(Subject(identity)),
                    appid: &identity.uid,
                },
            },
            properties: Properties {
                client_info: &self.origin.client,
                request_uri: &self.origin.path,
                id: Shown(ObjectId(&self.vault, &self.resource)),
                http_status_code: self.outcome.status,
                tls_version: Shown(self.origin.tls),
            },
            namespace: &identity.namespace,
            service_account: &identity.name,
            pod: identity.pod.as_ref(),
            node: identity.node.as_ref().map(|node| &node.name),
            decision,
            policy,
        }
        .serialize(serializer)
    }
}

impl Verdict {
    fn parts(&self) -> (&'static str, Option<&PolicyName>) {
        match self {
            Self::Allow(policy) => ("Allow", Some(policy)),
            Self::Deny(policy) => ("Deny", Some(policy)),
            Self::NoPolicy => ("NoPolicy", None),
            Self::NotAsked => ("NotAsked", None),
        }
    }
}

impl Outcome {
    const fn result_type(self) -> &'static str {
        if self.is_success() { "Success" } else { "Failed" }
    }
}
