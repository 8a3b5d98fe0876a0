//! Certificates in the script: what is asked of them.

mod parts;

use strongroom_core::ObjectName;
use strongroom_engine::{
    BackupBlob, Certificate, CertificateBundle, CertificateWriteRequest, Objects, Tags,
    certificate::{
        CertificateRequest,
        object::OperationId,
        request::{Complete, OperationEnd, Update},
    },
    format::id::Sequence,
    object::request::WriteRequest,
};

pub use self::parts::{see, seen_of};

use crate::{
    certificate::{Life, begin, complete, import, own, policy},
    script::{AFTER_RETENTION, Ask, NOW, Step},
};

/// The names of certificates. No other object of a script has them.
pub const NAMES: [&str; 4] = ["web", "mail", "never", "gone"];

/// What is asked of a certificate.
#[derive(Debug, Clone, Copy)]
pub enum AskCertificate {
    /// The vault is to issue.
    Begin(&'static str),
    /// Somebody else is to issue.
    Request(&'static str),
    /// The next version by the policy that there is.
    Renew(&'static str),
    /// With a certificate of so many bytes.
    Complete(&'static str, usize),
    /// The same of somebody else's, with tags of its own.
    Merge(&'static str, usize),
    Fail(&'static str),
    Cancel(&'static str),
    Forget(&'static str),
    /// A certificate of so many bytes, whose near end the next sweep tells.
    Import(&'static str, usize),
    Update(&'static str),
    Delete(&'static str),
    Recover(&'static str),
    Purge(&'static str),
    /// Restores the backup that was kept, of a certificate with its key and its secret.
    Restore,
}

/// Every change of a certificate, alone and in batches with those of others.
pub fn long() -> Vec<Step> {
    use AskCertificate::{
        Begin, Cancel, Complete, Delete, Fail, Forget, Import, Merge, Purge, Recover, Renew, Request,
        Restore, Update,
    };
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
        one(Renew("mail")),
        one(Complete("mail", 700)),
        one(Request("mail")),
        one(Merge("mail", 3_000)),
        Step::BackupCertificate("web"),
        one(Delete("web")),
        asks(&[Recover("web"), Delete("mail"), Update("web")]),
        one(Delete("web")),
        one(Purge("web")),
        one(Restore),
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

pub fn request(
    vault: &Objects,
    backup: Option<&BackupBlob>,
    ask: AskCertificate,
    marker: u32,
) -> CertificateWriteRequest {
    use AskCertificate::{
        Begin, Cancel, Complete, Delete, Fail, Forget, Import, Merge, Purge, Recover, Renew, Request,
        Restore, Update,
    };
    let text = |bytes: usize| format!("{marker}-").repeat(bytes)[..bytes].to_owned();
    own(match ask {
        Begin(name) | Request(name) | Renew(name) => {
            let mut begin = begin(&named(name), &text(300), life());
            begin.tags = marked(marker);
            if let Request(_) = ask {
                begin.issue_after = None;
            }
            if let Renew(_) = ask {
                let current = current(vault, name);
                begin.renews = Some(current.map_or(Sequence(u64::MAX), |(record, _)| record));
            }
            CertificateRequest::Begin(Box::new(begin))
        }
        Complete(name, bytes) => {
            let complete = completion(vault, name, &text(bytes));
            CertificateRequest::Complete(Box::new(complete))
        }
        Merge(name, bytes) => {
            let mut complete = completion(vault, name, &text(bytes));
            complete.tags = Some(marked(marker));
            CertificateRequest::Complete(Box::new(complete))
        }
        Fail(name) => CertificateRequest::End {
            name: named(name),
            operation: operation(vault, name),
            end: OperationEnd::Failed {
                code: "Refused".into(),
                message: text(50).into(),
            },
        },
        Cancel(name) => CertificateRequest::Cancel { name: named(name) },
        Forget(name) => CertificateRequest::Forget { name: named(name) },
        Import(name, bytes) => {
            let mut import = import(&named(name), &text(bytes), life());
            import.tags = marked(marker);
            CertificateRequest::Import(Box::new(import))
        }
        Update(name) => CertificateRequest::Update(Box::new(changed(vault, name, marker))),
        Delete(name) => return WriteRequest::Delete { name: named(name) },
        Recover(name) => return WriteRequest::Recover { name: named(name) },
        Purge(name) => return WriteRequest::Purge { name: named(name) },
        Restore => {
            let blob = BackupBlob::new(backup.unwrap().as_bytes());
            return WriteRequest::Restore { blob };
        }
    })
}

fn completion(vault: &Objects, name: &str, text: &str) -> Complete {
    complete(&named(name), operation(vault, name), text, life())
}

/// An update with another policy than that which is there.
fn changed(vault: &Objects, name: &str, marker: u32) -> Update {
    let policy_now = current(vault, name).and_then(|(_, found)| found.object.policy);
    let json = policy_now.map_or_else(|| b"policy".as_slice().into(), |policy| policy.json);
    Update {
        name: named(name),
        version: None,
        policy: Some((json, policy(&format!("policy of -{marker}-")))),
        enabled: Some(!marker.is_multiple_of(3)),
        tags: Some(marked(marker)),
    }
}

fn marked(marker: u32) -> Tags {
    [("marker".to_owned(), format!("-{marker}-"))].into()
}

fn named(text: &str) -> ObjectName {
    text.parse().unwrap()
}

/// It has begun, and ends within the usual notice.
const fn life() -> Life {
    (NOW - 1_000, NOW + 24 * 60 * 60)
}

/// The certificate when this is asked, with the number of its record.
fn current(vault: &Objects, name: &str) -> Option<(Sequence, CertificateBundle)> {
    let found = vault.current::<Certificate>(&named(name)).ok();
    found.map(|(seen, bundle)| (seen.record, bundle))
}

/// The operation that is there when this is asked; of none where there is none.
fn operation(vault: &Objects, name: &str) -> OperationId {
    let operation = current(vault, name).and_then(|(_, found)| found.object.operation);
    operation.map_or(OperationId([0; 16]), |operation| operation.id)
}
