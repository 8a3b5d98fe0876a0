//! `strongroom secret`: one command, one request.

use std::process::ExitCode;

use secrecy::ExposeSecret as _;
use strongroom_client::vault::{NewSecret, Secret, SecretChange, SecretItem, Secrets};
use strongroom_core::{ObjectName, Permission, Version};
use zeroize::Zeroizing;

use crate::{
    Failure,
    arguments::{Global, NewVersion, SecretArguments, SecretCommand},
    life::{self, LifeRequest},
    output::{ObjectOutput, Output},
    printed::{Outcome, Printed, Refusal},
    session::{Destination, Session},
    value,
};

/// A command that was read with everything it needs from this machine.
pub(crate) enum SecretRequest {
    Set {
        name: ObjectName,
        new: NewSecret,
        output: ObjectOutput,
    },
    Get {
        name: ObjectName,
        version: Option<Version>,
        shown: Shown,
    },
    Update {
        name: ObjectName,
        version: Option<Version>,
        change: SecretChange,
        output: ObjectOutput,
    },
    Life(LifeRequest),
}

/// What is printed of a secret that was read.
pub(crate) enum Shown {
    /// The value; where `raw`, also if a terminal would obey it.
    Value { raw: bool },
    /// Everything but the value.
    About(ObjectOutput),
}

/// Runs one command. Reads the value before it calls any server.
pub(crate) async fn run(arguments: SecretArguments, global: &Global) -> Result<ExitCode, Failure> {
    let destination = Destination::of(arguments.selection, global)?;
    let request = SecretRequest::prepare(arguments.command, global.output())?;
    let session = destination.open(global).await?;
    request.perform(&session).await?.conclude(global)
}

impl SecretRequest {
    /// Reads what `command` needs.
    pub(crate) fn prepare(command: SecretCommand, output: Option<Output>) -> Result<Self, Failure> {
        Ok(match command {
            SecretCommand::Set { name, new } => Self::Set {
                name,
                output: ObjectOutput::of(output)?,
                new: new_secret(new)?,
            },
            SecretCommand::Get { name, version, raw } => Self::Get {
                name,
                version,
                shown: match output {
                    None => Shown::Value { raw },
                    output => Shown::About(ObjectOutput::of(output)?),
                },
            },
            SecretCommand::Update {
                name,
                version,
                content_type,
                change,
            } => Self::Update {
                name,
                version,
                change: SecretChange {
                    content_type,
                    attributes: change.attributes(),
                    tags: change.tags(),
                },
                output: ObjectOutput::of(output)?,
            },
            SecretCommand::Life(command) => Self::Life(LifeRequest::prepare(command, output)?),
        })
    }

    /// Has the vault do it.
    pub(crate) async fn perform(self, session: &Session) -> Result<Outcome, Failure> {
        let printed = match self {
            Self::Set { name, new, output } => set(session, &name, &new, output).await,
            Self::Get { name, version, shown } => {
                let secret = get(session, &name, version.as_ref()).await?;
                shown.of(&secret)
            }
            Self::Update {
                name,
                version,
                change,
                output,
            } => update(session, &name, version.as_ref(), &change, output).await,
            Self::Life(request) => request.perform::<Secrets>(session).await,
        }?;
        Ok(printed.into())
    }
}

impl Shown {
    fn of(self, secret: &Secret) -> Result<Printed, Failure> {
        match self {
            Self::Value { raw } => Ok(Printed::Bytes {
                bytes: Zeroizing::new(secret.value.expose_secret().as_bytes().to_vec()).into(),
                raw,
                refusal: Refusal::Value,
            }),
            Self::About(output) => life::object::<Secrets>(&SecretItem::from(secret), "", output),
        }
    }
}

fn new_secret(new: NewVersion) -> Result<NewSecret, Failure> {
    Ok(NewSecret {
        value: value::read(new.from_file.as_deref(), new.trim_newline)?,
        about: SecretChange {
            content_type: new.content_type,
            attributes: new.about.of_new(),
            tags: new.about.tags(),
        },
    })
}

async fn set(
    session: &Session,
    name: &ObjectName,
    new: &NewSecret,
    output: ObjectOutput,
) -> Result<Printed, Failure> {
    let secret = session
        .vault
        .set_secret(&session.token, name, new)
        .await
        .map_err(session.failed(Permission::SecretSet, Some(name)))?;
    life::object::<Secrets>(&SecretItem::from(&secret), "set", output)
}

async fn get(session: &Session, name: &ObjectName, version: Option<&Version>) -> Result<Secret, Failure> {
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
