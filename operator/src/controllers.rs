//! The controllers of a leading operator, and what runs beside them.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::StreamExt;
use kube::{
    Resource,
    runtime::{
        controller::{self, Action, applier},
        reflector::ObjectRef,
    },
};
use strongroom_crds::{SecretRef, Vault};

use crate::{
    context::Context,
    policy,
    queue::{self, Pace, Slots},
    secret_ref, vault,
};

/// Runs the controllers. Ends only where a queue does, which lasts as long as the watches.
pub async fn run(context: &Arc<Context>) {
    let slots = Slots::default();
    let enforcement = applier(
        move |vault, context| Box::pin(enforce(slots.clone(), vault, context)),
        |vault, error, context| vault::retry_enforcement(&vault, error, &context),
        Arc::clone(context),
        context.stores.vault_store(),
        Box::pin(queue::enforcement(&context.stores, &context.changes)),
        controller::Config::default(),
    )
    .for_each(|_| std::future::ready(()));
    let slots = Slots::default();
    let vaults = applier(
        move |vault, context| Box::pin(reconcile_vault(slots.clone(), vault, context)),
        |vault, error, context| vault::retry(&vault, error, &context),
        Arc::clone(context),
        context.stores.vault_store(),
        Box::pin(queue::vaults(&context.stores, &context.changes)),
        controller::Config::default(),
    )
    .for_each(|_| std::future::ready(()));
    let slots = Slots::default();
    let secret_refs = applier(
        move |secret_ref, context| Box::pin(reconcile_secret_ref(slots.clone(), secret_ref, context)),
        |secret_ref, error, context| secret_ref::retry(&secret_ref, error, &context),
        Arc::clone(context),
        context.stores.secret_ref_store(),
        Box::pin(queue::secret_refs(&context.stores, &context.changes)),
        controller::Config::default().debounce(Duration::from_millis(100)),
    )
    .for_each(|_| std::future::ready(()));
    tokio::select! {
        () = enforcement => {}
        () = vaults => {}
        () = secret_refs => {}
        () = policy::report_orphans(Arc::clone(context)) => {}
        () = secret_ref::announce_removals_until_ended(Arc::clone(context)) => {}
        () = forget_vaults(Arc::clone(context)) => {}
    }
}

// A pass that waits for its slot is small: its own future is made when it has one.

async fn enforce(
    slots: Slots,
    vault: Arc<Vault>,
    context: Arc<Context>,
) -> Result<Action, vault::EnforceError> {
    let uid = vault.metadata.uid.as_deref().unwrap_or_default();
    if let Err(wait) = context.fleet.member(uid).begin_enforcement(Instant::now()) {
        return Ok(Action::requeue(wait));
    }
    let _slot = slots.enter(namespace(&*vault), pace(&context, &vault)).await;
    Box::pin(vault::enforce(vault, context)).await
}

async fn reconcile_vault(
    slots: Slots,
    vault: Arc<Vault>,
    context: Arc<Context>,
) -> Result<Action, vault::ReconcileError> {
    let _slot = slots.enter(namespace(&*vault), pace(&context, &vault)).await;
    Box::pin(vault::reconcile(vault, context)).await
}

/// Waits behind no other namespace's SecretRefs, and behind none of a slow vault but with one of that vault's own.
async fn reconcile_secret_ref(
    slots: Slots,
    secret_ref: Arc<SecretRef>,
    context: Arc<Context>,
) -> Result<Action, secret_ref::ReconcileError> {
    let reference = &secret_ref.spec.vault_ref;
    let vault = ObjectRef::new(&reference.name).within(&reference.namespace);
    let vault = context.stores.vault_store().get(&vault);
    let pace = vault.map_or(Pace::Prompt, |vault| pace(&context, &vault));
    let _slot = slots.enter(namespace(&*secret_ref), pace).await;
    Box::pin(secret_ref::reconcile(secret_ref, context)).await
}

fn namespace(object: &impl Resource) -> &str {
    object.meta().namespace.as_deref().unwrap_or_default()
}

fn pace(context: &Context, vault: &Vault) -> Pace {
    let uid = vault.metadata.uid.as_deref().unwrap_or_default();
    if context.fleet.member(uid).slowness.lock().is_slow() {
        Pace::Slow
    } else {
        Pace::Prompt
    }
}

/// Forgets the vaults that are gone.
async fn forget_vaults(context: Arc<Context>) {
    let mut every = tokio::time::interval(Duration::from_secs(30));
    loop {
        every.tick().await;
        let vaults = context.stores.vault_store().state();
        let uids: HashSet<_> = vaults
            .iter()
            .filter_map(|vault| vault.metadata.uid.as_deref())
            .collect();
        context.fleet.retain(|uid| uids.contains(uid));
    }
}
