//! Making keys. That of RSA takes from milliseconds to seconds of a processor: it has threads of its own, which give way
//! to all others, so that no request waits for it.

use std::{sync::Arc, thread, time::Duration};

use strongroom_core::Uid;
use strongroom_keys::{Key, KeyError, KeyKind, KeySpec, PrivateJwk};
use tokio::sync::oneshot;

use super::Keys;
use crate::pool::{NoRoom, Pool, Share};

/// What one key in the making counts as, in bytes: what its candidates and their arithmetic take.
const PLACE: usize = 256 * 1024;

/// How many keys are made at once. Each takes a processor, if nobody else wants it.
const PLACES: usize = 4;

/// How long a request waits until its key begins to be made.
const PATIENCE: Duration = Duration::from_secs(20);

/// The lowest of the priorities that the kernel has (setpriority(2)).
const LAST: i32 = 19;

/// Why a key was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MakeError {
    /// Others have every place.
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    /// The key that was asked for is none, or the provider failed.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Makes keys beside everything else. One account has half of the places at most.
#[derive(Debug)]
pub(super) struct Maker {
    places: Pool<Uid>,
}

impl Default for Maker {
    fn default() -> Self {
        Self {
            places: Pool::new(PLACES * PLACE, PATIENCE),
        }
    }
}

impl Keys {
    /// Makes a key for `account`.
    ///
    /// # Errors
    /// What the provider refuses, and that others have every place.
    pub async fn generate(&self, account: &Uid, spec: KeySpec) -> Result<Key, MakeError> {
        if spec.key_type().kind() != KeyKind::Rsa {
            return Ok(self.provider.generate(spec)?);
        }
        let provider = Arc::clone(&self.provider);
        self.beside(account, move || provider.generate(spec)).await
    }

    /// Imports a key for `account`. The provider checks the primes of an RSA key, which takes nearly as long as to find them.
    ///
    /// # Errors
    /// As [`Self::generate`].
    pub async fn import(&self, account: &Uid, jwk: PrivateJwk) -> Result<Key, MakeError> {
        if jwk.kind != KeyKind::Rsa {
            return Ok(self.provider.import(&jwk)?);
        }
        let provider = Arc::clone(&self.provider);
        self.beside(account, move || provider.import(&jwk)).await
    }

    /// Takes a place for other work that may take long, which the caller does beside the runtime.
    ///
    /// # Errors
    /// Others have every place.
    pub async fn place(&self, account: &Uid) -> Result<Share<Uid>, NoRoom> {
        self.maker.places.share(account, PLACE).await
    }

    async fn beside(
        &self,
        account: &Uid,
        make: impl FnOnce() -> Result<Key, KeyError> + Send + 'static,
    ) -> Result<Key, MakeError> {
        let place = self.maker.places.share(account, PLACE).await?;
        let (sender, key) = oneshot::channel();
        let thread = thread::Builder::new().name("make-key".to_owned());
        let started = thread.spawn(move || {
            // Without it the key is made all the same, and others may notice.
            if let Err(error) = rustix::process::setpriority_process(None, LAST) {
                tracing::debug!(%error, "a key is made at the usual priority");
            }
            // The client may have gone away.
            drop(sender.send(make()));
            drop(place);
        });
        started.map_err(|_| NoRoom)?;
        Ok(key.await.map_err(|_| KeyError::Failed)??)
    }
}
