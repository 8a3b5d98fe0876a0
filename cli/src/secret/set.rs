//! `secret set`: one new version, or one of each secret of a file.

use strongroom_client::vault::{NewSecret, SecretChange, Secrets};
use strongroom_core::{ObjectName, Version};

use super::{ReadyRequest, SecretRequest, history::History, kubernetes::KubernetesRequest, source};
#[cfg(unix)]
use super::{import, many::ManyRequest};
use crate::{
    Failure, arguments::SetArguments, failure::SecretFailure, life, output::ObjectOutput, printed::Printed,
    session::Session,
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

/// Reads what the command needs.
pub(super) fn prepare(arguments: SetArguments, output: ObjectOutput) -> Result<SecretRequest, Failure> {
    let SetArguments {
        name,
        source,
        trim_newline,
        content_type,
        about,
        if_version,
    } = arguments;
    let about = SecretChange {
        content_type,
        attributes: about.of_new(),
        tags: about.tags(),
    };
    #[cfg(unix)]
    if let Some(file) = &source.from_env_file {
        let mut secrets = import::read_lines(file)?;
        for secret in &mut secrets {
            secret.new.about = about.clone();
        }
        let request = ManyRequest::new(secrets, false, output)?;
        return Ok(SecretRequest::Ready(ReadyRequest::Many(request)));
    }
    let valueless = Valueless {
        name: name.ok_or(Failure::NoValue)?,
        about,
        if_version,
        trim_newline,
        output,
    };
    if let Some(key) = source.from_secret {
        return Ok(SecretRequest::Kubernetes(KubernetesRequest::value(
            key, valueless,
        )));
    }
    let value = source::read(&valueless.name, &source, trim_newline)?;
    Ok(SecretRequest::Ready(valueless.with(value)))
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
        let item = super::set(session, &self.name, &self.new).await?;
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
