//! Certificates that a test can make and compare: what would be DER, a chain or a private key is a text.

use std::{sync::Arc, time::Duration};

use strongroom_core::{ObjectName, Timestamp};
use strongroom_engine::{
    CertificateWriteRequest, KeyFields, KeyMaterial, SecretValue, Tags,
    certificate::{
        CertificateRequest,
        object::{Lifetime, OperationId, PendingKey, PolicyTerms, Trigger},
        request::{Begin, Complete, Import, Issued},
    },
    object::request::WriteRequest,
};
use strongroom_keys::{Curve, KeyOperation, PublicJwk};

/// The first and the last second of a life.
pub type Life = (u64, u64);

/// A policy of this text, by which a version is renewed when 80 hundredths of its life have passed.
pub fn policy(text: &str) -> PolicyTerms {
    PolicyTerms {
        json: text.as_bytes().into(),
        lifetime: Lifetime {
            renew: Some(Trigger::Percentage(80)),
            notify: None,
        },
    }
}

pub fn material(text: &str) -> KeyMaterial {
    KeyMaterial::new(format!("private {text}").into_bytes().into())
}

pub fn key_fields() -> KeyFields {
    KeyFields {
        public: PublicJwk::Ec {
            crv: Curve::P256,
            x: [7; 32].into(),
            y: [8; 32].into(),
        },
        operations: [KeyOperation::Sign].into_iter().collect(),
        release: None,
        is_part: true,
    }
}

pub fn issued(text: &str, (begin, end): Life) -> Issued {
    let mut thumbprint = [0; 20];
    let bytes = text.as_bytes();
    let length = bytes.len().min(20);
    thumbprint[..length].copy_from_slice(&bytes[..length]);
    Issued {
        der: bytes.into(),
        thumbprint,
        not_before: Timestamp::from_unix(begin),
        expires: Timestamp::from_unix(end),
        secret: SecretValue::new(format!("chain of {text}")),
        content_type: "application/x-pem-file".to_owned(),
    }
}

/// An operation whose certificate the server issues two seconds later, with a key of this text.
pub fn begin(name: &ObjectName, text: &str, (begin, end): Life) -> Begin {
    Begin {
        name: name.clone(),
        policy: policy("policy"),
        csr: b"request".as_slice().into(),
        key: Arc::new(PendingKey {
            material: material(text),
            fields: key_fields(),
        }),
        issuer: "Self".into(),
        preserve_order: None,
        issue_after: Some(Duration::from_secs(2)),
        validity: (Timestamp::from_unix(begin), Timestamp::from_unix(end)),
        enabled: true,
        tags: Tags::new(),
        renews: None,
    }
}

pub fn complete(name: &ObjectName, operation: OperationId, text: &str, life: Life) -> Complete {
    Complete {
        name: name.clone(),
        operation,
        issued: issued(text, life),
        tags: None,
        enabled: None,
    }
}

pub fn import(name: &ObjectName, text: &str, life: Life) -> Import {
    Import {
        name: name.clone(),
        policy: policy("policy"),
        issued: issued(text, life),
        material: material(text),
        key: key_fields(),
        preserve_order: None,
        enabled: true,
        tags: Tags::new(),
    }
}

pub fn own(request: CertificateRequest) -> CertificateWriteRequest {
    WriteRequest::Own(request)
}
