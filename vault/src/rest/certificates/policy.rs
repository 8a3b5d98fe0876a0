//! The policy of a certificate (Certificates/models.tsp, `CertificatePolicy`).

use axum::response::Response;
use serde::{Serialize, Serializer, ser::Error as _};
use strongroom_certificates::policy::{Policy, PolicyIdentity};
use strongroom_engine::{
    Certificate, CertificateBundle, ReadRequest,
    certificate::{object::CertificatePolicy, request::Update},
    object::answer::Answer,
};

use super::{
    super::{
        answer::serialise,
        body::MAX_BODY,
        call::{Call, CommandError},
        error::Problem,
        host::Host,
        respond,
    },
    body, url,
};
use crate::access::{Failure, certificates::Changed};

/// Answers the policy of a certificate.
pub(super) async fn get(call: Call<'_>) -> Result<Response, Problem> {
    let name = call.name();
    let (call, name) = call.or_refuse(name).await?;
    let host = call.host;
    let request = ReadRequest::Get { name, version: None };
    let read = call.admitted.read::<Certificate>(request).await?;
    answered(&read.answer, host)
}

/// Changes the policy of a certificate, member by member.
pub(super) async fn update(mut call: Call<'_>) -> Result<Response, Problem> {
    let changed = changed(&mut call).await;
    let (call, changed) = call.or_refuse(changed).await?;
    let host = call.host;
    let answer = call.admitted.update_certificate(changed).await?;
    answered(&answer, host)
}

async fn changed(call: &mut Call<'_>) -> Result<Changed, CommandError> {
    let name = call.name()?;
    let (_charge, bytes) = call.receive(MAX_BODY).await?;
    let policy = body::policy(&bytes)?;
    Ok(Changed {
        update: Update {
            name,
            version: None,
            policy: None,
            enabled: None,
            tags: None,
        },
        policy: Some(policy),
    })
}

fn answered(answer: &Answer<Certificate>, host: &Host) -> Result<Response, Problem> {
    let policy = match answer {
        Answer::Object(certificate) => PolicyJson::of(certificate, host),
        Answer::Page(_) | Answer::Backup(_) | Answer::Purged => None,
    };
    // What is asked about one certificate is answered about one, and each has a policy.
    let policy = policy.ok_or_else(|| Problem::from(&Failure::Storage))?;
    let json = serialise(&policy, 4096 + policy.stored)?;
    Ok(respond::success(Some(json), None))
}

/// A policy as JSON. One that cannot be read has none.
pub(super) struct PolicyJson {
    policy: Option<Policy>,
    /// The bytes that it takes in the store.
    stored: usize,
    id: String,
    created: u64,
    updated: u64,
}

impl PolicyJson {
    pub(super) fn of(certificate: &CertificateBundle, host: &Host) -> Option<Self> {
        let CertificatePolicy {
            json,
            created,
            updated,
            ..
        } = certificate.object.policy.as_ref()?;
        Some(Self {
            policy: Policy::from_stored(json).ok(),
            stored: json.len(),
            id: url(certificate, host, "/policy"),
            created: created.unix(),
            updated: updated.unix(),
        })
    }
}

impl Serialize for PolicyJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let policy = self.policy.as_ref();
        let policy = policy.ok_or_else(|| S::Error::custom("a damaged policy"))?;
        let identity = PolicyIdentity {
            id: &self.id,
            created: self.created,
            updated: self.updated,
        };
        policy.answered(identity).serialize(serializer)
    }
}
