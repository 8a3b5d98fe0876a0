//! The pod, its volumes, and the driver on its node.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Event, Pod, PodSpec};
use kube::ResourceExt as _;

use crate::debug::{
    DRIVER,
    facts::{Facts, PodFacts, Seen},
    step::Step,
};

/// The attribute that names the `SecretRef`.
const SECRET_REF: &str = "secretRef";
/// For how long an event of the node driver stands for what is; it sends the same one every five minutes.
const RECENT: i64 = 600;

/// One volume of ours.
pub(in crate::debug) struct PodVolume {
    pub(in crate::debug) name: String,
    attributes: BTreeMap<String, String>,
}

impl PodVolume {
    /// The `SecretRef` that it names.
    pub(in crate::debug) fn reference(&self) -> Option<&str> {
        self.attributes.get(SECRET_REF).map(String::as_str)
    }
}

/// The volumes of the pod that are ours.
pub(in crate::debug) fn volumes(pod: &Pod) -> Vec<PodVolume> {
    let volumes = pod.spec.iter().flat_map(|spec| spec.volumes.iter().flatten());
    volumes
        .filter_map(|volume| {
            let csi = volume.csi.as_ref().filter(|csi| csi.driver == DRIVER)?;
            Some(PodVolume {
                name: volume.name.clone(),
                attributes: csi.volume_attributes.clone().unwrap_or_default(),
            })
        })
        .collect()
}

pub(super) fn node(pod: &Pod) -> Option<&str> {
    pod.spec.as_ref()?.node_name.as_deref()
}

pub(super) fn phase(pod: &Pod) -> &str {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    phase.unwrap_or("Pending")
}

pub(super) fn exists(facts: &PodFacts) -> Step {
    let PodFacts { namespace, name, .. } = facts;
    let pod = match &facts.pod {
        Seen::Found(pod) => pod,
        Seen::Absent => {
            return Step::fails(
                "pod",
                format!("there is no pod {namespace}/{name}"),
                format!("kubectl get pods -n {namespace}"),
            );
        }
        Seen::Hidden(hidden) => return Step::hidden("pod", hidden),
    };
    match node(pod) {
        Some(node) => Step::holds(
            "pod",
            format!("{namespace}/{name} is on node {node} ({})", phase(pod)),
        ),
        None => Step::fails(
            "pod",
            format!("{namespace}/{name} has no node yet"),
            format!("kubectl describe pod {name} -n {namespace}"),
        ),
    }
}

/// What the pod's author wrote.
pub(super) fn mounts(facts: &PodFacts, volumes: &[PodVolume]) -> Vec<Step> {
    if volumes.is_empty() {
        return if facts.connects_to.is_some() {
            Vec::new()
        } else {
            vec![Step::fails(
                "volumes",
                format!("no volume of the pod is of the driver {DRIVER}"),
                format!(
                    "Add a volume to the pod, or name the vault that it connects to with --vault:\n{}",
                    stanza("secrets")
                ),
            )]
        };
    }
    volumes.iter().map(mount).collect()
}

fn mount(volume: &PodVolume) -> Step {
    let step = format!("volume {}", volume.name);
    if let Some(key) = volume.attributes.keys().find(|key| *key != SECRET_REF) {
        return Step::fails(
            step,
            format!("it has the volume attribute {key:?}, which the driver refuses"),
            format!("Leave out {key}:\n{}", stanza(&volume.name)),
        );
    }
    match volume.reference() {
        Some(reference) => Step::holds(step, format!("it shows SecretRef {reference}")),
        None => Step::fails(
            step,
            "it names no SecretRef",
            format!("Name one:\n{}", stanza(&volume.name)),
        ),
    }
}

fn stanza(volume: &str) -> String {
    format!(
        "volumes:\n- name: {volume}\n  csi: {{driver: {DRIVER}, volumeAttributes: {{{SECRET_REF}: NAME}}}}"
    )
}

pub(super) fn csi_driver(facts: &Facts, pod: &PodFacts) -> Step {
    match &pod.csi_driver {
        Seen::Found(_) => Step::holds("CSIDriver", format!("{DRIVER} is there")),
        Seen::Absent => Step::fails(
            "CSIDriver",
            format!("there is no CSIDriver {DRIVER}, which the chart makes"),
            format!("helm status strongroom -n {}", facts.release_namespace),
        ),
        Seen::Hidden(hidden) => Step::hidden("CSIDriver", hidden),
    }
}

/// The driver's pod on the node, and whether the kubelet knows the driver.
pub(super) fn node_driver(facts: &PodFacts, pod: &Pod) -> Vec<Step> {
    let Some(node) = node(pod) else {
        return Vec::new();
    };
    vec![driver_pod(facts, node), registration(facts, node)]
}

fn driver_pod(facts: &PodFacts, node: &str) -> Step {
    let namespace = &facts.node_namespace;
    let drivers = match &facts.drivers {
        Seen::Found(drivers) => drivers.as_slice(),
        Seen::Absent => &[],
        Seen::Hidden(hidden) => return Step::hidden("node driver", hidden),
    };
    if let Some(ready) = drivers.iter().find(|driver| is_ready(driver)) {
        return Step::holds(
            "node driver",
            format!("{} runs on node {node} and is ready", ready.name_any()),
        );
    }
    match drivers.first() {
        Some(driver) => Step::fails(
            "node driver",
            format!(
                "{} on node {node} is not ready ({})",
                driver.name_any(),
                phase(driver)
            ),
            format!("kubectl describe pod {} -n {namespace}", driver.name_any()),
        ),
        None => Step::fails(
            "node driver",
            format!("no pod of the node driver is on node {node}"),
            format!(
                "Let the DaemonSet have a pod on this node (the chart's node.tolerations and node.nodeSelector):\nkubectl describe daemonset strongroom-csi -n {namespace}"
            ),
        ),
    }
}

fn registration(facts: &PodFacts, node: &str) -> Step {
    let knows = match &facts.csi_node {
        Seen::Found(found) => found.spec.drivers.iter().any(|driver| driver.name == DRIVER),
        Seen::Absent => false,
        Seen::Hidden(hidden) => return Step::hidden("CSINode", hidden),
    };
    if knows {
        Step::holds("CSINode", format!("the kubelet of node {node} knows the driver"))
    } else {
        Step::fails(
            "CSINode",
            format!("the kubelet of node {node} does not know the driver"),
            format!(
                "Begin the driver's pod on this node anew; on a distribution with a kubelet root of its own, set the chart's node.kubeletRoot:\nkubectl delete pods -n {} -l app.kubernetes.io/component=csi --field-selector spec.nodeName={node}",
                facts.node_namespace
            ),
        )
    }
}

pub(super) fn is_ready(pod: &Pod) -> bool {
    let conditions = pod
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    conditions
        .into_iter()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// The last event of the pod that is about our volumes.
pub(super) fn events(facts: &Facts, pod_facts: &PodFacts) -> Step {
    let events = match &pod_facts.events {
        Seen::Found(events) => events.as_slice(),
        Seen::Absent => &[],
        Seen::Hidden(hidden) => return Step::hidden("events", hidden),
    };
    let spec = match &pod_facts.pod {
        Seen::Found(pod) => pod.spec.as_ref(),
        Seen::Absent | Seen::Hidden(_) => None,
    };
    let ours = events.iter().filter(|event| is_ours(event, spec));
    let Some(last) = ours.max_by_key(|event| time(event)) else {
        return Step::holds("events", "no event of the pod is about its volumes");
    };
    let reason = last.reason.as_deref().unwrap_or("Unknown");
    let message = last.message.as_deref().unwrap_or_default();
    let is_waiting = matches!(&pod_facts.pod, Seen::Found(pod) if phase(pod) == "Pending");
    let is_recent = reason != "FailedMount" && time(last).is_some_and(|at| facts.now - at < RECENT);
    if is_waiting || is_recent {
        Step::fails(
            "events",
            format!("{reason}: {message}"),
            format!(
                "Look the sentence up in docs/troubleshooting.md#the-node-driver, and the event with:\nkubectl describe pod {} -n {}",
                pod_facts.name, pod_facts.namespace
            ),
        )
    } else {
        Step::holds("events", format!("the last one is over: {reason}: {message}"))
    }
}

fn is_ours(event: &Event, spec: Option<&PodSpec>) -> bool {
    let component = event.reporting_component.as_deref();
    let source = event
        .source
        .as_ref()
        .and_then(|source| source.component.as_deref());
    if component == Some(DRIVER) || source == Some(DRIVER) {
        return true;
    }
    let message = event.message.as_deref().unwrap_or_default();
    let is_of_mount = event.reason.as_deref() == Some("FailedMount");
    let volumes = spec.iter().flat_map(|spec| spec.volumes.iter().flatten());
    let names = volumes.filter(|volume| volume.csi.as_ref().is_some_and(|csi| csi.driver == DRIVER));
    is_of_mount
        && (message.contains(DRIVER)
            || names
                .into_iter()
                .any(|volume| message.contains(&format!("\"{}\"", volume.name))))
}

/// When it was seen last, in seconds since 1970.
fn time(event: &Event) -> Option<i64> {
    let series = event
        .series
        .as_ref()
        .and_then(|series| series.last_observed_time.as_ref());
    let series = series.map(|time| time.0.as_second());
    let last = event.last_timestamp.as_ref().map(|time| time.0.as_second());
    let made = event.event_time.as_ref().map(|time| time.0.as_second());
    series.max(last).max(made)
}
