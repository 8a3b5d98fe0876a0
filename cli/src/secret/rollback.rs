//! `secret rollback`: an earlier value, again.

use serde_json::json;
use strongroom_client::vault::{NewAttributes, NewSecret, SecretChange};
use strongroom_core::{ObjectName, Version};

use super::history::History;
use crate::{
    Failure, failure::SecretFailure, life::document, output::ObjectOutput, printed::Printed, session::Session,
};

/// A secret that gets an earlier value back.
pub(crate) struct RollbackRequest {
    pub(super) name: ObjectName,
    /// Whose value comes back; the version before the current one without it.
    pub(super) to: Option<Version>,
    pub(super) output: ObjectOutput,
}

impl RollbackRequest {
    /// Reads the earlier version and sets it as a new one. Its dates stay behind: they may be over.
    pub(super) async fn perform(self, session: &Session) -> Result<Printed, Failure> {
        let Self { name, to, output } = self;
        let history = History::read(session, &name).await?;
        let current = history.current(session).await?;
        let earlier = match to {
            Some(version) if version == current => {
                return Err(SecretFailure::AlreadyCurrent { name, version }.into());
            }
            Some(version) => {
                history.version(version)?;
                version
            }
            None => history.before(current)?,
        };
        let secret = super::read_secret(session, &name, Some(&earlier)).await?;
        let new = NewSecret {
            value: secret.value,
            about: SecretChange {
                content_type: secret.content_type,
                attributes: NewAttributes::default(),
                tags: Some(secret.tags),
            },
        };
        let made = super::write_secret(session, &name, &new).await?;
        let version = super::version(&made);
        let path = super::path(&name);
        match output {
            ObjectOutput::Text => Ok(Printed::Text(format!(
                "{path} rolled back to version {earlier}: version {version} has its value, and takes the place of \
                 version {current}\n"
            ))),
            ObjectOutput::Name => Ok(Printed::Text(format!("{path}\n"))),
            ObjectOutput::Json => {
                let mut document = document::item(&made.id, &made)?;
                if let Some(members) = document.as_object_mut() {
                    members.insert("rolledBackTo".to_owned(), json!(earlier));
                    members.insert("replaced".to_owned(), json!(current));
                }
                document::one("SecretRollback", document)
            }
        }
    }
}
