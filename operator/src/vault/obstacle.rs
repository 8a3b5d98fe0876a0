//! What an error while applying the objects means to the vault's owner.

use super::{apply::ApplyError, report::Obstacle};
use crate::{context::Context, object::is_forbidden, rights, target::Target};

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
    if is_forbidden(source) {
        match rights::is_missing(&context.client, target.namespace(), kind).await {
            Ok(true) => return Ok(Obstacle::NamespaceNotEnabled),
            Ok(false) => {}
            // The cluster lets no account ask: the API server's message must do.
            Err(refused) if is_forbidden(&refused) => {}
            Err(failed) => {
                tracing::debug!(error = %failed, vault = %target.reference, "cannot ask for the operator's rights");
                return Err(error);
            }
        }
    }
    match error {
        ApplyError::Api {
            kind,
            name,
            source: kube::Error::Api(status),
        } if (400..500).contains(&status.code) && status.code != 409 && status.code != 429 => {
            let object = format!("{} {name}", kind.as_str());
            Ok(Obstacle::ObjectRefused(format!(
                "the API server refused {object}: {}",
                status.message
            )))
        }
        other => Err(other),
    }
}
