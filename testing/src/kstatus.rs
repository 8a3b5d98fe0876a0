//! What kstatus says of an object: the rules by which Flux, and every other tool that uses it, waits for one.
//!
//! They are those of `sigs.k8s.io/cli-utils`, `pkg/kstatus/status`: `checkGenericProperties` in `generic.go`, then
//! `checkReadyCondition` and the end of `Compute` in `status.go`, for a kind that has no rules of its own there.

use serde_json::Value;

/// The status, in kstatus' words: `Terminating`, `InProgress`, `Failed` or `Current`.
pub fn of(object: &Value) -> &'static str {
    let metadata = &object["metadata"];
    if metadata["deletionTimestamp"].is_string() {
        return "Terminating";
    }
    let observed = object.pointer("/status/observedGeneration");
    if observed.is_some_and(|observed| *observed != metadata["generation"]) {
        return "InProgress";
    }
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    let conditions = conditions.map(Vec::as_slice).unwrap_or_default();
    for condition in conditions
        .iter()
        .filter(|condition| condition["status"] == "True")
    {
        if condition["type"] == "Reconciling" {
            return "InProgress";
        }
        if condition["type"] == "Stalled" {
            return "Failed";
        }
    }
    let ready = conditions.iter().find(|condition| condition["type"] == "Ready");
    match ready {
        Some(ready) if ready["status"] != "True" => "InProgress",
        Some(_) | None => "Current",
    }
}
