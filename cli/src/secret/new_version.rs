//! One new version of a secret, of which everything but the value is known before its source is read.

use strongroom_client::vault::{NewSecret, SecretChange, Secrets};
use strongroom_core::{ObjectName, Version};

use super::{ReadyRequest, history::History};
use crate::{
    Failure, failure::SecretFailure, life, output::ObjectOutput, printed::Printed, session::Session,
};

/// A secret that is set.
pub(crate) struct SetRequest {
    pub(super) name: ObjectName,
    pub(super) new: NewSecret,
    /// The version that must be the current one.
    pub(super) if_version: Option<Version>,
    pub(super) output: ObjectOutput,
}

/// What is known of it before its value.
pub(crate) struct Valueless {
    pub(super) name: ObjectName,
    pub(super) about: SecretChange,
    pub(super) if_version: Option<Version>,
    pub(super) trim_newline: bool,
    pub(super) output: ObjectOutput,
}

impl Valueless {
    /// The request with its value.
    pub(super) fn with(self, value: secrecy::SecretString) -> ReadyRequest {
        ReadyRequest::Set(Box::new(SetRequest {
            name: self.name,
            new: NewSecret {
                value,
                about: self.about,
            },
            if_version: self.if_version,
            output: self.output,
        }))
    }
}

impl SetRequest {
    /// Has the vault make the version, if the current one is as it should be.
    pub(super) async fn perform(self, session: &Session) -> Result<Printed, Failure> {
        if let Some(wanted) = self.if_version {
            check_current(session, &self.name, wanted).await?;
        }
        let item = super::write_secret(session, &self.name, &self.new).await?;
        life::object::<Secrets>(&item, "set", self.output)
    }
}

async fn check_current(session: &Session, name: &ObjectName, wanted: Version) -> Result<(), Failure> {
    let history = History::read(session, name).await?;
    let current = history.current(session).await?;
    if current == wanted {
        return Ok(());
    }
    Err(SecretFailure::OtherVersion {
        name: name.clone(),
        current,
        wanted,
    }
    .into())
}
