//! `secret set`: one new version, or one of each secret of a file.

use strongroom_client::vault::SecretChange;

use super::{ReadyRequest, SecretRequest, kubernetes::KubernetesRequest, new_version::Valueless, source};
#[cfg(unix)]
use super::{import, many::ManyRequest};
use crate::{Failure, arguments::SetArguments, output::ObjectOutput};

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
