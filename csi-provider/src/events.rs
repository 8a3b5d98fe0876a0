//! Events on pods: what goes wrong after a volume is published has no other way to be seen.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use k8s_openapi::api::core::v1::ObjectReference;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use parking_lot::Mutex;
use strongroom_core::Uid;

use crate::pod::Pod;

/// The same event on the same pod is sent at most this often.
const INTERVAL: Duration = Duration::from_mins(5);
/// Pods and reasons that are remembered.
const REMEMBERED: usize = 2048;
/// The longest note that the API takes.
const MAX_NOTE: usize = 1024;

/// Sends events, seldom.
pub struct Events {
    recorder: Recorder,
    sent: Mutex<BTreeMap<(Uid, &'static str), Instant>>,
}

impl Events {
    /// Sends as `driver` on `node`, with the rights of `client`.
    pub fn new(client: kube::Client, driver: &str, node: &str) -> Self {
        let reporter = Reporter {
            controller: driver.to_owned(),
            instance: Some(node.to_owned()),
        };
        Self {
            recorder: Recorder::new(client, reporter),
            sent: Mutex::default(),
        }
    }

    /// Sends a warning, unless one of that reason was sent a short while ago; answers whether it does. Does not wait
    /// for it.
    pub fn warn(&self, pod: &Pod, reason: &'static str, note: String) -> bool {
        if !self.is_due(&pod.uid, reason, Instant::now()) {
            return false;
        }
        let (recorder, about) = (self.recorder.clone(), reference(pod));
        let event = Event {
            type_: EventType::Warning,
            reason: reason.to_owned(),
            note: Some(bounded(note)),
            action: "Refresh".to_owned(),
            secondary: None,
        };
        tokio::spawn(async move {
            if let Err(error) = recorder.publish(&event, &about).await {
                tracing::debug!(%error, "cannot send an event");
            }
        });
        true
    }

    fn is_due(&self, pod: &Uid, reason: &'static str, now: Instant) -> bool {
        let mut sent = self.sent.lock();
        sent.retain(|_, at| now.saturating_duration_since(*at) < INTERVAL);
        let key = (pod.clone(), reason);
        if sent.contains_key(&key) || sent.len() >= REMEMBERED {
            return false;
        }
        sent.insert(key, now);
        true
    }
}

fn reference(pod: &Pod) -> ObjectReference {
    ObjectReference {
        api_version: Some("v1".to_owned()),
        kind: Some("Pod".to_owned()),
        namespace: Some(pod.namespace.to_string()),
        name: Some(pod.name.to_string()),
        uid: Some(pod.uid.to_string()),
        ..ObjectReference::default()
    }
}

fn bounded(mut note: String) -> String {
    if note.len() > MAX_NOTE {
        note.truncate(note.floor_char_boundary(MAX_NOTE - 3));
        note.push_str("...");
    }
    note
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_that_is_too_long_is_cut_between_characters() {
        assert_eq!(bounded("short".into()), "short");
        let cut = bounded("ä".repeat(MAX_NOTE));
        assert!(cut.len() <= MAX_NOTE && cut.ends_with("ä..."));
    }
}
