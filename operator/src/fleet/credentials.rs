//! How the operator finds a vault, and proves its own identity to it.

use parking_lot::RwLock;
use strongroom_client::{Route, Server, Trust, admin::AdminClient};
use strongroom_core::{VaultRef, ports};

/// The way to the one replica of a vault.
type ToReplica = Box<dyn Fn(&VaultRef) -> Route + Send + Sync>;

fn to_replica(vault: &VaultRef) -> Route {
    Route::Host {
        host: vault.replica_host(0),
        port: ports::VAULT_ADMIN,
    }
}

/// The operator's certificate towards the vaults, the authorities that it trusts, and its way to the vaults.
/// Certificate and trust change when either is renewed.
pub struct Credentials {
    /// The trust, and how many came before it.
    trust: RwLock<(u64, Trust)>,
    route: ToReplica,
}

impl Credentials {
    /// The first credentials, for vaults that are found by the names of their replicas.
    pub fn new(trust: Trust) -> Self {
        Self::routed(trust, Box::new(to_replica))
    }

    /// The same for vaults that are found in another way.
    pub fn routed(trust: Trust, route: ToReplica) -> Self {
        Self {
            trust: RwLock::new((0, trust)),
            route,
        }
    }

    /// Replaces the certificate and the trust.
    pub fn renew(&self, trust: Trust) {
        let mut current = self.trust.write();
        *current = (current.0 + 1, trust);
    }

    /// The number of the current credentials, which grows when they are replaced.
    pub fn serial(&self) -> u64 {
        self.trust.read().0
    }

    /// A new client of the vault's one replica, and the number of the credentials that it has.
    pub fn client(&self, vault: &VaultRef) -> (u64, AdminClient) {
        let (serial, trust) = self.trust.read().clone();
        let server = Server::vault(vault).by((self.route)(vault));
        (serial, AdminClient::new(&server, trust))
    }
}
