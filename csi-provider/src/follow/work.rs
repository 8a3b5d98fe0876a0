//! What a volume's task asks other servers, while it goes on listening.

use std::{pin::Pin, sync::Arc};

use strongroom_client::identity::VaultToken;
use strongroom_core::VaultRef;

use super::state::{Event, Failure};
use crate::{
    pod::PodToken,
    services::Services,
    shares::Share,
    source::{load::AuthenticateError, obtain::Known},
    volume::{Facts, spec::VolumeSpec},
};

/// What comes of it, and the room that its contents take until they are written.
pub type Work = Pin<Box<dyn Future<Output = (Event, Option<Share>)> + Send>>;

/// What comes of `work`, if there is any.
pub async fn working(work: &mut Option<Work>) -> (Event, Option<Share>) {
    match work {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}

/// Exchanges the pod's token for another token of `vault` than `known`.
pub async fn exchange(
    services: Arc<Services>,
    token: PodToken,
    vault: VaultRef,
    known: Option<VaultToken>,
) -> (Event, Option<Share>) {
    let loader = &services.sources.loader;
    let exchanged = loader.authenticate_again(&token, &vault, known.as_ref()).await;
    (Event::Exchanged(exchanged.map_err(Failure::from)), None)
}

/// Reads the SecretRef, and all that it asks for if that is something else than `known`.
pub async fn obtain(
    services: Arc<Services>,
    facts: Facts,
    token: PodToken,
    known: Option<Known>,
) -> (Event, Option<Share>) {
    let request = facts.contents(&token);
    let check = |spec: &VolumeSpec| {
        let share = facts.share(spec, 0);
        services.ledger().check(&facts.id, &share)
    };
    let sources = &services.sources;
    let (obtained, share) = match sources.obtain_if_changed(request, known, check).await {
        Ok(Some((obtained, share))) => (Ok(Some(Box::new(obtained))), share),
        Ok(None) => (Ok(None), None),
        Err(error) => {
            let is_retryable = error.is_retryable();
            let note = sources.conceal(request, error).await.to_string();
            (Err(Failure { note, is_retryable }), None)
        }
    };
    (Event::Obtained(obtained), share)
}

impl From<AuthenticateError> for Failure {
    fn from(error: AuthenticateError) -> Self {
        Self {
            note: error.to_string(),
            is_retryable: error.is_retryable(),
        }
    }
}
