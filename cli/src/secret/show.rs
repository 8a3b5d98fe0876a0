//! `secret show`: everything but the value.

use strongroom_client::vault::{SecretItem, Secrets};
use strongroom_core::{ObjectName, Version};

use super::history::History;
use crate::{
    Failure, cert::rows, life, output::ObjectOutput, printed::Printed, session::Session, table, terminal,
};

/// A secret that is shown.
pub(crate) struct ShowRequest {
    pub(super) name: ObjectName,
    /// The version; the current one without it.
    pub(super) version: Option<Version>,
    pub(super) output: ObjectOutput,
}

impl ShowRequest {
    /// Has the vault list the versions: that does not read the value.
    pub(super) async fn perform(self, session: &Session) -> Result<Printed, Failure> {
        let history = History::read(session, &self.name).await?;
        let item = match self.version {
            Some(version) => history.version(version)?,
            None => history.listed_current()?,
        };
        match self.output {
            ObjectOutput::Text => Ok(Printed::Text(text(item, history.count()))),
            output => life::object::<Secrets>(item, "", output),
        }
    }
}

fn text(item: &SecretItem, versions: usize) -> String {
    let time = |at: Option<i64>| at.map_or_else(|| table::NONE.to_owned(), table::time);
    let attributes = &item.attributes;
    let tags: Vec<_> = item
        .tags
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let recovery = match (&attributes.recovery_level, attributes.recoverable_days) {
        (Some(level), Some(days)) => format!("{}, {days} days", terminal::field(level)),
        (level, _) => rows::field(level.as_deref()),
    };
    rows::render(&[
        ("Name", item.id.name.to_string()),
        ("Version", super::version(item)),
        ("Versions", versions.to_string()),
        ("Enabled", attributes.enabled.unwrap_or(true).to_string()),
        ("Not before", time(attributes.nbf)),
        ("Expires", time(attributes.exp)),
        ("Created", time(attributes.created)),
        ("Updated", time(attributes.updated)),
        ("Content type", rows::field(item.content_type.as_deref())),
        ("Tags", rows::list(&tags)),
        ("Recovery", recovery),
    ])
}
