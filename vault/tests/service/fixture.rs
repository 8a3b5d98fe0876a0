//! Accounts, their tokens and their policies, and access to what a vault holds.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use serde_json::json;
use strongroom_core::{BundlePolicy, Effect};
use strongroom_testing::{
    SigningKey,
    signing_key::{claims, uid},
    vault::{AUDIENCE, Files},
};
use strongroom_vault::{
    access::{Access, AccessConfig},
    service::Service,
};
use strongroom_wire::admin::BundleId;

/// Whom a token is for: an account `NAMESPACE/NAME`, in a pod.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    pub name: &'static str,
    pub pod: &'static str,
}

pub const API: Account = Account {
    name: "shop/api",
    pod: "pod-1",
};

impl Account {
    /// The account's UID.
    pub fn uid(&self) -> String {
        uid(self.name)
    }

    /// A token that `signer` issues at `now` and that lives `life` seconds.
    pub fn token(&self, signer: &SigningKey, now: i64, life: i64) -> String {
        let mut claims = claims(now, self.name, AUDIENCE);
        claims["exp"] = json!(now + life);
        claims["strongroom.dev"]["pod"] = json!({"name": "p", "uid": self.pod});
        signer.token(&claims)
    }
}

/// A token for `account` that is good for ten minutes.
pub fn token(files: &Files, account: Account) -> String {
    account.token(&files.signer, files.clock.now(), 600)
}

/// Access to the objects of `service`.
pub fn access(service: &Service) -> Arc<Access> {
    let config = AccessConfig {
        account_rate: NonZeroU32::new(1000).unwrap(),
        audit_least_age: Duration::from_mins(10),
    };
    Access::new(service.clone(), config)
}

/// One policy: `subjects` may, or may not, get the objects of `pattern`.
pub fn rule(name: &str, effect: Effect, subjects: &[&str], pattern: &str) -> BundlePolicy {
    strongroom_testing::vault::rule(name, effect, subjects, &[pattern], &["get"])
}

/// Lets `subjects` get everything.
pub fn allow(subjects: &[&str]) -> BundlePolicy {
    rule("allow", Effect::Allow, subjects, "*")
}

/// What is in force.
pub fn in_force(service: &Service) -> BundleId {
    service.policy.bundle_id().unwrap()
}
