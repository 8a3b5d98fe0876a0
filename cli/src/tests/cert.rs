//! Every command on certificates against a vault in this process.

mod files;
mod life;
mod making;
mod people;
mod revocation;

use crate::tests::world::World;

/// Flags of a certificate of the vault's own, with a key that is made quickly.
pub(super) const OWN: &str = "--subject CN=shop --dns shop.example --curve P-256";

impl World {
    /// Has a certificate of the vault's own made.
    pub(super) async fn certificate(&self, name: &str, more: &str) {
        self.run(&format!("cert create {name} {OWN}{more}")).await;
    }
}
