//! The reasons that conditions and events give for the state of a scenario's objects.

use anyhow::Result;
use k8s_openapi::api::core::v1::Event;
use kube::{Api, Resource, api::ListParams, core::NamespaceResourceScope};

use super::{PATIENCE, Scenario};
use strongroom_harness::cluster::wait;

impl Scenario {
    /// Waits until `Ready` of an object has a reason, and until an event says the same; gives the condition's sentence.
    pub async fn says<K>(&self, namespace: &str, name: &str, reason: &str) -> Result<String>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        let message = wait::reason::<K>(&self.client(), namespace, name, ("Ready", reason), PATIENCE).await?;
        self.event(namespace, (&K::kind(&()), name), reason).await?;
        Ok(message)
    }

    /// Waits for an event about an object (kind and name) with a reason; gives its sentence.
    pub async fn event(&self, namespace: &str, about: (&str, &str), reason: &str) -> Result<String> {
        let events: Api<Event> = Api::namespaced(self.client(), namespace);
        let (kind, name) = about;
        let these = format!("involvedObject.kind={kind},involvedObject.name={name}");
        wait::until(
            &format!("an event {reason} on {kind} {name}"),
            PATIENCE,
            || async {
                let found = events.list(&ListParams::default().fields(&these)).await?.items;
                let said: Vec<_> = found
                    .into_iter()
                    .map(|event| {
                        (
                            event.reason.unwrap_or_default(),
                            event.message.unwrap_or_default(),
                        )
                    })
                    .collect();
                let found = said.iter().find(|(word, _)| word == reason);
                Ok(match found {
                    Some((_, sentence)) => wait::Seen::Ready(sentence.clone()),
                    None => wait::Seen::NotYet(format!("{said:?}")),
                })
            },
        )
        .await
    }
}
