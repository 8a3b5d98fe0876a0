//! The vaults that volumes of this node are from: one connection each, however many volumes.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::Mutex;
use strongroom_client::{Retry, Trust, vault::VaultClient};
use strongroom_core::VaultRef;

use crate::source::{endpoints::Endpoints, link::Link};

/// A vault and the stream of its changes.
#[derive(Debug)]
pub struct Vault {
    /// Its REST API.
    pub client: VaultClient,
    /// Its stream, open while a volume listens.
    pub link: Link,
}

/// The vaults in use.
#[derive(Debug)]
pub struct Vaults {
    endpoints: Endpoints,
    trust: Trust,
    known: Mutex<BTreeMap<VaultRef, Arc<Vault>>>,
}

impl Vaults {
    /// Vaults reached by `reach`, whose certificates `trust` must verify.
    pub fn new(endpoints: Endpoints, trust: Trust) -> Self {
        Self {
            endpoints,
            trust,
            known: Mutex::default(),
        }
    }

    /// The vault `key`. Connects when first used. Must be called on the tokio runtime.
    pub fn get(&self, key: &VaultRef) -> Arc<Vault> {
        let mut known = self.known.lock();
        Arc::clone(known.entry(key.clone()).or_insert_with(|| self.open(key)))
    }

    fn open(&self, key: &VaultRef) -> Arc<Vault> {
        // The callers repeat requests themselves: they know how long the kubelet still waits.
        let client =
            VaultClient::new(&self.endpoints.vault(key), self.trust.clone()).with_retry(Retry::NEVER);
        let link = Link::start(key.clone(), client.clone());
        Arc::new(Vault { client, link })
    }

    /// Closes the connections to vaults that `is_used` does not name and no volume holds.
    pub fn close_unused(&self, is_used: impl Fn(&VaultRef) -> bool) {
        let mut known = self.known.lock();
        known.retain(|key, vault| is_used(key) || Arc::strong_count(vault) > 1);
    }
}
