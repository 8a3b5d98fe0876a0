//! Why a vault is silent, or not ready, by what the cluster shows of its pod. Pure.
//!
//! A vault that starts is not ready for a while, which is no reason to wake anyone. What keeps it from starting is.

use jiff::{SignedDuration, Timestamp};
use strongroom_core::VaultName;
use strongroom_crds::condition::Condition;

use super::pods::Pods;
use crate::{
    conditions::{Health, Reason, STARTING},
    fleet::{Hindrance, Sighting},
    sentence::sentence,
};

/// How long a vault may take to start: an image is pulled, a store of the largest size is read.
const START: SignedDuration = SignedDuration::from_mins(3);
/// How long a volume may take to be made, and a node to be found.
const SETTLE: SignedDuration = SignedDuration::from_secs(20);
/// How much later than announced a pod may be gone.
const LATE: SignedDuration = SignedDuration::from_secs(30);

/// What a silence is judged by.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub(super) struct Circumstances<'a> {
    pub name: &'a VaultName,
    pub sighting: &'a Sighting,
    pub pods: Pods,
    /// The condition `Ready` as last written.
    pub before: Option<&'a Condition>,
    pub now: Timestamp,
}

impl Circumstances<'_> {
    /// What is to be reported of a vault that is silent for this reason.
    pub(super) fn silent(&self, problem: &str) -> Health {
        if self.sighting.hindrance == Some(Hindrance::Sealed) {
            return Health::Stalled(sealed(self.name));
        }
        let reason = if let Some(hindrance) = self.hindrance() {
            hindrance
        } else if self.is_starting() {
            Reason::new(STARTING, "The vault starts, and does not answer yet.")
        } else {
            Reason::new("NotAnswering", format!("The vault does not answer: {problem}."))
        };
        Health::Progressing(reason)
    }

    /// What is to be reported of a vault that answers the operator, and of which no pod is ready.
    pub(super) fn unready(&self) -> Health {
        let is_new = self.sighting.since.is_some() && self.is_starting();
        let word = if is_new { STARTING } else { "NotReady" };
        let message = "The vault answers the operator, but no pod of it is ready yet.";
        Health::Progressing(Reason::new(word, message))
    }

    fn hindrance(&self) -> Option<Reason> {
        let is_settling = self
            .sighting
            .since
            .is_some_and(|since| self.is_within(since, SETTLE));
        let (word, message) = match self.sighting.hindrance.as_ref()? {
            Hindrance::ImagePullFailed(message) => ("ImagePullFailed", message),
            Hindrance::VolumePending(_) | Hindrance::Unschedulable(_) if is_settling => return None,
            Hindrance::Sealed => return None,
            Hindrance::VolumePending(message) => ("VolumePending", message),
            Hindrance::Unschedulable(message) => ("Unschedulable", message),
        };
        Some(Reason::new(word, sentence(message)))
    }

    fn is_starting(&self) -> bool {
        if !self.pods.are_wanted {
            return false;
        }
        match (self.sighting.since, self.sighting.gone_by) {
            // The pod of a node that died is being removed for ever.
            (_, Some(gone_by)) => self.was_well() && self.is_within(gone_by, LATE),
            (Some(since), None) => self.is_within(since, START),
            (None, None) => self.was_well(),
        }
    }

    /// Whether nothing but the start of the vault has been reported of late.
    fn was_well(&self) -> bool {
        self.before.is_none_or(|ready| match ready.reason.as_str() {
            "NotAnswering" => false,
            STARTING => self.is_within(ready.last_transition_time.0, START),
            _ => true,
        })
    }

    fn is_within(&self, since: Timestamp, time: SignedDuration) -> bool {
        self.now.duration_since(since) < time
    }
}

/// What is said of a vault that the seal key does not open.
pub(super) fn sealed(name: &VaultName) -> Reason {
    let message = format!(
        "The key in Secret {name}-seal does not open the vault's store: the Secret was replaced, or the volume was. Restore the one that belongs to the other."
    );
    Reason::new("Sealed", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    const WANTED: Pods = Pods {
        ready: 0,
        are_gone: false,
        are_wanted: true,
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn made(seconds: i64) -> Sighting {
        Sighting {
            since: Some(at(seconds)),
            ..Sighting::default()
        }
    }

    fn before(reason: &str, since: i64) -> Condition {
        Condition {
            type_: "Ready".to_owned(),
            status: "False".to_owned(),
            reason: reason.to_owned(),
            message: String::new(),
            observed_generation: None,
            last_transition_time: Time(at(since)),
        }
    }

    fn word(sighting: &Sighting, pods: Pods, before: Option<&Condition>, now: i64) -> &'static str {
        let circumstances = Circumstances {
            name: &"prod".parse().unwrap(),
            sighting,
            pods,
            before,
            now: at(now),
        };
        match circumstances.silent("it cannot be reached") {
            Health::Progressing(reason) => reason.word,
            Health::Stalled(reason) if reason.word == "Sealed" => reason.word,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_pod_that_is_new_starts_and_an_older_one_does_not_answer() {
        let silent = before("NotAnswering", 0);
        for before in [None, Some(&silent)] {
            assert_eq!(word(&made(1_000), WANTED, before, 1_179), "Starting");
            assert_eq!(word(&made(1_000), WANTED, before, 1_180), "NotAnswering");
        }
    }

    #[test]
    fn a_vault_without_a_pod_starts_for_a_while_once_and_not_where_it_is_to_have_none() {
        let none = Sighting::default();
        assert_eq!(word(&none, WANTED, None, 1_000), "Starting");
        let serving = before("Serving", 0);
        assert_eq!(word(&none, WANTED, Some(&serving), 1_000), "Starting");
        let starting = before("Starting", 1_000);
        assert_eq!(word(&none, WANTED, Some(&starting), 1_179), "Starting");
        assert_eq!(word(&none, WANTED, Some(&starting), 1_180), "NotAnswering");
        let silent = before("NotAnswering", 1_000);
        assert_eq!(word(&none, WANTED, Some(&silent), 1_001), "NotAnswering");
        let scaled_down = Pods::default();
        for sighting in [none, made(1_000)] {
            assert_eq!(word(&sighting, scaled_down, None, 1_000), "NotAnswering");
        }
    }

    #[test]
    fn a_pod_that_makes_room_for_the_next_is_a_start_and_one_that_never_goes_is_none() {
        let goes = Sighting {
            gone_by: Some(at(1_030)),
            ..made(0)
        };
        let serving = before("Serving", 0);
        assert_eq!(word(&goes, WANTED, Some(&serving), 1_000), "Starting");
        assert_eq!(word(&goes, WANTED, Some(&serving), 1_060), "NotAnswering");
        let silent = before("NotAnswering", 900);
        assert_eq!(word(&goes, WANTED, Some(&silent), 1_000), "NotAnswering");
    }

    #[test]
    fn what_keeps_a_pod_from_running_is_said_once_it_does_not_pass_by_itself() {
        let text = String::from;
        for (hindrance, at_once, then) in [
            (
                Hindrance::VolumePending(text("no class")),
                "Starting",
                "VolumePending",
            ),
            (
                Hindrance::Unschedulable(text("no node")),
                "Starting",
                "Unschedulable",
            ),
            (
                Hindrance::ImagePullFailed(text("no image")),
                "ImagePullFailed",
                "ImagePullFailed",
            ),
            (Hindrance::Sealed, "Sealed", "Sealed"),
        ] {
            let sighting = Sighting {
                hindrance: Some(hindrance),
                ..made(1_000)
            };
            assert_eq!(word(&sighting, WANTED, None, 1_019), at_once, "{sighting:?}");
            assert_eq!(word(&sighting, WANTED, None, 1_020), then, "{sighting:?}");
        }
    }

    #[test]
    fn a_vault_that_answers_and_is_not_ready_starts_only_while_its_pod_is_new() {
        let unready = |sighting: &Sighting, now| {
            let circumstances = Circumstances {
                name: &"prod".parse().unwrap(),
                sighting,
                pods: WANTED,
                before: None,
                now: at(now),
            };
            match circumstances.unready() {
                Health::Progressing(reason) => reason.word,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(unready(&made(1_000), 1_001), "Starting");
        assert_eq!(unready(&made(1_000), 1_180), "NotReady");
        assert_eq!(unready(&Sighting::default(), 1_001), "NotReady");
    }
}
