//! The controllers of a leading operator, and what runs beside them.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures::StreamExt;
use kube::runtime::controller::{self, applier};

use crate::{context::Context, policy, queue, secret_ref, vault};

/// Runs the controllers. Ends only where a queue does, which lasts as long as the watches.
pub async fn run(context: &Arc<Context>) {
    let config = || controller::Config::default().concurrency(32);
    let enforcement = applier(
        enforcer,
        |vault, error, context| vault::retry_enforcement(&vault, error, &context),
        Arc::clone(context),
        context.stores.vault_store(),
        Box::pin(queue::enforcement(&context.stores, &context.changes)),
        config(),
    )
    .for_each(|_| std::future::ready(()));
    let vaults = applier(
        vault_reconciler,
        |vault, error, context| vault::retry(&vault, error, &context),
        Arc::clone(context),
        context.stores.vault_store(),
        Box::pin(queue::vaults(&context.stores, &context.changes)),
        config(),
    )
    .for_each(|_| std::future::ready(()));
    let secret_refs = applier(
        secret_ref_reconciler,
        |secret_ref, error, context| secret_ref::retry(&secret_ref, error, &context),
        Arc::clone(context),
        context.stores.secret_ref_store(),
        Box::pin(queue::secret_refs(&context.stores, &context.changes)),
        config().debounce(Duration::from_millis(100)),
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

fn enforcer(
    vault: Arc<strongroom_crds::Vault>,
    context: Arc<Context>,
) -> futures::future::BoxFuture<'static, Result<controller::Action, vault::EnforceError>> {
    Box::pin(vault::enforce(vault, context))
}

fn vault_reconciler(
    vault: Arc<strongroom_crds::Vault>,
    context: Arc<Context>,
) -> futures::future::BoxFuture<'static, Result<controller::Action, vault::ReconcileError>> {
    Box::pin(vault::reconcile(vault, context))
}

fn secret_ref_reconciler(
    secret_ref: Arc<strongroom_crds::SecretRef>,
    context: Arc<Context>,
) -> futures::future::BoxFuture<'static, Result<controller::Action, secret_ref::ReconcileError>> {
    Box::pin(secret_ref::reconcile(secret_ref, context))
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
