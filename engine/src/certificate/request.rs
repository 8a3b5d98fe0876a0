//! What certificates alone can be asked: each changes a certificate, its key and its secret together.

use std::{sync::Arc, time::Duration};

use strongroom_core::{ObjectName, Timestamp, Version};

use super::object::{OperationId, PendingKey, PolicyTerms};
use crate::{
    crypto_key::{KeyFields, KeyMaterial},
    format::{id::Sequence, tags::Tags},
    secret::SecretValue,
};

/// A request about a certificate.
#[derive(Debug)]
pub enum CertificateRequest {
    /// An operation that is to make a version begins. The object is made with it, where the name is free.
    Begin(Box<Begin>),
    /// The certificate of an operation is issued, and is the current version from then on.
    Complete(Box<Complete>),
    /// An operation ends without a certificate.
    End {
        /// The certificate.
        name: ObjectName,
        /// Which operation.
        operation: OperationId,
        /// How.
        end: OperationEnd,
    },
    /// An operation is to be cancelled. It is so once the server has seen to it; where somebody else issues, never.
    Cancel {
        /// The certificate.
        name: ObjectName,
    },
    /// The operation is forgotten, whatever its state.
    Forget {
        /// The certificate.
        name: ObjectName,
    },
    /// A certificate that was issued elsewhere is the current version from then on.
    Import(Box<Import>),
    /// Attributes and tags of a version, and the policy.
    Update(Box<Update>),
}

impl CertificateRequest {
    /// Whether the vault's objects may take more room after it.
    pub(super) fn grows(&self) -> bool {
        match self {
            Self::Begin(_) | Self::Complete(_) | Self::Import(_) => true,
            Self::Update(update) => {
                update.policy.is_some() || update.tags.as_ref().is_some_and(|tags| !tags.is_empty())
            }
            Self::End { .. } | Self::Cancel { .. } | Self::Forget { .. } => false,
        }
    }
}

/// How an operation ends without a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationEnd {
    /// As its owner wished.
    Cancelled,
    /// The issuer does not issue it.
    Failed {
        /// The code of the error.
        code: Box<str>,
        /// The error as a sentence.
        message: Box<str>,
    },
}

/// What begins an operation.
#[derive(Debug)]
pub struct Begin {
    /// The certificate.
    pub name: ObjectName,
    /// The policy, which is the certificate's from then on.
    pub policy: PolicyTerms,
    /// The request for a certificate, in DER.
    pub csr: Box<[u8]>,
    /// The key that it is for.
    pub key: Arc<PendingKey>,
    /// The name of the issuer.
    pub issuer: Box<str>,
    /// Whether the chain stays in its order, where that is said.
    pub preserve_order: Option<bool>,
    /// How long after its begin the server issues the certificate; never where somebody else does.
    pub issue_after: Option<Duration>,
    /// What the attributes of a first version say until it is issued.
    pub validity: (Timestamp, Timestamp),
    /// Whether the version is to be enabled.
    pub enabled: bool,
    /// The tags of the version.
    pub tags: Tags,
    /// The record of the version that is renewed: the operation begins only while that is the current one.
    pub renews: Option<Sequence>,
}

/// A certificate as it was issued, with the secret that holds it.
#[derive(Debug)]
pub struct Issued {
    /// The certificate, in DER.
    pub der: Box<[u8]>,
    /// The SHA-1 of that.
    pub thumbprint: [u8; 20],
    /// When it begins to be valid.
    pub not_before: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// Its chain, with the private key where that may leave the vault.
    pub secret: SecretValue,
    /// What form that has.
    pub content_type: String,
}

/// What completes an operation.
#[derive(Debug)]
pub struct Complete {
    /// The certificate.
    pub name: ObjectName,
    /// Which operation.
    pub operation: OperationId,
    /// What was issued.
    pub issued: Issued,
    /// The tags of the version, where they are said anew.
    pub tags: Option<Tags>,
    /// Whether the version is enabled, where that is said anew.
    pub enabled: Option<bool>,
}

/// What is imported.
#[derive(Debug)]
pub struct Import {
    /// The certificate.
    pub name: ObjectName,
    /// The policy, which is the certificate's from then on.
    pub policy: PolicyTerms,
    /// What was issued elsewhere.
    pub issued: Issued,
    /// The private part of its key.
    pub material: KeyMaterial,
    /// What describes the key.
    pub key: KeyFields,
    /// Whether the chain stays in its order, where that is said.
    pub preserve_order: Option<bool>,
    /// Whether the version is enabled.
    pub enabled: bool,
    /// The tags of the version.
    pub tags: Tags,
}

/// What changes of a certificate that is there.
#[derive(Debug)]
pub struct Update {
    /// The certificate.
    pub name: ObjectName,
    /// The version; none is the latest.
    pub version: Option<Version>,
    /// The policy as it was read, and the one that takes its place.
    pub policy: Option<(Box<[u8]>, PolicyTerms)>,
    /// Whether the version is enabled from now on.
    pub enabled: Option<bool>,
    /// The tags from now on; none keeps them.
    pub tags: Option<Tags>,
}
