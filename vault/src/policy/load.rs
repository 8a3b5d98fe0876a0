//! What a starting vault finds in its store.

use std::sync::Arc;

use strongroom_core::PolicyIndex;
use strongroom_engine::Objects;
use strongroom_wire::admin::BundleId;

use super::{
    InForce, LoadError, State, fence,
    record::{self, Confirmation},
    rollback::Rollback,
};

/// The state that `store` holds, and when its bundle was last confirmed.
pub(super) fn state(store: &Objects, replica: &str) -> Result<(State, i64), LoadError> {
    let rollback = match record(store, record::ROLLBACK)? {
        Some(line) => record::decode(&line).map_err(|source| LoadError::of(record::ROLLBACK, source))?,
        None => Rollback::None,
    };
    match record(store, record::BUNDLE)? {
        Some(bytes) => bundle(store, replica, &bytes, rollback),
        None => Ok((
            State {
                rollback,
                ..State::default()
            },
            0,
        )),
    }
}

/// A record of the store.
pub(super) fn record(store: &Objects, key: &str) -> Result<Option<Vec<u8>>, LoadError> {
    store.meta_get(key).map_err(|source| LoadError::Read {
        key: key.into(),
        source,
    })
}

/// The state that a record of a later format sets: nothing is in force, and nothing older is taken.
fn fenced(bytes: &[u8], rollback: Rollback) -> Option<(State, i64)> {
    let generation = record::later_fence(bytes)?;
    tracing::error!(%generation, "the stored policy is a later release's");
    let fence = BundleId {
        generation,
        // No bundle has this hash, so none counts as the one in the store.
        hash: String::new(),
    };
    let state = State {
        fence: Some(fence),
        rollback,
        ..State::default()
    };
    Some((state, 0))
}

/// The state that the record of a bundle sets, and when that bundle was last confirmed.
fn bundle(
    store: &Objects,
    replica: &str,
    bytes: &[u8],
    rollback: Rollback,
) -> Result<(State, i64), LoadError> {
    let (taken, bundle) = match record::decode_bundle(bytes) {
        Ok(decoded) => decoded,
        Err(error) => return fenced(bytes, rollback).ok_or(LoadError::of(record::BUNDLE, error)),
    };
    let index = match fence::read(bundle, &store.vault_id().to_string()) {
        Ok(bundle) => Some(Arc::new(InForce::of(Arc::new(PolicyIndex::compile(&bundle))))),
        Err(unfit) => {
            tracing::error!(generation = %taken.policy.generation, reason = %unfit, "the stored policy is not enforceable");
            None
        }
    };
    let place = record::confirmed(replica);
    let confirmed = match record(store, &place)? {
        Some(line) => {
            let later: Confirmation =
                record::decode(&line).map_err(|source| LoadError::of(&place, source))?;
            if later.policy == taken.policy {
                later.at.max(taken.at)
            } else {
                taken.at
            }
        }
        None => taken.at,
    };
    Ok((
        State {
            fence: Some(taken.policy),
            index,
            rollback,
            ..State::default()
        },
        confirmed,
    ))
}
