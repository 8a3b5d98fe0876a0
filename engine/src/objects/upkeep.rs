//! The vault's own work: what is due, what is left of purged objects, and erasure.

use strongroom_core::Timestamp;

use super::{
    erasure::{Eraser, Step},
    shared::Shared,
};
use crate::object::{
    keeper::Kinds,
    system::{SystemRequest, Whose, due_tasks, uncollected},
    view::View,
};

/// How many due tasks one sweep carries out.
const DUE: usize = 64;

/// How many versions one sweep removes at most. Each has two records, and the outbox takes its own part of a batch.
const COLLECT: usize = 512;

/// One part of these of a batch is the number of versions that one sweep removes.
const PARTS: usize = 8;

/// What one sweep has to do. What cannot be read now is looked for again by the next sweep.
pub(super) fn steps(shared: &Shared, eraser: &mut Eraser, now: Timestamp) -> Vec<SystemRequest> {
    let published = shared.published();
    let view = published.view(&shared.rules);
    let mut steps = due(view, shared.kinds, now);
    steps.extend(collection(view, shared.store.limits().share(PARTS, COLLECT)));
    steps.extend(erasure(shared, eraser, now));
    steps
}

fn due(view: View<'_>, kinds: Kinds, now: Timestamp) -> Vec<SystemRequest> {
    let tasks = due_tasks(view, kinds, Whose::Writers, now, None, DUE).unwrap_or_default();
    tasks.into_iter().map(SystemRequest::Perform).collect()
}

fn collection(view: View<'_>, limit: usize) -> Option<SystemRequest> {
    let object = uncollected(view).ok()??;
    Some(SystemRequest::Collect { object, limit })
}

/// The next step of an erasure that needs a commit; steps on the keyring's file are done here.
fn erasure(shared: &Shared, eraser: &mut Eraser, now: Timestamp) -> Option<SystemRequest> {
    for _ in 0..4 {
        let published = shared.published();
        match eraser.step(published.view(&shared.rules), now) {
            Ok(Step::Publish(keyring)) => shared.publish_keyring(keyring),
            Ok(Step::Commit(request)) => {
                if matches!(request, SystemRequest::Erased { .. }) {
                    eraser.finished();
                }
                return Some(request);
            }
            Ok(Step::None) => return None,
            Err(_) => {
                eraser.failed();
                return None;
            }
        }
    }
    None
}
