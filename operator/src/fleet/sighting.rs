//! What the cluster shows of a vault's pod, and of the volume that it waits for. Pure.

use std::iter;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{
    ContainerStateWaiting, ContainerStatus, PersistentVolumeClaim, Pod, PodCondition, PodStatus,
};
use strongroom_core::{exit, quoted};

/// Why a container waits whose image the node has not got.
const NO_IMAGE: [&str; 7] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
];

/// What the cluster shows of a vault's pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sighting {
    /// Since when the pod could start: when it was made, got its node, or first ran; `None` where there is no pod.
    pub since: Option<Timestamp>,
    /// By when a pod that is being removed is to be gone.
    pub gone_by: Option<Timestamp>,
    /// What keeps the pod from running.
    pub hindrance: Option<Hindrance>,
}

/// What keeps a pod from running, with a sentence for its owner. What others wrote is quoted in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hindrance {
    /// Its volume is not there.
    VolumePending(String),
    /// No node takes it.
    Unschedulable(String),
    /// Its node does not get the image.
    ImagePullFailed(String),
    /// It ended because the seal key does not open the store.
    Sealed,
}

impl Sighting {
    /// What is to be seen of a pod, and of the claim of its volume as long as the pod has no node.
    pub fn of(pod: &Pod, claim: Option<&PersistentVolumeClaim>) -> Self {
        let metadata = &pod.metadata;
        let status = pod.status.as_ref();
        let name = metadata.name.as_deref().unwrap_or_default();
        let made = metadata.creation_timestamp.as_ref().map(|time| time.0);
        Self {
            since: made
                .max(status.and_then(got_node))
                .max(status.and_then(first_ran)),
            gone_by: metadata.deletion_timestamp.as_ref().map(|time| time.0),
            hindrance: status.and_then(|status| hindrance(name, status, claim)),
        }
    }
}

/// When the pod got its node.
fn got_node(status: &PodStatus) -> Option<Timestamp> {
    let scheduled = scheduling(status).filter(|condition| condition.status == "True")?;
    Some(scheduled.last_transition_time.as_ref()?.0)
}

/// When the pod's container began to run, if it has not ended since.
fn first_ran(status: &PodStatus) -> Option<Timestamp> {
    let container = container(status).filter(|container| container.restart_count == 0)?;
    let running = container.state.as_ref()?.running.as_ref()?;
    Some(running.started_at.as_ref()?.0)
}

fn scheduling(status: &PodStatus) -> Option<&PodCondition> {
    let mut conditions = status.conditions.iter().flatten();
    conditions.find(|condition| condition.type_ == "PodScheduled")
}

fn container(status: &PodStatus) -> Option<&ContainerStatus> {
    status.container_statuses.iter().flatten().next()
}

fn hindrance(name: &str, status: &PodStatus, claim: Option<&PersistentVolumeClaim>) -> Option<Hindrance> {
    if container(status).is_some_and(has_ended_sealed) {
        return Some(Hindrance::Sealed);
    }
    let waiting = container(status).and_then(|container| container.state.as_ref()?.waiting.as_ref());
    if let Some(message) = waiting.and_then(|waiting| no_image(name, waiting)) {
        return Some(Hindrance::ImagePullFailed(message));
    }
    let unscheduled = scheduling(status).filter(|condition| condition.status == "False");
    let said = unscheduled.and_then(|condition| condition.message.as_deref());
    if let Some(message) = claim.and_then(|claim| no_volume(claim, said)) {
        return Some(Hindrance::VolumePending(message));
    }
    said.map(|said| Hindrance::Unschedulable(format!("No node takes pod {name}: {}", quoted(said))))
}

/// Whether the container's last end says so; it runs again and again.
fn has_ended_sealed(container: &ContainerStatus) -> bool {
    let states = iter::once(&container.state).chain(iter::once(&container.last_state));
    let mut ends = states.flatten().filter_map(|state| state.terminated.as_ref());
    ends.next()
        .is_some_and(|end| end.exit_code == i32::from(exit::SEALED))
}

fn no_image(pod: &str, waiting: &ContainerStateWaiting) -> Option<String> {
    let reason = waiting
        .reason
        .as_deref()
        .filter(|reason| NO_IMAGE.contains(reason))?;
    let said = quoted(waiting.message.as_deref().unwrap_or_default());
    let said = if said.is_empty() {
        String::new()
    } else {
        format!(": {said}")
    };
    Some(format!(
        "The node of pod {pod} does not get its image ({reason}){said}"
    ))
}

/// What a claim waits for that has no volume. One of a class that binds with the pod waits for the pod: that is about its
/// volume only where the scheduler says so, or nothing.
fn no_volume(claim: &PersistentVolumeClaim, said: Option<&str>) -> Option<String> {
    claim
        .status
        .as_ref()
        .filter(|status| status.phase.as_deref() == Some("Pending"))?;
    let name = claim.metadata.name.as_deref().unwrap_or_default();
    let class = claim
        .spec
        .as_ref()
        .and_then(|spec| spec.storage_class_name.as_deref());
    let Some(class) = class.map(quoted) else {
        return Some(format!(
            "PersistentVolumeClaim {name} has no volume: it names no StorageClass, and the cluster has no default one"
        ));
    };
    let Some(said) = said else {
        return Some(format!(
            "PersistentVolumeClaim {name} has no volume of StorageClass {class} yet; its events say why"
        ));
    };
    let words = said.to_lowercase();
    let mut about = ["persistentvolume", "storageclass", "volumebinding"].into_iter();
    about.any(|word| words.contains(word)).then(|| {
        format!(
            "PersistentVolumeClaim {name} has no volume of StorageClass {class} yet: {}",
            quoted(said)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn pod(status: &Value) -> Pod {
        serde_json::from_value(json!({
            "metadata": {"name": "prod-0", "creationTimestamp": "2026-01-01T00:00:00Z"}, "status": status,
        }))
        .unwrap()
    }

    fn claim(phase: &str, class: Option<&str>) -> PersistentVolumeClaim {
        serde_json::from_value(json!({
            "metadata": {"name": "data-prod-0"}, "spec": {"storageClassName": class}, "status": {"phase": phase},
        }))
        .unwrap()
    }

    fn unscheduled(message: &str) -> Value {
        json!({"conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message},
        ]})
    }

    fn waiting(reason: &str, message: &str) -> Value {
        json!({"containerStatuses": [{
            "name": "vault", "image": "i", "imageID": "", "ready": false, "restartCount": 0,
            "state": {"waiting": {"reason": reason, "message": message}},
        }]})
    }

    #[test]
    fn a_claim_without_a_class_says_that_the_cluster_has_no_default_one() {
        let pod = pod(&unscheduled(
            "0/1 nodes: pod has unbound immediate PersistentVolumeClaims.",
        ));
        let seen = Sighting::of(&pod, Some(&claim("Pending", None))).hindrance;
        let Some(Hindrance::VolumePending(message)) = seen else {
            panic!("{seen:?}");
        };
        assert!(message.contains("no default one"), "{message}");
    }

    #[test]
    fn a_volume_is_the_hindrance_only_where_no_other_keeps_the_pod_from_its_node() {
        let of =
            |status: &Value, claim: &PersistentVolumeClaim| Sighting::of(&pod(status), Some(claim)).hindrance;
        let pending = claim("Pending", Some("fast"));
        let unbound = unscheduled("0/1 nodes: pod has unbound immediate PersistentVolumeClaims.");
        assert!(matches!(
            of(&unbound, &pending),
            Some(Hindrance::VolumePending(_))
        ));
        let absent = unscheduled("storageclass.storage.k8s.io \"fast\" not found");
        assert!(matches!(of(&absent, &pending), Some(Hindrance::VolumePending(_))));
        // A claim that binds with its pod waits for a node, and is not what is wrong.
        let full = unscheduled("0/1 nodes are available: 1 Insufficient cpu.");
        let Some(Hindrance::Unschedulable(message)) = of(&full, &pending) else {
            panic!("not unschedulable");
        };
        assert!(
            message.contains("prod-0") && message.contains("Insufficient cpu"),
            "{message}"
        );
        // While its volume is being made, the scheduler says nothing.
        assert!(matches!(
            of(&json!({}), &pending),
            Some(Hindrance::VolumePending(_))
        ));
        assert_eq!(of(&json!({}), &claim("Bound", Some("fast"))), None);
    }

    #[test]
    fn an_image_that_does_not_come_is_named_with_the_nodes_words_and_other_waiting_is_not() {
        let seen = |reason: &str| Sighting::of(&pod(&waiting(reason, "not\nfound \u{202e}")), None).hindrance;
        for reason in NO_IMAGE {
            let Some(Hindrance::ImagePullFailed(message)) = seen(reason) else {
                panic!("{reason}");
            };
            assert!(message.ends_with(&format!("({reason}): not found")), "{message}");
        }
        for reason in ["ContainerCreating", "CrashLoopBackOff"] {
            assert_eq!(seen(reason), None, "{reason}");
        }
    }

    #[test]
    fn a_container_that_ended_with_the_code_for_it_is_sealed_also_while_it_runs_again() {
        let seen = |state: Value, last: Value| {
            let status = json!({"containerStatuses": [{
                "name": "vault", "image": "i", "imageID": "", "ready": false, "restartCount": 3,
                "state": state, "lastState": last,
            }]});
            Sighting::of(&pod(&status), None).hindrance
        };
        let ended = |code: i32| json!({"terminated": {"exitCode": code}});
        let waits = json!({"waiting": {"reason": "CrashLoopBackOff"}});
        for state in [json!({"running": {}}), waits.clone()] {
            assert_eq!(seen(state, ended(78)), Some(Hindrance::Sealed));
        }
        assert_eq!(seen(ended(78), ended(1)), Some(Hindrance::Sealed));
        assert_eq!(seen(ended(1), ended(78)), None);
        assert_eq!(seen(waits, ended(1)), None);
    }

    #[test]
    fn a_pod_can_start_since_it_was_made_got_its_node_or_first_ran() {
        let since = |status: &Value| Sighting::of(&pod(status), None).since.unwrap().to_string();
        assert_eq!(since(&json!({})), "2026-01-01T00:00:00Z");
        let node =
            json!([{"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-01-01T00:10:00Z"}]);
        assert_eq!(since(&json!({"conditions": node})), "2026-01-01T00:10:00Z");
        let ran = |restarts: i32| {
            json!({"conditions": node, "containerStatuses": [{
                "name": "vault", "image": "i", "imageID": "", "ready": false, "restartCount": restarts,
                "state": {"running": {"startedAt": "2026-01-01T00:20:00Z"}},
            }]})
        };
        assert_eq!(since(&ran(0)), "2026-01-01T00:20:00Z");
        // One that has ended and runs again has had its time.
        assert_eq!(since(&ran(1)), "2026-01-01T00:10:00Z");
    }
}
