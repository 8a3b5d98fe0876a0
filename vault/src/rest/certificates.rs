//! Certificates: the paths, the bodies and the answers of their operations (Certificates/routes.tsp of the REST API
//! specifications).
//!
//! | room | what it holds |
//! |---|---|
//! | [`body`] | what requests give |
//! | [`answer`] | a version, and an item of a list |
//! | [`policy`] | the policy of a certificate |
//! | [`pending`] | the operation that makes a version, and the merge that completes it |
//! | [`contacts`], [`issuers`] | whom the vault tells, and whom it asks |
//! | [`revocation`] | the revocation of a version, which Azure does not have |

mod answer;
mod body;
mod contacts;
mod issuers;
mod pending;
mod policy;
mod revocation;

use axum::response::Response;
use http::Method;
use strongroom_core::{ObjectKind, Operation};
use strongroom_engine::{Certificate, CertificateBundle, certificate::request::Update};

use self::body::{CreateBody, ImportBody, MAX_IMPORT, UpdateBody};
use super::{
    answer as common,
    body::MAX_BODY,
    call::{Call, Command, CommandError},
    error::Problem,
    host::Host,
    life, respond,
    route::{
        Life, RouteError, Segment,
        Segment::{Issuer, Name, NameBut, Version, Word},
        Shape, Verb,
        Verb::{Delete, Get, Patch, Post, Put},
        check, life, own,
    },
};
use crate::{
    access::certificates::{Changed, NewCertificate},
    certificates::import::Import,
};

/// The first segment of every path of certificates that are not deleted.
const CERTIFICATES: &str = "certificates";

/// What is behind it in paths of the vault's issuers.
const ISSUERS: &str = "issuers";

/// A name, which is not the word of another path.
const NAMED: Segment = NameBut(&["contacts", ISSUERS, "restore"]);

const CERTIFICATE: &[Segment] = &[Word(CERTIFICATES), NAMED];
const VERSION: &[Segment] = &[Word(CERTIFICATES), NAMED, Version];
const POLICY: &[Segment] = &[Word(CERTIFICATES), NAMED, Word("policy")];
const PENDING: &[Segment] = &[Word(CERTIFICATES), NAMED, Word("pending")];
const CONTACTS: &[Segment] = &[Word(CERTIFICATES), Word("contacts")];
const ISSUER: &[Segment] = &[Word(CERTIFICATES), Word(ISSUERS), Issuer];
const DELETED: &[Segment] = &[Word("deletedcertificates"), Name];

/// The paths of certificates. A row with a word stands before one that takes any text in the word's place.
#[rustfmt::skip]
pub(super) const SHAPES: &[Shape] = &[
    own(Post, &[Word(CERTIFICATES), NAMED, Word("create")], Operation::CertificateCreate),
    own(Post, &[Word(CERTIFICATES), NAMED, Word("import")], Operation::CertificateImport),
    life(Get, CERTIFICATE, Operation::CertificateGet, Life::Get),
    own(Patch, CERTIFICATE, Operation::CertificateUpdate),
    life(Delete, CERTIFICATE, Operation::CertificateDelete, Life::Delete),
    own(Get, POLICY, Operation::CertificatePolicyGet),
    own(Patch, POLICY, Operation::CertificatePolicyUpdate),
    own(Get, PENDING, Operation::CertificatePendingGet),
    own(Patch, PENDING, Operation::CertificatePendingUpdate),
    own(Delete, PENDING, Operation::CertificatePendingDelete),
    own(Post, &[Word(CERTIFICATES), NAMED, Word("pending"), Word("merge")], Operation::CertificatePendingMerge),
    own(Post, &[Word(CERTIFICATES), NAMED, Version, Word("revoke")], Operation::CertificateRevoke),
    life(Get, &[Word(CERTIFICATES), NAMED, Word("versions")], Operation::CertificateListVersions, Life::ListVersions),
    life(Post, &[Word(CERTIFICATES), NAMED, Word("backup")], Operation::CertificateBackup, Life::Backup),
    own(Get, CONTACTS, Operation::CertificateContactsGet),
    own(Put, CONTACTS, Operation::CertificateContactsSet),
    own(Delete, CONTACTS, Operation::CertificateContactsDelete),
    own(Get, &[Word(CERTIFICATES), Word(ISSUERS)], Operation::CertificateIssuersList),
    own(Get, ISSUER, Operation::CertificateIssuerGet),
    own(Put, ISSUER, Operation::CertificateIssuerSet),
    own(Patch, ISSUER, Operation::CertificateIssuerUpdate),
    own(Delete, ISSUER, Operation::CertificateIssuerDelete),
    life(Get, VERSION, Operation::CertificateGet, Life::Get),
    own(Patch, VERSION, Operation::CertificateUpdate),
    life(Get, &[Word(CERTIFICATES)], Operation::CertificateList, Life::List),
    life(Post, &[Word(CERTIFICATES), Word("restore")], Operation::CertificateRestore, Life::Restore),
    life(Get, &[Word("deletedcertificates")], Operation::CertificateListDeleted, Life::ListDeleted),
    life(Get, DELETED, Operation::CertificateGetDeleted, Life::GetDeleted),
    life(Delete, DELETED, Operation::CertificatePurge, Life::Purge),
    life(Post, &[Word("deletedcertificates"), Name, Word("recover")], Operation::CertificateRecover, Life::Recover),
];

const _: () = check(SHAPES, ObjectKind::Certificates);

/// The segments of a path, without the empty one that old clients of .NET send before the name of a certificate. They are
/// never taken for a shorter path: where no name is, none is found behind it.
///
/// # Errors
/// There is none.
pub(super) fn named<'p>(method: &Method, segments: Vec<&'p str>) -> Result<Vec<&'p str>, RouteError> {
    match segments.as_slice() {
        [first, ..] if !first.eq_ignore_ascii_case(CERTIFICATES) => Ok(segments),
        [_, "", word] if !word.is_empty() => Err(nameless(method)),
        [_, word, ""] if word.eq_ignore_ascii_case(ISSUERS) => Err(nameless(method)),
        [first, "", name, word] => Ok(vec![*first, *name, *word]),
        _ => Ok(segments),
    }
}

fn nameless(method: &Method) -> RouteError {
    let verb = Verb::ALL.into_iter().find(|verb| verb.method() == *method);
    verb.map_or(RouteError::Path, RouteError::Nameless)
}

/// The URL of `part` of the certificate, as of its policy.
fn url(certificate: &CertificateBundle, host: &Host, part: &str) -> String {
    let name = certificate.name.spelling();
    format!("https://{}/{CERTIFICATES}/{name}{part}", host.as_str())
}

/// Performs a request about certificates.
pub(super) async fn perform(mut call: Call<'_>) -> Result<Response, Problem> {
    match call.route.operation {
        Operation::CertificateCreate => create(call).await,
        Operation::CertificateImport => import(call).await,
        Operation::CertificateUpdate => update(call).await,
        Operation::CertificatePolicyGet => policy::get(call).await,
        Operation::CertificatePolicyUpdate => policy::update(call).await,
        Operation::CertificatePendingGet => pending::get(call).await,
        Operation::CertificatePendingUpdate => pending::cancel(call).await,
        Operation::CertificatePendingDelete => pending::forget(call).await,
        Operation::CertificatePendingMerge => pending::merge(call).await,
        Operation::CertificateRevoke => revocation::revoke(call).await,
        Operation::CertificateContactsGet
        | Operation::CertificateContactsSet
        | Operation::CertificateContactsDelete => contacts::perform(call).await,
        Operation::CertificateIssuersList
        | Operation::CertificateIssuerGet
        | Operation::CertificateIssuerSet
        | Operation::CertificateIssuerUpdate
        | Operation::CertificateIssuerDelete => issuers::perform(call).await,
        _ => {
            let command: Result<Command<Certificate>, CommandError> = life::command(&mut call).await;
            call.carry_out(command).await
        }
    }
}

async fn create(mut call: Call<'_>) -> Result<Response, Problem> {
    let asked = asked(&mut call).await;
    let (call, asked) = call.or_refuse(asked).await?;
    let (host, request) = (call.host, (call.route.operation, call.query.api_version));
    let answer = call.admitted.create_certificate(asked).await?;
    pending::begun(&answer, host, request)
}

async fn asked(call: &mut Call<'_>) -> Result<NewCertificate, CommandError> {
    let name = call.name()?;
    let (_charge, bytes) = call.receive(MAX_BODY).await?;
    let body = CreateBody::parse(&bytes)?;
    Ok(NewCertificate {
        name,
        policy: body.policy,
        enabled: body.enabled.unwrap_or(true),
        tags: body.tags.unwrap_or_default(),
        preserve_order: body.preserve_order,
    })
}

async fn import(mut call: Call<'_>) -> Result<Response, Problem> {
    let given = given(&mut call).await;
    let (call, given) = call.or_refuse(given).await?;
    let answer = call.admitted.import_certificate(given).await?;
    let json = common::json(&answer, call.host, call.query, call.route)?;
    Ok(respond::success(json, None))
}

async fn given(call: &mut Call<'_>) -> Result<Import, CommandError> {
    let name = call.name()?;
    let (_charge, bytes) = call.receive(MAX_IMPORT).await?;
    Ok(ImportBody::parse(&bytes)?.into_import(name))
}

async fn update(mut call: Call<'_>) -> Result<Response, Problem> {
    let changed = changed(&mut call).await;
    let (call, changed) = call.or_refuse(changed).await?;
    let answer = call.admitted.update_certificate(changed).await?;
    let json = common::json(&answer, call.host, call.query, call.route)?;
    Ok(respond::success(json, None))
}

async fn changed(call: &mut Call<'_>) -> Result<Changed, CommandError> {
    let (name, version) = (call.name()?, call.route.version);
    let (_charge, bytes) = call.receive(MAX_BODY).await?;
    let body = UpdateBody::parse(&bytes)?;
    Ok(Changed {
        update: Update {
            name,
            version,
            policy: None,
            enabled: body.enabled,
            tags: body.tags,
        },
        policy: body.policy,
    })
}
