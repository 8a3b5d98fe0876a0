//! Waiting for something with a deadline, and an error that says what was seen last.

mod rollout;

use std::{
    fmt::Debug,
    future::Future,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client, Resource, api::DynamicObject, core::NamespaceResourceScope};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

pub use rollout::{Progress, Workload, rollout};

/// How often the world is looked at.
const INTERVAL: Duration = Duration::from_millis(100);

/// How long each look may take, also the last.
const LEAST_LOOK: Duration = Duration::from_secs(30);

/// What a look at the world gives.
#[derive(Debug)]
pub enum Seen<T> {
    /// It is there.
    Ready(T),
    /// Not yet; what there is instead.
    NotYet(String),
}

/// Looks until something is there. A failing look counts as not yet: the API server of a test may be
/// away for a moment.
pub async fn until<T, F, Fut>(what: &str, deadline: Duration, look: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Seen<T>>>,
{
    until_with(what, deadline, LEAST_LOOK, look).await
}

async fn until_with<T, F, Fut>(what: &str, deadline: Duration, least_look: Duration, mut look: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Seen<T>>>,
{
    let start = Instant::now();
    loop {
        // A look that hangs fails too, with the same words.
        let left = deadline.saturating_sub(start.elapsed()).max(least_look);
        let last = match timeout(left, look()).await {
            Ok(Ok(Seen::Ready(found))) => return Ok(found),
            Ok(Ok(Seen::NotYet(state))) => state,
            Ok(Err(error)) => format!("{error:#}"),
            Err(_) => format!("a look at it had no answer within {} s", left.as_secs()),
        };
        if start.elapsed() >= deadline {
            bail!("{what}: not within {} s; last seen: {last}", deadline.as_secs());
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Waits until a pod is Ready.
pub async fn pod(client: &Client, namespace: &str, name: &str, deadline: Duration) -> Result<Pod> {
    let api = Api::<Pod>::namespaced(client.clone(), namespace);
    until(&format!("pod {namespace}/{name} is ready"), deadline, || async {
        let found = api.get(name).await?;
        let conditions = found
            .status
            .as_ref()
            .and_then(|status| status.conditions.as_ref());
        let ready =
            conditions.is_some_and(|all| all.iter().any(|one| one.type_ == "Ready" && one.status == "True"));
        let state = super::report::pod(&found);
        Ok(if ready {
            Seen::Ready(found)
        } else {
            Seen::NotYet(state)
        })
    })
    .await
}

/// Waits until an object is gone.
pub async fn deleted<K>(api: &Api<K>, name: &str, deadline: Duration) -> Result<()>
where
    K: Resource + Clone + DeserializeOwned + Debug,
{
    until(&format!("{name} is deleted"), deadline, || async {
        Ok(match api.get_opt(name).await? {
            None => Seen::Ready(()),
            Some(object) => Seen::NotYet(format!("finalizers {:?}", object.meta().finalizers)),
        })
    })
    .await
}

/// Waits until a condition of an object has a status; gives the condition's reason and message.
pub async fn condition<K>(
    client: &Client,
    namespace: &str,
    name: &str,
    wanted: (&str, &str),
    deadline: Duration,
) -> Result<(String, String)>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    let found = member::<K>(client, namespace, name, (wanted.0, "status", wanted.1), deadline).await?;
    Ok((text(&found, "reason"), text(&found, "message")))
}

/// Waits until a condition of an object has a reason; gives the condition's message.
pub async fn reason<K>(
    client: &Client,
    namespace: &str,
    name: &str,
    wanted: (&str, &str),
    deadline: Duration,
) -> Result<String>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    let found = member::<K>(client, namespace, name, (wanted.0, "reason", wanted.1), deadline).await?;
    Ok(text(&found, "message"))
}

/// Waits until a condition's member has a value; `wanted` is the condition's type, the member and the value.
async fn member<K>(
    client: &Client,
    namespace: &str,
    name: &str,
    wanted: (&str, &str, &str),
    deadline: Duration,
) -> Result<Value>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    let (kind, key, value) = wanted;
    let resource = kube::api::ApiResource::erase::<K>(&());
    let api = Api::<DynamicObject>::namespaced_with(client.clone(), namespace, &resource);
    until(
        &format!(
            "{} {namespace}/{name} has {kind} with {key} {value}",
            resource.kind
        ),
        deadline,
        || async {
            let object = api.get(name).await?;
            let conditions = object
                .data
                .pointer("/status/conditions")
                .and_then(|list| list.as_array());
            let conditions = conditions.context("it has no conditions yet")?;
            let found = conditions
                .iter()
                .find(|one| text(one, "type") == kind && text(one, key) == value);
            Ok(match found {
                Some(one) => Seen::Ready(one.clone()),
                None => Seen::NotYet(serde_json::to_string(conditions)?),
            })
        },
    )
    .await
}

fn text(condition: &Value, key: &str) -> String {
    let value = condition.get(key).and_then(Value::as_str);
    value.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_missed_deadline_says_what_was_seen_last() {
        let look = || async { Ok(Seen::<()>::NotYet("0 of 1 ready".to_owned())) };
        let error = until("the pod is ready", Duration::ZERO, look)
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("the pod is ready") && error.contains("0 of 1 ready"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_look_that_never_ends_misses_the_deadline_too() {
        let look = || std::future::pending::<Result<Seen<()>>>();
        let (deadline, least_look) = (Duration::from_millis(1), Duration::from_millis(10));
        let error = until_with("the pod is ready", deadline, least_look, look)
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("the pod is ready") && error.contains("no answer"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_failing_look_is_tried_again() {
        let mut looks = 0;
        let found = until("it is there", Duration::from_secs(5), || {
            looks += 1;
            let now = looks;
            async move {
                anyhow::ensure!(now >= 3, "away");
                Ok(Seen::Ready(now))
            }
        });
        assert_eq!(found.await.unwrap(), 3);
    }
}
