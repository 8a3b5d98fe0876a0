//! What an error while applying the objects means to the vault's owner.

use strongroom_core::quoted;

use super::{apply::ApplyError, report::Obstacle};
use crate::{context::Context, rights, target::Target};

/// What to report of an error that another pass does not mend. Errors: those that it may.
pub async fn obstacle_of(
    context: &Context,
    target: &Target<'_>,
    error: ApplyError,
) -> Result<Obstacle, ApplyError> {
    let (kind, source) = match &error {
        ApplyError::Refused(refusal) => return Ok(Obstacle::Refused(refusal.clone())),
        ApplyError::Api { kind, source, .. } => (*kind, source),
        ApplyError::Pki(_) => return Ok(Obstacle::Failing(error)),
        ApplyError::Random => return Err(error),
    };
    // A quota and an admission rule refuse with 403 too.
    if source.is_forbidden() {
        match rights::is_missing(&context.client, target.namespace(), kind).await {
            Ok(true) => return Ok(Obstacle::NamespaceNotEnabled),
            Ok(false) => {}
            // The cluster lets no account ask: the API server's message must do.
            Err(refused) if refused.is_forbidden() => {}
            Err(failed) => {
                tracing::debug!(error = %failed, vault = %target.reference, "cannot ask for the operator's rights");
                return Err(error);
            }
        }
    }
    match &error {
        ApplyError::Api { kind, name, source } => match source.get_ref() {
            kube::Error::Api(status) if is_lasting(status.code) => {
                let said = quoted(&status.message);
                let message = format!("the API server refused {} {name}: {said}", kind.as_str());
                Ok(Obstacle::ObjectRefused(message))
            }
            _ => Err(error),
        },
        ApplyError::Refused(_) | ApplyError::Pki(_) | ApplyError::Random => Err(error),
    }
}

/// Whether the API server says no to what was asked, and would again.
const fn is_lasting(code: u16) -> bool {
    matches!(code, 400..500) && code != 409 && code != 429
}
