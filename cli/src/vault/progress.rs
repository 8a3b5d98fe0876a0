//! How far a vault is on its way, as a checklist.

use std::io::{self, IsTerminal as _};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use strongroom_crds::condition::{PAUSED, UNSEALED};

use super::seen::SeenVault;
use crate::{terminal, waiting};

/// What has to be so before a vault is ready, in this order.
const STEPS: [&str; 5] = ["volume", "pod", "unsealed", "policy", "ready"];

/// Which steps are done. A later one is not done before an earlier one is.
fn steps(vault: &SeenVault) -> [bool; STEPS.len()] {
    // Whoever says how its seal is has a pod; nobody says it of one that does not answer.
    let answers = vault
        .condition(UNSEALED)
        .is_some_and(|condition| condition.status != "Unknown" && !vault.is(PAUSED));
    let mut done = [
        vault.status.volume_size.is_some(),
        answers,
        answers && vault.is(UNSEALED),
        answers && vault.status.policy.is_some(),
        vault.is_ready(),
    ];
    let mut is_later_done = false;
    for step in done.iter_mut().rev() {
        is_later_done |= *step;
        *step = is_later_done;
    }
    done
}

/// A checklist on a terminal; nothing elsewhere.
pub(super) struct Checklist {
    bars: Vec<ProgressBar>,
    _all: MultiProgress,
}

impl Checklist {
    /// Begins with nothing done.
    pub(super) fn new() -> Self {
        let all = MultiProgress::new();
        let bars = if io::stderr().is_terminal() {
            let bar = |step: &&str| waiting::turning(all.add(ProgressBar::new_spinner()), (*step).to_owned());
            STEPS.iter().map(bar).collect()
        } else {
            Vec::new()
        };
        Self { bars, _all: all }
    }

    /// Shows how far a vault is, and beside the first step that is not done what it waits for.
    pub(super) fn show(&self, vault: &SeenVault) {
        let done = steps(vault);
        let next = done.iter().position(|done| !done);
        for (number, (bar, (step, done))) in self.bars.iter().zip(STEPS.iter().zip(done)).enumerate() {
            if done {
                finish(bar, step);
            } else if Some(number) == next {
                bar.set_message(format!("{step}: {}", terminal::shown(&vault.sentence())));
            } else {
                bar.set_message((*step).to_owned());
            }
        }
    }

    /// Leaves what is shown, with nothing turning any more.
    pub(super) fn end(&self) {
        for bar in self.bars.iter().filter(|bar| !bar.is_finished()) {
            bar.abandon();
        }
    }
}

fn finish(bar: &ProgressBar, step: &str) {
    if bar.is_finished() {
        return;
    }
    if let Ok(style) = ProgressStyle::with_template("✓ {wide_msg}") {
        bar.set_style(style);
    }
    bar.finish_with_message(step.to_owned());
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{
        super::seen::tests::{condition, vault},
        *,
    };

    fn done(status: &Value) -> Vec<&'static str> {
        let done = steps(&vault(status));
        let done = STEPS.iter().zip(done).filter(|(_, done)| *done);
        done.map(|(step, _)| *step).collect()
    }

    #[test]
    fn a_vault_is_as_far_as_its_conditions_say() {
        let unsealed = condition("Unsealed", "True", "Unsealed");
        let unknown = condition("Unsealed", "Unknown", "Starting");
        for (status, expected) in [
            (json!({}), &[][..]),
            (
                json!({"conditions": [condition("Ready", "False", "VolumePending"), unknown]}),
                &[],
            ),
            (json!({"volumeSize": "1Gi", "conditions": [unknown]}), &["volume"]),
            (
                json!({"conditions": [condition("Unsealed", "False", "Sealed")]}),
                &["volume", "pod"],
            ),
            (json!({"conditions": [unsealed]}), &["volume", "pod", "unsealed"]),
            (
                json!({"policy": {"generation": "1-1", "policies": 0}, "conditions": [unsealed]}),
                &["volume", "pod", "unsealed", "policy"],
            ),
            (
                json!({"observedGeneration": 2, "conditions": [condition("Ready", "True", "Serving")]}),
                &["volume", "pod", "unsealed", "policy", "ready"],
            ),
        ] {
            assert_eq!(done(&status), expected, "{status}");
        }
    }

    #[test]
    fn what_a_vault_that_does_not_answer_had_before_is_not_done() {
        let before = json!({
            "volumeSize": "1Gi", "policy": {"generation": "1-1", "policies": 0},
            "conditions": [condition("Unsealed", "Unknown", "Paused"), condition("Paused", "True", "Paused")],
        });
        assert_eq!(done(&before), ["volume"]);
    }
}
