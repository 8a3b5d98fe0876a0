//! Waiting until a vault is as it was asked to be.

use std::time::Duration;

use strongroom_core::VaultRef;
use strongroom_crds::condition::{PAUSED, STALLED};
use tokio::time::{Instant, sleep};

use super::{
    progress::Checklist,
    seen::{self, SeenVault},
};
use crate::{
    cluster::Cluster,
    failure::{Failure, VaultObjectFailure},
    waiting,
};

/// How often the vault is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// It does what its spec says.
    Ready,
    /// Nothing of it runs any more.
    Paused,
}

/// How far a vault is from a goal.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Distance {
    There,
    /// It will come by itself.
    Away,
    /// It will not before a person acts.
    Never,
}

impl Goal {
    const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Paused => "paused",
        }
    }

    fn distance(self, vault: &SeenVault) -> Distance {
        let is_there = match self {
            Self::Ready => vault.is_ready(),
            Self::Paused => vault.is_current() && vault.is(PAUSED),
        };
        // A vault that is being resumed is stalled by its pause until the operator has looked.
        let is_stalled = vault.is_current() && vault.is(STALLED) && !vault.is(PAUSED);
        match self {
            _ if is_there => Distance::There,
            Self::Ready if is_stalled => Distance::Never,
            Self::Ready | Self::Paused => Distance::Away,
        }
    }
}

/// Waits until `vault` is at the goal, and shows on a terminal how far it is. Fails where only a person can bring it there, and
/// where the time is over.
pub(super) async fn until(
    cluster: &Cluster,
    vault: &VaultRef,
    goal: Goal,
    timeout: Duration,
) -> Result<SeenVault, Failure> {
    let begun = Instant::now();
    match goal {
        Goal::Ready => {
            let checklist = Checklist::new();
            let ended = looked(cluster, vault, goal, begun, timeout, |seen| checklist.show(seen)).await;
            checklist.end();
            ended
        }
        Goal::Paused => {
            let looked = looked(cluster, vault, goal, begun, timeout, |_| {});
            waiting::shown("Waiting until the vault stands still", looked).await
        }
    }
}

async fn looked(
    cluster: &Cluster,
    vault: &VaultRef,
    goal: Goal,
    begun: Instant,
    timeout: Duration,
    show: impl Fn(&SeenVault),
) -> Result<SeenVault, Failure> {
    loop {
        let seen = seen::get(cluster, vault).await?;
        show(&seen);
        match goal.distance(&seen) {
            Distance::There => return Ok(seen),
            Distance::Never => {
                return Err(VaultObjectFailure::Stalled {
                    vault: vault.clone(),
                    state: goal.name(),
                    message: seen.sentence(),
                }
                .into());
            }
            Distance::Away if begun.elapsed() >= timeout => {
                return Err(VaultObjectFailure::InTime {
                    vault: vault.clone(),
                    state: goal.name(),
                    seconds: timeout.as_secs(),
                    message: seen.sentence(),
                }
                .into());
            }
            Distance::Away => sleep(LOOK.min(timeout.saturating_sub(begun.elapsed()))).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{
        super::seen::tests::{condition, vault},
        *,
    };

    #[test]
    fn waiting_ends_where_the_vault_is_there_or_only_a_person_can_bring_it_there() {
        let with = |generation: i64, conditions: &[Value]| {
            vault(&json!({"observedGeneration": generation, "conditions": conditions}))
        };
        let serving = condition("Ready", "True", "Serving");
        let (stalled, paused) = (
            condition("Stalled", "True", "NamespaceNotEnabled"),
            condition("Paused", "True", "Paused"),
        );
        for (seen, ready, standing) in [
            (
                with(2, std::slice::from_ref(&serving)),
                Distance::There,
                Distance::Away,
            ),
            (
                with(1, std::slice::from_ref(&serving)),
                Distance::Away,
                Distance::Away,
            ),
            (
                with(2, std::slice::from_ref(&stalled)),
                Distance::Never,
                Distance::Away,
            ),
            (
                with(1, std::slice::from_ref(&stalled)),
                Distance::Away,
                Distance::Away,
            ),
            (with(2, &[stalled, paused]), Distance::Away, Distance::There),
            (with(-1, &[]), Distance::Away, Distance::Away),
        ] {
            assert_eq!(Goal::Ready.distance(&seen), ready, "{seen:?}");
            assert_eq!(Goal::Paused.distance(&seen), standing, "{seen:?}");
        }
    }
}
