//! Passes over a Vault that answers: how policy is brought to it.

use std::{sync::Arc, time::Duration};

use strongroom_core::{Generation, VaultRef};
use strongroom_crds::Vault as VaultObject;
use strongroom_operator::{
    context::Context,
    vault::{enforce, reconcile},
};
use strongroom_testing::ApiServer;

use crate::{
    context::{condition, leader_of, status, take_writes},
    fleet::{self, Fleet, Push, Vault},
};

async fn started() -> (ApiServer, Arc<Context>, Vault) {
    let server = ApiServer::default();
    fleet::declare(&server, "a");
    let fleet = Fleet::default();
    let context = leader_of(&server, &fleet).await;
    let vault = fleet.start(&context, "a").await;
    (server, context, vault)
}

fn object(context: &Context) -> Arc<VaultObject> {
    let reference = VaultRef::new("team-a".parse().unwrap(), "a".parse().unwrap());
    context.stores.vault(&reference).unwrap()
}

#[tokio::test]
async fn a_leader_takes_over_and_brings_each_bundle_under_a_generation_of_its_own() {
    let (_, context, vault) = started().await;
    enforce(object(&context), Arc::clone(&context)).await.unwrap();
    assert_eq!(vault.generation(), Generation { epoch: 2, n: 1 });
    enforce(object(&context), Arc::clone(&context)).await.unwrap();
    assert_eq!(
        vault.generation(),
        Generation { epoch: 2, n: 1 },
        "nothing changed"
    );
}

#[tokio::test]
async fn a_bundle_whose_answer_was_lost_is_brought_again_and_ends_no_leader() {
    let (server, context, vault) = started().await;
    vault.pushes_are(Push::Unanswered);
    enforce(object(&context), Arc::clone(&context)).await.unwrap();
    reconcile(object(&context), Arc::clone(&context)).await.unwrap();
    assert_eq!(
        condition(&status(&take_writes(&server)), "Ready").0,
        "PolicyNotConfirmed"
    );
    assert_eq!(vault.generation(), Generation { epoch: 2, n: 1 });
    vault.pushes_are(Push::Taken);
    enforce(object(&context), Arc::clone(&context)).await.unwrap();
    assert_eq!(vault.generation(), Generation { epoch: 3, n: 1 });
}

#[tokio::test]
async fn a_pass_that_waits_for_its_vault_keeps_no_other_from_what_is_known_of_it() {
    let (_, context, vault) = started().await;
    vault.pushes_are(Push::Hangs);
    let pass = tokio::spawn(enforce(object(&context), Arc::clone(&context)));
    vault.wait_for_push().await;
    let member = context.fleet.member("uid-a");
    assert!(member.policy.in_force().is_some());
    assert!(member.progress.try_lock_for(Duration::from_millis(1)).is_some());
    assert!(!pass.is_finished());
    pass.abort();
}
