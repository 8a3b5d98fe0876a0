//! Secrets: the paths, the bodies and the answers of their operations (Secrets/routes.tsp of the REST API
//! specifications).

mod answer;
mod body;

use axum::response::Response;
use strongroom_certificates::policy::SecretContentType;
use strongroom_core::{ObjectKind, Operation};
use strongroom_engine::{ReadRequest, Secret, SecretFields, SecretPatch, WriteRequest};

use self::body::{SetBody, UpdateBody};
use super::{
    answer as common,
    body::MAX_BODY,
    call::{Call, Command, CommandError},
    error::Problem,
    life, respond,
    route::{
        Life, Segment,
        Segment::{Name, Version, Word},
        Shape,
        Verb::{Delete, Get, Patch, Post, Put},
        check, life, own,
    },
};

const SECRET: &[Segment] = &[Word("secrets"), Name];
const VERSION: &[Segment] = &[Word("secrets"), Name, Version];
const DELETED_SECRET: &[Segment] = &[Word("deletedsecrets"), Name];

/// The paths of secrets. A row with a word stands before one that takes any text in the word's place.
#[rustfmt::skip]
pub(super) const SHAPES: &[Shape] = &[
    life(Get, SECRET, Operation::SecretGet, Life::Get),
    own(Put, SECRET, Operation::SecretSet),
    own(Patch, SECRET, Operation::SecretUpdate),
    life(Delete, SECRET, Operation::SecretDelete, Life::Delete),
    life(Get, &[Word("secrets"), Name, Word("versions")], Operation::SecretListVersions, Life::ListVersions),
    life(Post, &[Word("secrets"), Name, Word("backup")], Operation::SecretBackup, Life::Backup),
    life(Get, VERSION, Operation::SecretGet, Life::Get),
    own(Patch, VERSION, Operation::SecretUpdate),
    life(Get, &[Word("secrets")], Operation::SecretList, Life::List),
    life(Post, &[Word("secrets"), Word("restore")], Operation::SecretRestore, Life::Restore),
    life(Get, &[Word("deletedsecrets")], Operation::SecretListDeleted, Life::ListDeleted),
    life(Get, DELETED_SECRET, Operation::SecretGetDeleted, Life::GetDeleted),
    life(Delete, DELETED_SECRET, Operation::SecretPurge, Life::Purge),
    life(Post, &[Word("deletedsecrets"), Name, Word("recover")], Operation::SecretRecover, Life::Recover),
];

const _: () = check(SHAPES, ObjectKind::Secrets);

/// Performs a request about secrets.
pub(super) async fn perform(mut call: Call<'_>) -> Result<Response, Problem> {
    let command = match call.route.operation {
        Operation::SecretGet => match call.query.out_content_type {
            // Boxed, so that the future of another read has no room for it.
            Some(wanted) => return Box::pin(get_converted(call, wanted)).await,
            None => life::command::<Secret>(&mut call).await,
        },
        Operation::SecretSet => set(&mut call).await.map(Command::Write),
        Operation::SecretUpdate => update(&mut call).await.map(Command::Write),
        _ => life::command::<Secret>(&mut call).await,
    };
    call.carry_out(command).await
}

/// Answers a secret in the form that the query asks for.
async fn get_converted(call: Call<'_>, wanted: SecretContentType) -> Result<Response, Problem> {
    let name = call.name();
    let (call, name) = call.or_refuse(name).await?;
    let (host, query, route) = (call.host, call.query, call.route);
    let version = route.version;
    let request = ReadRequest::Get { name, version };
    let answer = call.admitted.read_converted(request, wanted).await?;
    Ok(respond::success(common::json(&answer, host, query, route)?, None))
}

async fn set(call: &mut Call<'_>) -> Result<WriteRequest, CommandError> {
    let name = call.name()?;
    let (_charge, bytes) = call.receive(MAX_BODY).await?;
    let body = SetBody::parse(&bytes)?;
    Ok(WriteRequest::Set {
        name,
        content: body.value.into(),
        fields: SecretFields {
            content_type: body.content_type,
            part: None,
        },
        attributes: body.attributes,
        tags: body.tags,
    })
}

async fn update(call: &mut Call<'_>) -> Result<WriteRequest, CommandError> {
    let (name, version) = (call.name()?, call.route.version);
    let (_charge, bytes) = call.receive(MAX_BODY).await?;
    let body = UpdateBody::parse(&bytes)?;
    Ok(WriteRequest::Update {
        name,
        version,
        fields: SecretPatch {
            content_type: body.content_type,
        },
        attributes: body.attributes,
        tags: body.tags,
    })
}
