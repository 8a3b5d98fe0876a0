//! One exchange for all volumes of a pod: the kubelet brings each of them the same token.
//!
//! What is kept is found again only with the very token that it was exchanged for, and only for the same vault: never
//! for another pod or account, whose tokens are others.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use strongroom_client::identity::VaultToken;
use strongroom_core::VaultRef;
use tokio::{sync::Mutex as AsyncMutex, time::Instant};

use super::{AuthenticateError, is_fresh};
use crate::pod::PodToken;

/// For how long an exchange is good for the pod's other volumes: the kubelet comes for all of them within seconds.
const WINDOW: Duration = Duration::from_secs(10);

type ExchangeLock = Arc<AsyncMutex<Option<VaultToken>>>;

/// The exchanges of the last seconds.
#[derive(Debug, Default)]
pub(super) struct SharedExchanges(Mutex<Vec<Entry>>);

#[derive(Debug)]
struct Entry {
    began: Instant,
    token: PodToken,
    vault: VaultRef,
    exchange_lock: ExchangeLock,
}

impl SharedExchanges {
    /// The token that another volume of the pod got just now, or what `exchange` brings. One at a time for each token
    /// and vault, so that the second volume gets what the first one got. `known` is a token that the caller has already
    /// and that is no good any more.
    pub(super) async fn get(
        &self,
        token: &PodToken,
        vault: &VaultRef,
        known: Option<&VaultToken>,
        exchange: impl Future<Output = Result<VaultToken, AuthenticateError>>,
    ) -> Result<VaultToken, AuthenticateError> {
        let exchange_lock = self.exchange_lock(token, vault);
        let mut kept = exchange_lock.lock().await;
        let is_good =
            |kept: &&VaultToken| is_fresh(kept) && known.is_none_or(|known| known.expose() != kept.expose());
        if let Some(good) = kept.as_ref().filter(is_good) {
            return Ok(good.clone());
        }
        *kept = None;
        Ok(kept.insert(exchange.await?).clone())
    }

    fn exchange_lock(&self, token: &PodToken, vault: &VaultRef) -> ExchangeLock {
        self.forget_old();
        let mut entries = self.0.lock();
        let same = |entry: &&Entry| entry.vault == *vault && entry.token.is(token);
        if let Some(entry) = entries.iter().find(same) {
            return Arc::clone(&entry.exchange_lock);
        }
        let exchange_lock = ExchangeLock::default();
        entries.push(Entry {
            began: Instant::now(),
            token: token.clone(),
            vault: vault.clone(),
            exchange_lock: Arc::clone(&exchange_lock),
        });
        exchange_lock
    }

    /// Drops what is older than the window.
    pub(super) fn forget_old(&self) {
        self.0.lock().retain(|entry| entry.began.elapsed() < WINDOW);
    }
}
