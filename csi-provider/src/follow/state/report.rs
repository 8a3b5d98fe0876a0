//! What the pod's author reads.

use std::collections::BTreeMap;

use strongroom_core::ObjectPath;

use super::{Action, Failure, Moment, ReportReason, retry::Retry};
use crate::source::load::Reason;

/// Said where a vault token is due that the pod's token is too old for.
pub const NO_NEWER_TOKEN: &str = "the pod's token is about to expire and the kubelet brought no newer one";

/// Pauses after a failure, and reports one that is not likely to pass.
pub fn report_failure(retry: &mut Retry, failure: Failure, now: Moment, actions: &mut Vec<Action>) {
    if retry.fail(failure.is_retryable, now.instant, now.random) {
        actions.push(Action::Report {
            reason: ReportReason::RefreshFailed,
            note: failure.note,
        });
    }
}

/// Reports objects that cannot be read, if there are any.
pub fn report_unavailable(unavailable: &BTreeMap<ObjectPath, Reason>, actions: &mut Vec<Action>) {
    if !unavailable.is_empty() {
        actions.push(Action::Report {
            reason: ReportReason::ObjectUnavailable,
            note: sentence(unavailable),
        });
    }
}

/// The sentence for the report and for the acknowledgement.
pub fn sentence(unavailable: &BTreeMap<ObjectPath, Reason>) -> String {
    let each: Vec<_> = unavailable
        .iter()
        .map(|(object, reason)| format!("{} {}: {reason}", object.kind.singular(), object.name))
        .collect();
    format!("{}; the files stay as they are", each.join("; "))
}
