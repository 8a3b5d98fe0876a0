//! The pods of a vault, as its StatefulSet counts them. Pure.

use kube::api::DynamicObject;
use serde_json::Value;

/// The pods of a vault.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pods {
    /// How many are ready.
    pub ready: i32,
    /// Whether there is to be any.
    pub are_wanted: bool,
    /// Whether there is to be none, and there is none any more: nothing of the vault runs, and its volume stands still.
    pub are_gone: bool,
}

impl Pods {
    /// What the StatefulSet says of them.
    pub(super) fn of(set: &DynamicObject) -> Self {
        let number = |pointer: &str| set.data.pointer(pointer).and_then(Value::as_i64);
        let ready = number("/status/readyReplicas").and_then(|ready| i32::try_from(ready).ok());
        let observed = number("/status/observedGeneration");
        // What was counted for an earlier spec is no answer.
        let is_counted = observed.is_some() && observed >= set.metadata.generation;
        Self {
            ready: ready.unwrap_or(0),
            are_wanted: number("/spec/replicas").is_some_and(|wanted| wanted > 0),
            are_gone: is_counted
                && number("/spec/replicas") == Some(0)
                && number("/status/replicas").unwrap_or(0) == 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pods_are_gone_once_the_set_has_seen_that_there_is_to_be_none_and_counts_none() {
        for (wanted, observed, counted, are_gone) in [
            (0, Some(2), Some(0), true),
            (0, Some(2), None, true),
            (0, Some(2), Some(1), false),
            (0, Some(1), Some(0), false),
            (0, None, None, false),
            (1, Some(2), Some(0), false),
        ] {
            let set = json!({
                "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "prod", "generation": 2},
                "spec": {"replicas": wanted}, "status": {"observedGeneration": observed, "replicas": counted},
            });
            let set: DynamicObject = serde_json::from_value(set).unwrap();
            assert_eq!(
                Pods::of(&set).are_gone,
                are_gone,
                "{wanted} {observed:?} {counted:?}"
            );
        }
    }
}
