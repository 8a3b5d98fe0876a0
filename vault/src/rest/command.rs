//! What the engine is asked, made of a route and its body.

use axum::body::Body;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use strongroom_engine::{AttributesPatch, BackupBlob, PageRequest, ReadRequest, WriteRequest};

use super::{
    answer::ListOf,
    body::{self, BodyError, RestoreBody, SetBody, UpdateBody},
    route::Route,
};
use crate::access::{Admitted, Failure};

/// Why a body gives no command.
#[derive(Debug)]
pub(crate) enum CommandError {
    /// The body breaks a rule.
    Body(BodyError),
    /// There is no room for the work that it makes.
    Busy(Failure),
}

impl From<BodyError> for CommandError {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

/// A question or a change.
pub(crate) enum Command {
    /// Answered from a snapshot.
    Read(ReadRequest),
    /// Answered once it is stored.
    Write(WriteRequest),
}

impl Command {
    /// The command of `route`, after reading the body that its operation has.
    pub(crate) async fn of(
        route: &Route,
        page: &PageRequest,
        body: &mut Body,
        admitted: &mut Admitted<'_>,
    ) -> Result<Self, CommandError> {
        let page = page.clone();
        Ok(match route.clone() {
            Route::Get { name, version } => Self::Read(ReadRequest::Get { name, version }),
            Route::List => Self::Read(ReadRequest::List { page }),
            Route::ListVersions { name } => Self::Read(ReadRequest::ListVersions { name, page }),
            Route::ListDeleted => Self::Read(ReadRequest::ListDeleted { page }),
            Route::GetDeleted { name } => Self::Read(ReadRequest::GetDeleted { name }),
            Route::Backup { name } => Self::Read(ReadRequest::Backup { name }),
            Route::Delete { name } => Self::Write(WriteRequest::Delete { name }),
            Route::Recover { name } => Self::Write(WriteRequest::Recover { name }),
            Route::Purge { name } => Self::Write(WriteRequest::Purge { name }),
            Route::Set { name } => {
                let body: SetBody = body::read(body, body::MAX_BODY).await?;
                Self::Write(WriteRequest::Set {
                    name,
                    value: body.value.into(),
                    content_type: body.content_type,
                    attributes: body.attributes.map(AttributesPatch::from).unwrap_or_default(),
                    tags: body.tags.unwrap_or_default().0,
                })
            }
            Route::Update { name, version } => {
                let body: UpdateBody = body::read(body, body::MAX_BODY).await?;
                let body = body.checked()?;
                Self::Write(WriteRequest::Update {
                    name,
                    version,
                    content_type: body.content_type,
                    attributes: body.attributes.map(AttributesPatch::from).unwrap_or_default(),
                    tags: body.tags.map(|tags| tags.0),
                })
            }
            Route::Restore => {
                // The room is taken once the body is there: a client that sends slowly holds none.
                let bytes = body::collect(body, body::MAX_RESTORE_BODY).await?;
                admitted.reserve(bytes.len()).await.map_err(CommandError::Busy)?;
                let body: RestoreBody = body::parse(&bytes)?;
                drop(bytes);
                let blob = BASE64_URL_SAFE_NO_PAD
                    .decode(body.value.as_str())
                    .map_err(|_| BodyError::Base64)?;
                Self::Write(WriteRequest::Restore {
                    blob: BackupBlob::new(blob),
                })
            }
        })
    }
}

impl Route {
    /// The list that the answer is a page of.
    pub(crate) fn list(&self) -> Option<ListOf> {
        match self {
            Self::List => Some(ListOf {
                path: "/secrets".into(),
                versions: false,
            }),
            Self::ListDeleted => Some(ListOf {
                path: "/deletedsecrets".into(),
                versions: false,
            }),
            Self::ListVersions { name } => Some(ListOf {
                path: format!("/secrets/{name}/versions"),
                versions: true,
            }),
            _ => None,
        }
    }
}
