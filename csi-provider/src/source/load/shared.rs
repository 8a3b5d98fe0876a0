//! One exchange for all volumes of a pod: the kubelet brings each of them the same token.
//!
//! What is kept is found again only with the very token that it was exchanged for, and only for the same vault: never
//! for another pod or account, whose tokens are others.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use strongroom_client::identity::VaultToken;
use strongroom_core::VaultRef;
use tokio::{sync::Mutex as AsyncMutex, time::Instant};

use super::{AuthenticateError, is_fresh};
use crate::pod::PodToken;

/// For how long an exchange is good for the pod's other volumes: the kubelet comes for all of them within seconds.
const WINDOW: Duration = Duration::from_secs(10);

type Turn = Arc<AsyncMutex<Option<VaultToken>>>;

/// The exchanges of the last seconds.
#[derive(Debug, Default)]
pub(super) struct Shared(Mutex<Vec<Entry>>);

#[derive(Debug)]
struct Entry {
    began: Instant,
    token: PodToken,
    vault: VaultRef,
    turn: Turn,
}

impl Shared {
    /// The token that another volume of the pod got just now, or what `exchange` brings. One at a time for each token
    /// and vault, so that who comes second has what the first one got. `known` is a token that the caller has already
    /// and that is no good any more.
    pub(super) async fn get(
        &self,
        token: &PodToken,
        vault: &VaultRef,
        known: Option<&VaultToken>,
        exchange: impl Future<Output = Result<VaultToken, AuthenticateError>>,
    ) -> Result<VaultToken, AuthenticateError> {
        let turn = self.turn(token, vault);
        let mut kept = turn.lock().await;
        let is_good =
            |kept: &&VaultToken| is_fresh(kept) && known.is_none_or(|known| known.expose() != kept.expose());
        if let Some(good) = kept.as_ref().filter(is_good) {
            return Ok(good.clone());
        }
        *kept = None;
        Ok(kept.insert(exchange.await?).clone())
    }

    fn turn(&self, token: &PodToken, vault: &VaultRef) -> Turn {
        self.forget_old();
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |entry: &&Entry| entry.vault == *vault && entry.token.is(token);
        if let Some(entry) = entries.iter().find(same) {
            return Arc::clone(&entry.turn);
        }
        let turn = Turn::default();
        entries.push(Entry {
            began: Instant::now(),
            token: token.clone(),
            vault: vault.clone(),
            turn: Arc::clone(&turn),
        });
        turn
    }

    /// Drops what is older than the window.
    pub(super) fn forget_old(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|entry| entry.began.elapsed() < WINDOW);
    }
}
