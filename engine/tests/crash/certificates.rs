//! Certificates in the script: what is asked of them, and what is seen of each with its key and its secret.

use std::collections::BTreeMap;

use strongroom_core::{ObjectName, Timestamp};
use strongroom_engine::{
    Certificate, CertificateWriteRequest, CryptoKey, ObjectError, Objects, ReadRequest, Secret,
    certificate::{
        CertificateRequest,
        object::OperationId,
        request::{OperationEnd, Update},
    },
    every_name,
    object::{
        answer::{Answer, Bundle},
        kind::Kind,
        request::WriteRequest,
        tasks::Tasks,
    },
};

use crate::{
    certificate::{Life, begin, complete, import, own, policy},
    script::{AFTER_RETENTION, Ask, NOW, Step},
};

/// The names of certificates. No other object of a script has them.
const NAMES: [&str; 3] = ["web", "mail", "never"];

/// What is asked of a certificate.
#[derive(Debug, Clone, Copy)]
pub enum AskCertificate {
    Begin(&'static str),
    /// With a certificate of so many bytes.
    Complete(&'static str, usize),
    Fail(&'static str),
    Cancel(&'static str),
    Forget(&'static str),
    /// A certificate of so many bytes, whose near end the next sweep tells.
    Import(&'static str, usize),
    Update(&'static str),
    Delete(&'static str),
    Recover(&'static str),
    Purge(&'static str),
}

/// Every change of a certificate, alone and in batches with those of others.
pub fn long() -> Vec<Step> {
    use AskCertificate::{Begin, Cancel, Complete, Delete, Fail, Forget, Import, Purge, Recover, Update};
    let asks =
        |asks: &[AskCertificate]| Step::Requests(asks.iter().map(|ask| Ask::Certificate(*ask)).collect());
    let one = |ask| Step::Requests(vec![Ask::Certificate(ask)]);
    vec![
        one(Begin("web")),
        one(Complete("web", 900)),
        one(Update("web")),
        one(Begin("web")),
        one(Cancel("web")),
        one(Fail("web")),
        one(Begin("web")),
        Step::Requests(vec![
            Ask::Set("a", 5_000),
            Ask::Certificate(Begin("never")),
            Ask::Set("b", 20),
            Ask::Certificate(Import("mail", 6_000)),
            Ask::Delete("a"),
        ]),
        one(Complete("web", 5_000)),
        Step::Sweep(NOW),
        one(Import("mail", 40)),
        one(Delete("web")),
        asks(&[Recover("web"), Delete("mail"), Update("web")]),
        one(Delete("web")),
        one(Purge("web")),
        one(Forget("never")),
        one(Import("web", 20_000)),
        asks(&[Delete("web"), Delete("never")]),
        Step::Sweep(AFTER_RETENTION),
        Step::Sweep(AFTER_RETENTION),
        one(Import("mail", 10)),
    ]
}

/// A few changes, for being stopped twice.
pub fn short() -> Vec<Step> {
    use AskCertificate::{Begin, Delete, Import};
    let ask = Ask::Certificate;
    vec![
        Step::Requests(vec![ask(Import("web", 6_000))]),
        Step::Requests(vec![
            ask(Import("web", 10)),
            ask(Begin("web")),
            ask(Delete("web")),
        ]),
    ]
}

pub fn request(vault: &Objects, ask: AskCertificate, marker: u32) -> CertificateWriteRequest {
    use AskCertificate::{Begin, Cancel, Complete, Delete, Fail, Forget, Import, Purge, Recover, Update};
    let text = |bytes: usize| format!("{marker}-").repeat(bytes)[..bytes].to_owned();
    let operation = |name: &str| operation(vault, &named(name));
    own(match ask {
        Begin(name) => CertificateRequest::Begin(Box::new(begin(&named(name), &text(300), life()))),
        Complete(name, bytes) => {
            let request = complete(&named(name), operation(name), &text(bytes), life());
            CertificateRequest::Complete(Box::new(request))
        }
        Fail(name) => CertificateRequest::End {
            name: named(name),
            operation: operation(name),
            end: OperationEnd::Failed {
                code: "Refused".into(),
                message: text(50).into(),
            },
        },
        Cancel(name) => CertificateRequest::Cancel { name: named(name) },
        Forget(name) => CertificateRequest::Forget { name: named(name) },
        Import(name, bytes) => {
            CertificateRequest::Import(Box::new(import(&named(name), &text(bytes), life())))
        }
        Update(name) => CertificateRequest::Update(Box::new(changed(name, marker))),
        Delete(name) => return WriteRequest::Delete { name: named(name) },
        Recover(name) => return WriteRequest::Recover { name: named(name) },
        Purge(name) => return WriteRequest::Purge { name: named(name) },
    })
}

fn changed(name: &str, marker: u32) -> Update {
    Update {
        name: named(name),
        version: None,
        policy: Some((b"policy".as_slice().into(), policy("another"))),
        enabled: Some(true),
        tags: Some([("marker".to_owned(), marker.to_string())].into()),
    }
}

fn named(text: &str) -> ObjectName {
    text.parse().unwrap()
}

/// It has begun, and ends within the usual notice.
const fn life() -> Life {
    (NOW - 1_000, NOW + 24 * 60 * 60)
}

/// The operation that is in progress when this is asked; of none where there is none.
fn operation(vault: &Objects, name: &ObjectName) -> OperationId {
    let found = vault.current::<Certificate>(name).ok();
    let operation = found.and_then(|(_, found)| found.object.operation);
    operation.map_or(OperationId([0; 16]), |operation| operation.id)
}

/// Adds what is seen of every certificate, and checks that each has its key and its secret, and that neither is alone.
pub fn see(vault: &Objects, seen: &mut BTreeMap<String, String>) {
    for name in NAMES.map(named) {
        for is_live in [true, false] {
            let certificate = look::<Certificate>(vault, &name, is_live, seen);
            let issued = certificate.filter(|found| Certificate::is_complete(&found.fields));
            let key = look::<CryptoKey>(vault, &name, is_live, seen);
            let secret = look::<Secret>(vault, &name, is_live, seen);
            let version = issued.map(|found| (found.version, found.attributes, found.tags));
            assert_eq!(
                version,
                key.map(|found| (found.version, found.attributes, found.tags)),
                "{name}"
            );
            assert_eq!(
                version,
                secret.map(|found| (found.version, found.attributes, found.tags)),
                "{name}"
            );
        }
    }
}

fn look<K: Tasks>(
    vault: &Objects,
    name: &ObjectName,
    is_live: bool,
    seen: &mut BTreeMap<String, String>,
) -> Option<Bundle<K>> {
    let name = name.clone();
    let request = if is_live {
        ReadRequest::Get { name, version: None }
    } else {
        ReadRequest::GetDeleted { name }
    };
    let answer = vault.read::<K>(&request, Timestamp::from_unix(NOW), &every_name);
    seen.insert(format!("{} {request:?}", K::KIND.as_str()), format!("{answer:?}"));
    match answer {
        Ok(Answer::Object(bundle)) => Some(*bundle),
        Ok(other) => panic!("{other:?}"),
        Err(ObjectError::NotFound { .. } | ObjectError::DeletedNotFound { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}
