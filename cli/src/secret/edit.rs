//! `secret edit`: a value in an editor.

mod room;

use std::{io, process::Stdio};

use secrecy::{ExposeSecret as _, SecretString};
use strongroom_client::vault::{NewAttributes, NewSecret, Secret, SecretChange, SecretItem, Secrets};
use strongroom_core::ObjectName;
use tokio::{
    process::Command,
    signal::unix::{self, SignalKind},
};

use crate::{
    Failure, failure::SecretFailure, life, output::ObjectOutput, printed::Printed, session::Session,
};
use room::Room;

/// A secret that is edited.
pub(crate) struct EditRequest {
    name: ObjectName,
    editor: String,
    room: Room,
    output: ObjectOutput,
}

impl EditRequest {
    /// Finds the editor and a place in memory.
    pub(super) fn prepare(name: ObjectName, output: ObjectOutput) -> Result<Self, Failure> {
        let editor = ["VISUAL", "EDITOR"]
            .into_iter()
            .filter_map(|variable| std::env::var(variable).ok())
            .find(|editor| !editor.trim().is_empty())
            .unwrap_or_else(|| "vi".to_owned());
        Self::with(name, editor, output)
    }

    /// The same with this editor, which is a command of the shell.
    pub(crate) fn with(name: ObjectName, editor: String, output: ObjectOutput) -> Result<Self, Failure> {
        Ok(Self {
            room: Room::in_memory()?,
            name,
            editor,
            output,
        })
    }

    /// Has a person edit the value. Nobody may set the secret meanwhile: the new version would undo theirs.
    pub(crate) async fn perform(self, session: &Session) -> Result<Printed, Failure> {
        let Self {
            name,
            editor,
            room,
            output,
        } = self;
        let before = super::read_secret(session, &name, None).await?;
        let old = before.value.expose_secret();
        let file = room.write(&name, old)?;
        run(&editor, &file).await?;
        let edited = Room::read(&file)?;
        // It is wiped before anything else can go wrong.
        drop(room);
        let Some(value) = changed(old, &edited)? else {
            let path = super::path(&name);
            return match output {
                ObjectOutput::Text => Ok(Printed::Text(format!("{path} unchanged\n"))),
                output => life::object::<Secrets>(&SecretItem::from(&before), "", output),
            };
        };
        let now = super::read_secret(session, &name, None).await?;
        if now.id.version != before.id.version {
            return Err(SecretFailure::ChangedMeanwhile(name).into());
        }
        let item = super::write_secret(session, &name, &new(value, before)).await?;
        life::object::<Secrets>(&item, "edited", output)
    }
}

/// The new version: everything but the value is as it was.
fn new(value: SecretString, before: Secret) -> NewSecret {
    NewSecret {
        value,
        about: SecretChange {
            content_type: before.content_type,
            attributes: NewAttributes {
                enabled: None,
                nbf: before.attributes.nbf,
                exp: before.attributes.exp,
            },
            tags: Some(before.tags),
        },
    }
}

/// The new value if it is another one. The newline that editors add is left out where the old value had none.
fn changed(old: &str, edited: &SecretString) -> Result<Option<SecretString>, SecretFailure> {
    let edited = edited.expose_secret();
    let value = match edited.strip_suffix('\n') {
        Some(value) if !old.ends_with('\n') => value,
        _ => edited,
    };
    if value == old {
        return Ok(None);
    }
    if value.is_empty() {
        return Err(SecretFailure::EditedToNothing);
    }
    Ok(Some(value.into()))
}

/// Runs the editor on the file until it ends. A signal ends the editor, and not this process: the file is to be wiped.
async fn run(editor: &str, file: &std::path::Path) -> Result<(), Failure> {
    let failed = |source: io::Error| SecretFailure::NoEditor {
        editor: editor.to_owned(),
        source,
    };
    let listen = |kind| unix::signal(kind).map_err(failed);
    // A terminal sends this one to the editor, too, which knows what to do with it.
    let _interrupt = listen(SignalKind::interrupt())?;
    let (mut terminate, mut hangup) = (listen(SignalKind::terminate())?, listen(SignalKind::hangup())?);
    // As git does it: the variable may hold arguments.
    let mut child = Command::new("sh")
        .args(["-c", &format!("{editor} \"$@\""), "sh"])
        .arg(file)
        .stdin(Stdio::inherit())
        .stdout(Stdio::inherit())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let status = tokio::select! {
        status = child.wait() => status.map_err(failed)?,
        _ = terminate.recv() => return Err(SecretFailure::Interrupted.into()),
        _ = hangup.recv() => return Err(SecretFailure::Interrupted.into()),
    };
    if status.success() {
        return Ok(());
    }
    Err(SecretFailure::EditorFailed {
        editor: editor.to_owned(),
        status,
    }
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(old: &str, edited: &str) -> Result<Option<String>, SecretFailure> {
        let value = changed(old, &edited.into())?;
        Ok(value.map(|value| value.expose_secret().to_owned()))
    }

    #[test]
    fn the_newline_that_an_editor_adds_is_no_change() {
        assert_eq!(of("a", "a\n").unwrap(), None);
        assert_eq!(of("a", "b\n").unwrap().as_deref(), Some("b"));
        assert_eq!(of("a\n", "b\n").unwrap().as_deref(), Some("b\n"));
        assert_eq!(of("a\n", "a").unwrap().as_deref(), Some("a"));
        assert_eq!(of("", "\n").unwrap(), None);
    }

    #[test]
    fn a_value_that_was_emptied_is_no_value() {
        for edited in ["", "\n"] {
            assert!(matches!(
                of("CANARY", edited),
                Err(SecretFailure::EditedToNothing)
            ));
        }
    }
}
