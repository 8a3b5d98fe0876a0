//! The key of the next version: another one, or the same.

use serde_json::{Value, json};
use strongroom_testing::vault::{Answer, Vault};

use super::{make, own};

/// The policy with a key that is reused, and that leaves the vault or does not.
fn reusing(exportable: bool) -> Value {
    let mut policy = own("CN=a");
    policy["key_props"]["reuse_key"] = json!(true);
    policy["key_props"]["exportable"] = json!(exportable);
    policy
}

/// What the key of the current version is, beside its id.
async fn key(vault: &Vault) -> [Value; 2] {
    let key: Answer = vault.get("/keys/a").await;
    ["x", "y"].map(|member| key.body["key"][member].clone())
}

#[tokio::test]
async fn a_key_is_reused_as_the_policy_says() {
    for exportable in [true, false] {
        let vault = Vault::start().await;
        make(&vault, "a", reusing(exportable)).await;
        let first = key(&vault).await;
        make(&vault, "a", reusing(exportable)).await;
        assert_eq!(key(&vault).await, first, "exportable: {exportable}");
        make(&vault, "a", own("CN=a")).await;
        assert_ne!(key(&vault).await, first);
    }
}

#[tokio::test]
async fn a_key_that_never_left_the_vault_does_not_leave_it_by_a_policy_that_came_later() {
    let vault = Vault::start().await;
    make(&vault, "a", reusing(false)).await;
    let kept = key(&vault).await;
    make(&vault, "a", reusing(true)).await;
    let exportable = key(&vault).await;
    assert_ne!(exportable, kept);
    // One that left it already may stay.
    make(&vault, "a", reusing(false)).await;
    assert_eq!(key(&vault).await, exportable);
}
