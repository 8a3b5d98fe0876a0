//! `strongroom secret`.
//!
//! ```text
//!   arguments --> SecretRequest --> ReadyRequest --> Session --> Outcome
//!                       |                ^
//!                       +-- a Kubernetes Secret, where one is named
//! ```

mod copying;
#[cfg(unix)]
mod edit;
mod export;
mod generate;
mod get;
mod history;
#[cfg(unix)]
mod import;
mod kubernetes;
mod many;
mod new_version;
mod rollback;
mod set;
mod shell;
mod show;
mod source;

use std::process::ExitCode;

use strongroom_client::vault::{NewSecret, Secret, SecretChange, SecretItem, Secrets};
use strongroom_core::{ObjectName, Permission, Version};

use crate::{
    Failure,
    arguments::{Global, SecretArguments, SecretCommand, SecretImportArguments},
    life::{self, LifeRequest},
    output::{ObjectOutput, Output},
    printed::{Outcome, Printed},
    session::{Destination, Session},
};
use copying::CopyRequest;
#[cfg(unix)]
pub(crate) use edit::EditRequest;
use export::ExportRequest;
use get::GetRequest;
use kubernetes::KubernetesRequest;
use many::ManyRequest;
use new_version::SetRequest;
use rollback::RollbackRequest;
use show::ShowRequest;

/// A command that was read with everything it needs from this machine.
pub(crate) enum SecretRequest {
    Ready(ReadyRequest),
    /// It needs a Kubernetes Secret, too.
    Kubernetes(KubernetesRequest),
    /// It may need two vaults.
    Copy(CopyRequest),
}

/// A command that needs its vault alone.
pub(crate) enum ReadyRequest {
    Set(Box<SetRequest>),
    Many(ManyRequest),
    Get(GetRequest),
    Show(ShowRequest),
    Update {
        name: ObjectName,
        version: Option<Version>,
        change: SecretChange,
        output: ObjectOutput,
    },
    Rollback(RollbackRequest),
    Export(ExportRequest),
    #[cfg(unix)]
    Edit(EditRequest),
    Life(LifeRequest),
}

/// Runs one command. Reads the value before it calls any server.
pub(crate) async fn run(arguments: SecretArguments, global: &Global) -> Result<ExitCode, Failure> {
    let SecretArguments { command, selection } = arguments;
    let (selection, target) = copying::selections(&command, selection)?;
    let destination = Destination::of(selection, global)?;
    let target = target.map(|target| Destination::of(target, global)).transpose()?;
    let request = match SecretRequest::prepare(command, global.output())? {
        SecretRequest::Ready(request) => request,
        SecretRequest::Kubernetes(request) => {
            let found = kubernetes::read(request.secret(), global).await?;
            request.complete(&found)?
        }
        SecretRequest::Copy(copy) => {
            let source = destination.open(global).await?;
            let outcome = match target {
                Some(target) => copy.perform(&source, &target.open(global).await?).await,
                None => copy.perform(&source, &source).await,
            };
            return outcome?.conclude(global);
        }
    };
    if let Some(printed) = request.without_vault()? {
        return Outcome::from(printed).conclude(global);
    }
    let session = destination.open(global).await?;
    request.perform(&session).await?.conclude(global)
}

impl SecretRequest {
    /// Reads what `command` needs.
    pub(crate) fn prepare(command: SecretCommand, output: Option<Output>) -> Result<Self, Failure> {
        let objects = ObjectOutput::of(output);
        Ok(Self::Ready(match command {
            SecretCommand::Set(arguments) => return set::prepare(*arguments, objects?),
            SecretCommand::Import(arguments) => return prepare_import(arguments, objects?),
            SecretCommand::Copy(arguments) => {
                return Ok(Self::Copy(CopyRequest::prepare(arguments, objects?)?));
            }
            SecretCommand::Get(arguments) => ReadyRequest::Get(GetRequest::prepare(arguments, output)?),
            SecretCommand::Show { name, version } => ReadyRequest::Show(ShowRequest {
                name,
                version,
                output: objects?,
            }),
            SecretCommand::Update {
                name,
                version,
                content_type,
                change,
            } => ReadyRequest::Update {
                name,
                version,
                change: SecretChange {
                    content_type,
                    attributes: change.attributes(),
                    tags: change.tags(),
                },
                output: objects?,
            },
            SecretCommand::Rollback { name, to } => ReadyRequest::Rollback(RollbackRequest {
                name,
                to,
                output: objects?,
            }),
            SecretCommand::Export(arguments) => {
                ReadyRequest::Export(ExportRequest::prepare(arguments, objects?))
            }
            #[cfg(unix)]
            SecretCommand::Edit { name } => ReadyRequest::Edit(EditRequest::prepare(name, objects?)?),
            SecretCommand::Life(command) => ReadyRequest::Life(LifeRequest::prepare(command, output)?),
        }))
    }
}

/// A file is read at once.
fn prepare_import(arguments: SecretImportArguments, output: ObjectOutput) -> Result<SecretRequest, Failure> {
    let dry_run = arguments.dry_run;
    if let Some(secret) = arguments.from_secret {
        return Ok(SecretRequest::Kubernetes(KubernetesRequest::import(
            secret, dry_run, output,
        )));
    }
    #[cfg(unix)]
    if let Some(file) = arguments.file {
        let request = ManyRequest::new(import::read(&file)?, dry_run, output)?;
        return Ok(SecretRequest::Ready(ReadyRequest::Many(request)));
    }
    Err(Failure::NoValue)
}

impl ReadyRequest {
    /// What it prints if it needs no vault.
    fn without_vault(&self) -> Result<Option<Printed>, Failure> {
        match self {
            Self::Many(request) => request.without_vault(),
            _ => Ok(None),
        }
    }

    /// Has the vault do it.
    pub(crate) async fn perform(self, session: &Session) -> Result<Outcome, Failure> {
        let printed = match self {
            Self::Set(request) => request.perform(session).await,
            Self::Many(request) => request.perform(session).await,
            Self::Get(request) => request.perform(session).await,
            Self::Show(request) => request.perform(session).await,
            Self::Update {
                name,
                version,
                change,
                output,
            } => update(session, &name, version.as_ref(), &change, output).await,
            Self::Rollback(request) => request.perform(session).await,
            Self::Export(request) => request.perform(session).await,
            #[cfg(unix)]
            Self::Edit(request) => request.perform(session).await,
            Self::Life(request) => request.perform::<Secrets>(session).await,
        }?;
        Ok(printed.into())
    }
}

/// Makes a new version.
async fn write_secret(session: &Session, name: &ObjectName, new: &NewSecret) -> Result<SecretItem, Failure> {
    let secret = session
        .vault
        .set_secret(&session.token, name, new)
        .await
        .map_err(session.failed(Permission::SecretSet, Some(name)))?;
    Ok(SecretItem::from(&secret))
}

/// Reads a version; the current one without `version`.
async fn read_secret(
    session: &Session,
    name: &ObjectName,
    version: Option<&Version>,
) -> Result<Secret, Failure> {
    session
        .vault
        .get_secret(&session.token, name, version)
        .await
        .map_err(session.failed(Permission::SecretGet, Some(name)))
}

async fn update(
    session: &Session,
    name: &ObjectName,
    version: Option<&Version>,
    change: &SecretChange,
    output: ObjectOutput,
) -> Result<Printed, Failure> {
    let item = session
        .vault
        .update_secret(&session.token, name, version, change)
        .await
        .map_err(session.failed(Permission::SecretSet, Some(name)))?;
    life::object::<Secrets>(&item, "updated", output)
}

/// `secret/NAME`.
fn path(name: &ObjectName) -> String {
    format!("secret/{name}")
}

/// The version of an item, as text.
fn version(item: &SecretItem) -> String {
    let version = item.id.version;
    version.map_or_else(|| crate::table::UNKNOWN.to_owned(), |version| version.to_string())
}
