//! The parts of a vault, before anything listens.

use std::{sync::Arc, time::Duration};

use strongroom_audit::{Class, Entry, Event, Log, VaultResource};
use strongroom_engine::{Objects, store::Store};
use strongroom_keys::Software;
use strongroom_serving::{accept::Drain, tls::ServingCertificate};

use super::{StartError, data::Data};
use crate::{
    access::AccessConfig,
    args::ServeArgs,
    auth::{Authenticator, Expected, Peers},
    certificates::{revocation_list::RevocationLists, settings::Turns},
    clock::Clock,
    keys::Keys,
    metrics::Metrics,
    policy::Policy,
    rest::ApiConfig,
    service::Service,
    soon::Soon,
    timekeeper::Timekeeper,
};

/// Where the vault of `args` gets the keys that tokens are signed with.
pub fn peers(args: &ServeArgs, clock: &Clock) -> Result<Arc<Peers>, StartError> {
    let identity = &args.identity;
    let peers = Peers::new(
        identity.identity_peers.clone(),
        &identity.identity_server_name,
        &identity.trust_bundle,
        clock.clone(),
    )?;
    Ok(Arc::new(peers))
}

/// The parts of the vault of `args` on what `store` opens. None of them listens.
pub fn service(
    args: &ServeArgs,
    peers: &Arc<Peers>,
    store: impl FnOnce() -> Result<Arc<dyn Store>, StartError>,
    clock: Clock,
) -> Result<Service, StartError> {
    let Data { objects, audit } = Data::open(args, store, &clock)?;
    let max_staleness = args.rules.policy_max_staleness.map(Duration::from_secs);
    let policy = Policy::open(objects.clone(), &args.replica, max_staleness, clock.clone())?;
    compare(&policy, &objects, &audit, &clock)?;
    if !compared_within(args).is_zero() {
        policy.await_comparison();
    }
    let expected = Expected {
        issuer: args.identity.issuer.clone(),
        tenant: args.identity.tenant_id.clone(),
        vault: args.vault(),
        domains: args.domains(),
    };
    let keys = Arc::new(Keys::of(
        Arc::new(Software),
        args.rules.attestation_authorities.clone(),
    ));
    forget_changed(&objects, &keys);
    let metrics = Arc::new(Metrics::new(env!("CARGO_PKG_VERSION")));
    count_events(&objects, &metrics);
    Ok(Service {
        policy: Arc::new(policy),
        authenticator: Arc::new(Authenticator::new(expected, Arc::clone(peers), clock.clone())),
        resource: Arc::new(VaultResource::new(&args.vault())),
        refusals: Service::refusal_counter(clock.time()),
        storage: Arc::default(),
        metrics,
        drain: Drain::default(),
        soon: Soon::default(),
        turns: Turns::default(),
        lists: RevocationLists::new(objects.clone(), Arc::clone(&keys)),
        timekeeper: Timekeeper::new(clock.clone(), objects.changed()),
        keys,
        objects,
        audit,
        clock,
    })
}

/// Has the keys that are remembered forgotten when they change.
fn forget_changed(objects: &Objects, keys: &Arc<Keys>) {
    let keys = Arc::clone(keys);
    objects.on_change(Box::new(move |change| keys.opened().forget(&change.objects)));
}

/// Counts what happens to objects.
fn count_events(objects: &Objects, metrics: &Arc<Metrics>) {
    let metrics = Arc::clone(metrics);
    objects.on_change(Box::new(move |change| {
        change.events.iter().for_each(|event| metrics.event(*event));
    }));
}

/// How long after its start a vault waits for the operator to compare its store.
pub(super) fn compared_within(args: &ServeArgs) -> Duration {
    Duration::from_secs(args.rules.compared_within.into())
}

/// A store that its own audit log shows to be old answers no data, from the first request on.
fn compare(policy: &Policy, objects: &Objects, audit: &Log, clock: &Clock) -> Result<(), StartError> {
    let Some(anchored) = policy.compare_with_log(audit)? else {
        return Ok(());
    };
    let found = objects.anchor().generation.0;
    tracing::error!(
        anchored,
        found,
        "the store is older than its audit log; no data is answered"
    );
    let event = Event::RollbackDetected { anchored, found };
    // Nothing is answered all the same if the log is full.
    if let Err(error) = audit.append(Class::Administration, &Entry::event(clock.time(), &event)) {
        tracing::warn!(%error, "the rollback is not in the audit log");
    }
    Ok(())
}

pub(super) fn api_config(args: &ServeArgs, certificate: &Arc<ServingCertificate>) -> ApiConfig {
    ApiConfig {
        certificate: Arc::clone(certificate),
        vault: args.vault(),
        domains: args.domains(),
        identity_url: args.identity.identity_url.clone(),
    }
}

pub(super) fn access_config(args: &ServeArgs) -> AccessConfig {
    AccessConfig {
        account_rate: args.identity.account_rate,
        audit_least_age: Duration::from_secs(args.storage.audit_least_age),
    }
}
