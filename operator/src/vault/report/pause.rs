//! What is said of a vault that is to stand still. Pure.

use super::super::pods::Pods;
use crate::{
    conditions::{Health, Reason},
    target::Target,
};

/// Whether the vault is to stand still, and does.
pub(in super::super) fn is_paused(target: &Target<'_>, pods: Pods) -> bool {
    target.vault.spec.is_paused() && pods.are_gone
}

/// Stalled, since it goes on only when someone edits its spec.
pub(super) fn health(pods: Pods) -> Health {
    if pods.are_gone {
        Health::Stalled(reason())
    } else {
        let message = "The vault finishes what it has begun, and stops.";
        Health::Progressing(Reason::new("Pausing", message))
    }
}

/// Why it does not answer.
pub(super) fn reason() -> Reason {
    Reason::new(
        "Paused",
        "The vault is stopped, because spec.paused says so. Its volume, its seal key and its address are kept. Set spec.paused to false to start it.",
    )
}
