//! Cryptographic keys in use: made, opened and worked with where nobody else waits for it.
//!
//! | room | what it holds |
//! |---|---|
//! | [`jwk`] | the public part of a key as JSON |
//! | `of_certificate` | the key that a certificate is asked for with |
//! | [`make`] | making and importing keys, on threads of their own where that takes long |
//! | [`opened`] | the keys opened last |
//! | [`release`] | the release of a key to an attested environment |
//! | [`statement`] | statements that the vault signs |
//! | [`successor`] | the next version of a key |
//! | [`usable`] | whether a version may be used for an operation now |
//! | [`work`] | the operations themselves |
//!
//! Nothing here decides who may do what, or knows a protocol: [`crate::access`] calls it, once policy allows.

pub mod jwk;
pub mod make;
mod of_certificate;
pub mod opened;
pub mod release;
pub mod statement;
pub mod successor;
pub mod usable;
pub mod work;

use std::sync::Arc;

use strongroom_keys::{KeyProvider, Software};

use self::{make::Maker, opened::OpenedKeys, release::authority::Authorities};

/// Who makes keys, and what is remembered of them.
#[derive(Debug)]
pub struct Keys {
    provider: Arc<dyn KeyProvider>,
    maker: Maker,
    opened: OpenedKeys,
    authorities: Authorities,
}

impl Default for Keys {
    /// Keys that this process makes and keeps.
    fn default() -> Self {
        Self::of(Arc::new(Software), Authorities::default())
    }
}

impl Keys {
    /// Keys of `provider`, which are released to what `authorities` attest.
    pub fn of(provider: Arc<dyn KeyProvider>, authorities: Authorities) -> Self {
        Self {
            authorities,
            provider,
            maker: Maker::default(),
            opened: OpenedKeys::default(),
        }
    }

    /// The keys opened last.
    pub const fn opened(&self) -> &OpenedKeys {
        &self.opened
    }

    /// Whose attestation counts.
    pub const fn authorities(&self) -> &Authorities {
        &self.authorities
    }

    /// Who makes keys.
    pub fn provider(&self) -> &dyn KeyProvider {
        &*self.provider
    }
}
