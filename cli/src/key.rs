//! `strongroom key`: one command, one request; a change of a rotation policy reads it first.
//!
//! ```text
//!   arguments --prepare--> KeyRequest, with everything that is read on this machine
//!     --perform--> the vault --> Outcome --> standard output, exit code
//! ```

mod data;
mod document;
mod import;
mod making;
mod pem;
mod rotation;
mod show;
mod verify;
mod work;

use std::process::ExitCode;

use strongroom_client::vault::{KeyChange, KeyImport, Keys, NewKey};
use strongroom_core::{ObjectName, Permission};

use crate::{
    Failure,
    arguments::{Global, KeyArguments, KeyCommand, KeyVersion},
    life::{self, LifeRequest},
    output::{ObjectOutput, Output, PublicOutput},
    printed::Outcome,
    session::{Destination, Session},
};
use rotation::PolicyRequest;
use verify::VerifyRequest;
use work::WorkRequest;

/// A command that was read with everything it needs from this machine.
pub(crate) enum KeyRequest {
    Create {
        name: ObjectName,
        new: NewKey,
        output: ObjectOutput,
    },
    Import {
        name: ObjectName,
        import: KeyImport,
        output: ObjectOutput,
    },
    Show {
        key: KeyVersion,
        output: PublicOutput,
    },
    Update {
        key: KeyVersion,
        change: KeyChange,
        output: ObjectOutput,
    },
    Rotate {
        name: ObjectName,
        output: ObjectOutput,
    },
    Policy(PolicyRequest),
    Work(WorkRequest),
    Verify(VerifyRequest),
    Life(LifeRequest),
}

/// Runs one command. Reads its data before it calls any server.
pub(crate) async fn run(arguments: KeyArguments, global: &Global) -> Result<ExitCode, Failure> {
    let destination = Destination::of(arguments.selection, global)?;
    let request = KeyRequest::prepare(arguments.command, global.output())?;
    let session = destination.open(global).await?;
    request.perform(&session).await?.conclude(global)
}

impl KeyRequest {
    /// Reads what `command` needs.
    pub(crate) fn prepare(command: KeyCommand, output: Option<Output>) -> Result<Self, Failure> {
        Ok(match command {
            KeyCommand::Create { name, new } => Self::Create {
                name,
                output: ObjectOutput::of(output)?,
                new: making::new_key(&new)?,
            },
            KeyCommand::Import { name, import } => Self::Import {
                name,
                output: ObjectOutput::of(output)?,
                import: import::read(&import)?,
            },
            KeyCommand::Show { key } => Self::Show {
                key,
                output: PublicOutput::of(output)?,
            },
            KeyCommand::Update { key, ops, change } => Self::Update {
                key,
                change: KeyChange {
                    key_ops: ops.as_deref().map(making::names),
                    attributes: change.attributes(),
                    tags: change.tags(),
                },
                output: ObjectOutput::of(output)?,
            },
            KeyCommand::Rotate { name } => Self::Rotate {
                name,
                output: ObjectOutput::of(output)?,
            },
            KeyCommand::Policy { name, change } => {
                Self::Policy(PolicyRequest::prepare(name, change, output)?)
            }
            KeyCommand::Sign(sign) => Self::Work(WorkRequest::sign(sign, output)?),
            KeyCommand::Verify(verify) => Self::Verify(VerifyRequest::prepare(verify, output)?),
            KeyCommand::Encrypt(encrypt) => Self::Work(WorkRequest::encrypt(encrypt, output)?),
            KeyCommand::Decrypt(decrypt) => Self::Work(WorkRequest::decrypt(decrypt, output)?),
            KeyCommand::Wrap(wrap) => Self::Work(WorkRequest::wrap(wrap, output)?),
            KeyCommand::Unwrap(unwrap) => Self::Work(WorkRequest::unwrap(unwrap, output)?),
            KeyCommand::Life(command) => Self::Life(LifeRequest::prepare(command, output)?),
        })
    }

    /// Has the vault do it.
    pub(crate) async fn perform(self, session: &Session) -> Result<Outcome, Failure> {
        match self {
            Self::Create { name, new, output } => create(session, &name, &new, output).await,
            Self::Import { name, import, output } => import_key(session, &name, &import, output).await,
            Self::Show { key, output } => show(session, &key, output).await,
            Self::Update { key, change, output } => update(session, &key, &change, output).await,
            Self::Rotate { name, output } => rotate(session, &name, output).await,
            Self::Policy(request) => request.perform(session).await.map(Outcome::from),
            Self::Work(request) => request.perform(session).await.map(Outcome::from),
            Self::Verify(request) => request.perform(session).await,
            Self::Life(request) => request.perform::<Keys>(session).await.map(Outcome::from),
        }
    }
}

async fn create(
    session: &Session,
    name: &ObjectName,
    new: &NewKey,
    output: ObjectOutput,
) -> Result<Outcome, Failure> {
    let key = session
        .vault
        .create_key(&session.token, name, new)
        .await
        .map_err(session.failed(Permission::KeyCreate, Some(name)))?;
    life::object::<Keys>(&key, "created", output).map(Outcome::from)
}

async fn import_key(
    session: &Session,
    name: &ObjectName,
    import: &KeyImport,
    output: ObjectOutput,
) -> Result<Outcome, Failure> {
    let key = session
        .vault
        .import_key(&session.token, name, import)
        .await
        .map_err(session.failed(Permission::KeyImport, Some(name)))?;
    life::object::<Keys>(&key, "imported", output).map(Outcome::from)
}

async fn show(session: &Session, key: &KeyVersion, output: PublicOutput) -> Result<Outcome, Failure> {
    let shown = session
        .vault
        .get_key(&session.token, &key.name, key.version.as_ref())
        .await
        .map_err(session.failed(Permission::KeyGet, Some(&key.name)))?;
    show::key(&shown, output).map(Outcome::from)
}

async fn update(
    session: &Session,
    key: &KeyVersion,
    change: &KeyChange,
    output: ObjectOutput,
) -> Result<Outcome, Failure> {
    let updated = session
        .vault
        .update_key(&session.token, &key.name, key.version.as_ref(), change)
        .await
        .map_err(session.failed(Permission::KeyUpdate, Some(&key.name)))?;
    life::object::<Keys>(&updated, "updated", output).map(Outcome::from)
}

async fn rotate(session: &Session, name: &ObjectName, output: ObjectOutput) -> Result<Outcome, Failure> {
    let key = session
        .vault
        .rotate_key(&session.token, name)
        .await
        .map_err(session.failed(Permission::KeyRotate, Some(name)))?;
    life::object::<Keys>(&key, "rotated", output).map(Outcome::from)
}
