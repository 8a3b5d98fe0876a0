//! The operations that every kind of object has: they differ in nothing but their words.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::de::MapAccess;
use strongroom_core::ObjectName;
use strongroom_engine::{BackupBlob, ReadRequest, object::request::WriteRequest};

use super::{
    body::{BodyError, Member, Members, Next, Value, parse, required},
    call::{Call, Command, CommandError},
    face::Face,
    route::Life,
};
use crate::access::Failure;

/// The longest body of a restore, in bytes: the largest blob in base64.
const MAX_RESTORE_BODY: usize = 33 * 1024 * 1024;

/// What a route gives that no row of its table makes.
pub(super) const NO_OPERATION: CommandError = CommandError::Refused(Failure::NoSuchOperation);

/// What `call` asks of objects of kind `K`, where it asks for no operation of the kind's own.
pub(super) async fn command<K: Face>(call: &mut Call<'_>) -> Result<Command<K>, CommandError> {
    let page = || call.query.page.clone();
    let name = || call.name();
    let version = call.route.version;
    let read = match call.route.life.ok_or(NO_OPERATION)? {
        Life::Get => ReadRequest::Get {
            name: name()?,
            version,
        },
        Life::List => ReadRequest::List { page: page() },
        Life::ListVersions => ReadRequest::ListVersions {
            name: name()?,
            page: page(),
        },
        Life::ListDeleted => ReadRequest::ListDeleted { page: page() },
        Life::GetDeleted => ReadRequest::GetDeleted { name: name()? },
        Life::Backup => ReadRequest::Backup { name: name()? },
        Life::Delete => return Ok(Command::Write(WriteRequest::Delete { name: name()? })),
        Life::Recover => return Ok(Command::Write(WriteRequest::Recover { name: name()? })),
        Life::Purge => return Ok(Command::Write(WriteRequest::Purge { name: name()? })),
        // Boxed, so that the future of a read has no room for it.
        Life::Restore => return Box::pin(restore(call)).await.map(Command::Write),
    };
    Ok(Command::Read(read))
}

impl Call<'_> {
    /// The object that the path names.
    pub(super) fn name(&self) -> Result<ObjectName, CommandError> {
        self.route.name.clone().ok_or(NO_OPERATION)
    }
}

async fn restore<K: Face>(call: &mut Call<'_>) -> Result<WriteRequest<K>, CommandError> {
    let (charge, bytes) = call.receive(MAX_RESTORE_BODY).await?;
    // The room for the work is taken once the body is there: a client that sends slowly holds none.
    let reserved = call.admitted.reserve(bytes.len()).await;
    reserved.map_err(CommandError::Refused)?;
    let body = RestoreBody::parse(&bytes)?;
    drop((bytes, charge));
    let blob = BASE64_URL_SAFE_NO_PAD
        .decode(body.value.as_str())
        .map_err(|_| BodyError::Base64)?;
    Ok(WriteRequest::Restore {
        blob: BackupBlob::new(blob),
    })
}

/// The body of a restore.
struct RestoreBody {
    value: Value,
}

#[derive(Default)]
struct ValueBody(strongroom_engine::Change<Value>);

impl Members for ValueBody {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "value" => value.read(Member::Value, &mut self.0),
            _ => value.skip(),
        }
    }
}

impl RestoreBody {
    fn parse(bytes: &[u8]) -> Result<Self, BodyError> {
        let ValueBody(value) = parse(bytes)?;
        required(value, Member::Value).map(|value| Self { value })
    }
}
