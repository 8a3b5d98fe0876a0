//! Secrets: the paths, the bodies and the answers of their operations (Secrets/routes.tsp of the REST API
//! specifications).

mod answer;
mod body;

use axum::body::Body;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use strongroom_core::{DecidedOn, ObjectKind, ObjectName, Operation};
use strongroom_engine::{BackupBlob, PageRequest, ReadRequest, SecretFields, SecretPatch, WriteRequest};
use zeroize::Zeroizing;

pub(super) use answer::json;

use self::body::{RestoreBody, SetBody, UpdateBody};
use super::{
    body::{self as bodies, Arriving, BodyError},
    command::{Command, CommandError},
    route::{
        Route, Segment,
        Segment::{Name, Version, Word},
        Shape,
        Verb::{Delete, Get, Patch, Post, Put},
    },
};
use crate::access::{Admitted, Charge, Failure};

/// The first segments of the paths of secrets.
pub(super) const FIRST_SEGMENTS: &[&str] = &["secrets", "deletedsecrets"];

/// The longest body of a restore, in bytes: the largest blob in base64.
const MAX_RESTORE_BODY: usize = 33 * 1024 * 1024;

const SECRET: &[Segment] = &[Word("secrets"), Name];
const VERSION: &[Segment] = &[Word("secrets"), Name, Version];
const DELETED_SECRET: &[Segment] = &[Word("deletedsecrets"), Name];

/// The paths of secrets. A row with a word stands before one that takes any text in the word's place.
#[rustfmt::skip]
pub(super) const SHAPES: &[Shape] = &[
    Shape { verb: Get, path: SECRET, operation: Operation::SecretGet },
    Shape { verb: Put, path: SECRET, operation: Operation::SecretSet },
    Shape { verb: Patch, path: SECRET, operation: Operation::SecretUpdate },
    Shape { verb: Delete, path: SECRET, operation: Operation::SecretDelete },
    Shape { verb: Get, path: &[Word("secrets"), Name, Word("versions")], operation: Operation::SecretListVersions },
    Shape { verb: Post, path: &[Word("secrets"), Name, Word("backup")], operation: Operation::SecretBackup },
    Shape { verb: Get, path: VERSION, operation: Operation::SecretGet },
    Shape { verb: Patch, path: VERSION, operation: Operation::SecretUpdate },
    Shape { verb: Get, path: &[Word("secrets")], operation: Operation::SecretList },
    Shape { verb: Post, path: &[Word("secrets"), Word("restore")], operation: Operation::SecretRestore },
    Shape { verb: Get, path: &[Word("deletedsecrets")], operation: Operation::SecretListDeleted },
    Shape { verb: Get, path: DELETED_SECRET, operation: Operation::SecretGetDeleted },
    Shape { verb: Delete, path: DELETED_SECRET, operation: Operation::SecretPurge },
    Shape { verb: Post, path: &[Word("deletedsecrets"), Name, Word("recover")], operation: Operation::SecretRecover },
];

// A row that `command` could not serve does not compile, nor an operation on secrets without a row.
const _: () = {
    let mut rows = SHAPES;
    while let [row, others @ ..] = rows {
        assert!(
            is_of_secrets(row.operation),
            "a row is of an operation on secrets"
        );
        assert!(
            row.names_an_object() == matches!(row.operation.decided_on(), DecidedOn::NamedObject),
            "a path names an object where its operation is decided on the object that the request names"
        );
        rows = others;
    }
    let mut operations = Operation::ALL;
    while let [operation, others @ ..] = operations {
        assert!(
            !is_of_secrets(*operation) || has_a_row(*operation),
            "an operation on secrets has a row"
        );
        operations = others;
    }
};

const fn is_of_secrets(operation: Operation) -> bool {
    matches!(operation.kind(), Some(ObjectKind::Secrets))
}

const fn has_a_row(operation: Operation) -> bool {
    let mut rows = SHAPES;
    while let [row, others @ ..] = rows {
        // `==` is not for constants.
        if row.operation as u8 == operation as u8 {
            return true;
        }
        rows = others;
    }
    false
}

/// What a route gives that no row of [`SHAPES`] makes.
const NO_OPERATION: CommandError = CommandError::Refused(Failure::NoSuchOperation);

/// What `route` asks of the objects, after its body was read where its operation has one.
pub(super) async fn command(
    route: &Route,
    page: &PageRequest,
    body: &mut Body,
    admitted: &mut Admitted<'_>,
) -> Result<Command, CommandError> {
    let page = || page.clone();
    let name = || route.name.clone().ok_or(NO_OPERATION);
    let version = route.version;
    Ok(match route.operation {
        Operation::SecretGet => Command::Read(ReadRequest::Get {
            name: name()?,
            version,
        }),
        Operation::SecretList => Command::Read(ReadRequest::List { page: page() }),
        Operation::SecretListVersions => Command::Read(ReadRequest::ListVersions {
            name: name()?,
            page: page(),
        }),
        Operation::SecretListDeleted => Command::Read(ReadRequest::ListDeleted { page: page() }),
        Operation::SecretGetDeleted => Command::Read(ReadRequest::GetDeleted { name: name()? }),
        Operation::SecretBackup => Command::Read(ReadRequest::Backup { name: name()? }),
        Operation::SecretDelete => Command::Write(WriteRequest::Delete { name: name()? }),
        Operation::SecretRecover => Command::Write(WriteRequest::Recover { name: name()? }),
        Operation::SecretPurge => Command::Write(WriteRequest::Purge { name: name()? }),
        Operation::SecretSet => Command::Write(set(name()?, body, admitted).await?),
        Operation::SecretUpdate => Command::Write(update(name()?, version, body, admitted).await?),
        Operation::SecretRestore => Command::Write(restore(body, admitted).await?),
        // Not of secrets: the rows are checked for that above.
        Operation::Unknown | Operation::VolumeSubscribe | Operation::VolumeRenew => return Err(NO_OPERATION),
    })
}

async fn set(
    name: ObjectName,
    body: &mut Body,
    admitted: &Admitted<'_>,
) -> Result<WriteRequest, CommandError> {
    let (_charge, bytes) = arrive(body, bodies::MAX_BODY, admitted).await?;
    let body = SetBody::parse(&bytes)?;
    Ok(WriteRequest::Set {
        name,
        content: body.value.into(),
        fields: SecretFields {
            content_type: body.content_type,
        },
        attributes: body.attributes,
        tags: body.tags,
    })
}

async fn update(
    name: ObjectName,
    version: Option<strongroom_core::Version>,
    body: &mut Body,
    admitted: &Admitted<'_>,
) -> Result<WriteRequest, CommandError> {
    let (_charge, bytes) = arrive(body, bodies::MAX_BODY, admitted).await?;
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

async fn restore(body: &mut Body, admitted: &mut Admitted<'_>) -> Result<WriteRequest, CommandError> {
    let (charge, bytes) = arrive(body, MAX_RESTORE_BODY, admitted).await?;
    // The room for the work is taken once the body is there: a client that sends slowly holds none.
    admitted
        .reserve(bytes.len())
        .await
        .map_err(CommandError::Refused)?;
    let body = RestoreBody::parse(&bytes)?;
    drop((bytes, charge));
    let blob = BASE64_URL_SAFE_NO_PAD
        .decode(body.value.as_str())
        .map_err(|_| BodyError::Base64)?;
    Ok(WriteRequest::Restore {
        blob: BackupBlob::new(blob),
    })
}

/// Receives a body of at most `limit` bytes, in time, with the charge that is to outlive it.
async fn arrive(
    body: &mut Body,
    limit: usize,
    admitted: &Admitted<'_>,
) -> Result<(Charge, Zeroizing<Vec<u8>>), CommandError> {
    let charge = admitted.charge();
    let bytes = tokio::select! {
        biased;
        () = charge.revoked() => Err(CommandError::Refused(Failure::Busy)),
        bytes = bodies::in_time(receive(body, limit, &charge)) => bytes,
    }?;
    charge.complete();
    Ok((charge, bytes))
}

/// Receives a body whose bytes are charged as they arrive.
async fn receive(body: &mut Body, limit: usize, charge: &Charge) -> Result<Zeroizing<Vec<u8>>, CommandError> {
    let mut arriving = Arriving::begin(body, limit)?;
    while let Some(bytes) = arriving.next().await? {
        charge.grow(bytes).await.map_err(CommandError::Refused)?;
    }
    Ok(arriving.into_bytes())
}
