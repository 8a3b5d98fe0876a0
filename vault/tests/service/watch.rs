//! Watch: what a node is told, when, and on whose authority.

mod authority;
mod bounds;
mod change;
mod connection;
mod volumes;

use strongroom_vault::{
    service::Service,
    watch::{Limits, Watch},
};

use crate::{
    fixture::{Fixture, allow, put},
    node::Node,
    tokens::{API, Account, uid},
};

/// A vault whose policy lets the API account get everything, and its Watch.
pub struct Watched {
    pub fixture: Fixture,
    pub service: Service,
    pub watch: Watch,
}

impl Watched {
    pub fn new() -> Self {
        Self::with(Fixture::new(), Limits::default())
    }

    pub fn with(fixture: Fixture, limits: Limits) -> Self {
        Self::start(fixture, limits, false)
    }

    /// One whose audit records wait for the disk.
    pub fn with_waiting_audit() -> Self {
        Self::start(Fixture::new(), Limits::default(), true)
    }

    fn start(fixture: Fixture, limits: Limits, audit_waits: bool) -> Self {
        let service = fixture.start();
        put(&service, (1, 1), vec![allow(&[&uid("shop/api")])]).unwrap();
        Self {
            watch: Watch::new(Fixture::access(&service, audit_waits), &service, limits),
            fixture,
            service,
        }
    }

    /// A token of the API account that lives ten minutes.
    pub fn token(&self) -> String {
        self.token_of(API, 600)
    }

    pub fn token_of(&self, account: Account, life: i64) -> String {
        self.fixture.signer.token(account, self.service.clock.now(), life)
    }

    /// A stream with one subscription `v` of the API account to `objects`.
    pub async fn subscribed(&self, objects: &[&str]) -> Node {
        let mut node = Node::connect(&self.watch).await;
        node.subscribe("v", &self.token(), objects).await;
        node.subscribed().await;
        node
    }
}
