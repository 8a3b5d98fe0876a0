//! Conditions after the kstatus contract: `Ready` always, `Reconciling` and `Stalled` only while true.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use strongroom_crds::{
    AccessPolicyStatus, SecretRefStatus, VaultStatus,
    condition::{READY, RECONCILING, STALLED},
};

/// The reason of `Ready` of a vault that starts.
pub const STARTING: &str = "Starting";

/// How an object is, as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It does what its spec says.
    Ready,
    /// It does not, and will without help.
    Progressing(Reason),
    /// It does not until a person acts.
    Stalled(Reason),
}

/// Why: a CamelCase word of docs/conditions.md, and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The CamelCase word, the `reason` of a condition.
    pub word: &'static str,
    /// The sentence, the `message` of a condition.
    pub message: String,
}

impl Reason {
    /// A reason.
    pub fn new(word: &'static str, message: impl Into<String>) -> Self {
        Self {
            word,
            message: message.into(),
        }
    }
}

/// The conditions of one object, being decided.
#[derive(Debug)]
pub struct Conditions<'a> {
    previous: &'a [Condition],
    generation: Option<i64>,
    now: Timestamp,
    decided: Vec<Condition>,
}

impl<'a> Conditions<'a> {
    /// Begins with none; `previous` gives the time since which a status has lasted, and what is kept.
    pub const fn new(previous: &'a [Condition], generation: Option<i64>, now: Timestamp) -> Self {
        Self {
            previous,
            generation,
            now,
            decided: Vec::new(),
        }
    }

    /// Adds a condition. `status` is `None` while it is unknown.
    pub fn add(&mut self, type_: &str, status: Option<bool>, reason: &Reason) {
        let status = match status {
            Some(true) => "True",
            Some(false) => "False",
            None => "Unknown",
        };
        let since = self
            .previous
            .iter()
            .find(|condition| condition.type_ == type_ && condition.status == status)
            .map_or(Time(self.now), |condition| condition.last_transition_time.clone());
        self.decided.push(Condition {
            type_: type_.to_owned(),
            status: status.to_owned(),
            reason: reason.word.to_owned(),
            message: bounded(&reason.message),
            observed_generation: self.generation,
            last_transition_time: since,
        });
    }

    /// Adds the condition of a type as it was, if it was there.
    pub fn keep(&mut self, type_: &str) {
        let before = self.previous.iter().find(|condition| condition.type_ == type_);
        self.decided.extend(before.cloned());
    }

    /// Adds `Ready`, and `Reconciling` or `Stalled` while that is so.
    pub fn add_health(&mut self, health: &Health, ready: &Reason) {
        match health {
            Health::Ready => self.add(READY, Some(true), ready),
            Health::Progressing(reason) => {
                self.add(READY, Some(false), reason);
                self.add(RECONCILING, Some(true), reason);
            }
            Health::Stalled(reason) => {
                self.add(READY, Some(false), reason);
                self.add(STALLED, Some(true), reason);
            }
        }
    }

    /// The conditions decided.
    pub fn finish(self) -> Vec<Condition> {
        self.decided
    }
}

/// A status that has conditions.
pub trait Conditioned {
    /// The conditions that the status holds, as last written.
    fn conditions(&self) -> &[Condition];
}

impl Conditioned for VaultStatus {
    fn conditions(&self) -> &[Condition] {
        &self.conditions
    }
}

impl Conditioned for AccessPolicyStatus {
    fn conditions(&self) -> &[Condition] {
        &self.conditions
    }
}

impl Conditioned for SecretRefStatus {
    fn conditions(&self) -> &[Condition] {
        &self.conditions
    }
}

/// The condition of a type.
pub fn find<'a>(conditions: &'a [Condition], type_: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.type_ == type_)
}

/// The condition `Ready`.
pub fn ready(conditions: &[Condition]) -> Option<&Condition> {
    find(conditions, READY)
}

/// Whether `Ready` is true.
pub fn is_ready(conditions: &[Condition]) -> bool {
    ready(conditions).is_some_and(|ready| ready.status == "True")
}

/// The schema's bound on a message.
fn bounded(message: &str) -> String {
    const LIMIT: usize = 4096;
    message.chars().take(LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn decide(previous: &[Condition], now: i64, health: &Health) -> Vec<Condition> {
        let mut conditions = Conditions::new(previous, Some(3), at(now));
        conditions.add_health(health, &Reason::new("Serving", "It serves."));
        conditions.finish()
    }

    #[test]
    fn a_status_keeps_its_transition_time_until_it_changes() {
        let first = decide(&[], 10, &Health::Ready);
        let second = decide(&first, 20, &Health::Ready);
        assert_eq!(second, first);
        let third = decide(
            &second,
            30,
            &Health::Progressing(Reason::new("Starting", "It starts.")),
        );
        assert_eq!(third[0].last_transition_time, Time(at(30)));
    }

    #[test]
    fn reconciling_and_stalled_are_there_only_while_true() {
        let stalled = decide(&[], 10, &Health::Stalled(Reason::new("NameTaken", "Taken.")));
        assert_eq!(
            stalled.iter().map(|c| c.type_.as_str()).collect::<Vec<_>>(),
            [READY, STALLED]
        );
        let ready = decide(&stalled, 20, &Health::Ready);
        assert_eq!(
            ready.iter().map(|c| c.type_.as_str()).collect::<Vec<_>>(),
            [READY]
        );
    }
}
