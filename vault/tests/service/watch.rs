//! Watch: what a node receives, when, and on whose authority.

mod authority;
mod bounds;
mod change;
mod connection;
mod keys;
mod volumes;

use strongroom_testing::{
    signing_key::uid,
    vault::{Files, put},
};
use strongroom_vault::{
    service::Service,
    watch::{Limits, Watch},
};

use crate::{
    fixture::{API, Account, access, allow},
    node::Node,
};

/// A vault whose policy lets the API account get everything, and its Watch.
pub struct Watched {
    pub fixture: Files,
    pub service: Service,
    pub watch: Watch,
}

impl Watched {
    pub fn new() -> Self {
        Self::with(Files::in_memory(), Limits::default())
    }

    pub fn with(fixture: Files, limits: Limits) -> Self {
        let service = fixture.service();
        put(&service, (1, 1), vec![allow(&[&uid("shop/api")])]).unwrap();
        Self {
            watch: Watch::new(access(&service), &service, limits),
            fixture,
            service,
        }
    }

    /// A token of the API account that lives ten minutes.
    pub fn token(&self) -> String {
        self.token_of(API, 600)
    }

    pub fn token_of(&self, account: Account, life: i64) -> String {
        account.token(&self.fixture.signer, self.service.clock.now(), life)
    }

    /// A stream with one subscription `v` of the API account to `objects`.
    pub async fn subscribed(&self, objects: &[&str]) -> Node {
        let mut node = Node::connect(&self.watch).await;
        node.subscribe("v", &self.token(), objects).await;
        node.subscribed().await;
        node
    }
}
