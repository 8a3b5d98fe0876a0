//! A namespace per test: a name of its own, removed at the end, reported when the test fails.

use std::{env, future::Future, time::Duration};

use anyhow::{Context, Result};
use futures::future::try_join_all;
use k8s_openapi::api::core::v1::{Namespace, PersistentVolumeClaim, Pod, ServiceAccount};
use kube::{
    Api, Client,
    api::{DeleteParams, ListParams, ObjectMeta, PostParams},
};

use super::{Cluster, catch_panic};
use crate::cluster::{
    report,
    wait::{self, Seen},
};

/// How long a namespace may take to be usable, and to be gone.
const DEADLINE: Duration = Duration::from_mins(2);

/// A namespace of one test.
#[derive(Clone)]
pub struct TestNamespace {
    /// Its name, which begins with the test's prefix.
    pub name: String,
    client: Client,
}

impl Cluster {
    /// Makes a namespace with a name of its own that begins with `prefix`.
    pub async fn namespace(&self, prefix: &str) -> Result<TestNamespace> {
        self.labelled_namespace(prefix, &[]).await
    }

    /// Makes a namespace of exactly this name, once an earlier one of the name is gone.
    pub async fn exact_namespace(&self, name: &str) -> Result<TestNamespace> {
        wait::deleted(&Api::<Namespace>::all(self.client()), name, DEADLINE).await?;
        self.make(name.to_owned(), name, &[]).await
    }

    /// Makes a namespace with labels, for example of Pod Security.
    pub async fn labelled_namespace(&self, prefix: &str, labels: &[(&str, &str)]) -> Result<TestNamespace> {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let name = format!("{prefix}-{}", id.get(..8).unwrap_or(&id));
        self.make(name, prefix, labels).await
    }

    async fn make(&self, name: String, test: &str, labels: &[(&str, &str)]) -> Result<TestNamespace> {
        let mut all: std::collections::BTreeMap<_, _> = labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        all.insert("strongroom.dev/test".to_owned(), test.to_owned());
        let metadata = ObjectMeta {
            name: Some(name.clone()),
            labels: Some(all),
            ..ObjectMeta::default()
        };
        let api = Api::<Namespace>::all(self.client());
        let namespace = Namespace {
            metadata,
            ..Namespace::default()
        };
        api.create(&PostParams::default(), &namespace)
            .await
            .with_context(|| format!("cannot make namespace {name}"))?;
        let made = TestNamespace {
            name,
            client: self.client(),
        };
        made.usable().await?;
        Ok(made)
    }

    /// Runs a test in a namespace of its own, and removes the namespace after it, also when the test fails or panics.
    pub async fn in_namespace<F, Fut, T>(&self, prefix: &str, test: F) -> Result<T>
    where
        F: FnOnce(TestNamespace) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let namespace = self.namespace(prefix).await?;
        let outcome = catch_panic(Box::pin(test(namespace.clone()))).await;
        end(&[&namespace], outcome).await
    }
}

/// Removes a test's namespaces and waits until they are gone, so that the next test sees nothing of this one. Those of a
/// failed test are reported, and stay for a look with `STRONGROOM_KEEP=1`.
///
/// # Errors
/// The test's own error, else the error of the removal.
pub async fn end<T>(namespaces: &[&TestNamespace], outcome: Result<T>) -> Result<T> {
    if outcome.is_err() {
        for namespace in namespaces {
            eprintln!("{}", report::namespace(&namespace.client, &namespace.name).await);
        }
        if env::var_os("STRONGROOM_KEEP").is_some() {
            return outcome;
        }
    }
    let removed = try_join_all(namespaces.iter().map(|namespace| namespace.remove())).await;
    match (outcome, removed) {
        (Ok(_), Err(error)) => Err(error),
        (outcome, _) => outcome,
    }
}

impl TestNamespace {
    /// A pod made before the default service account exists is refused.
    async fn usable(&self) -> Result<()> {
        let accounts = Api::<ServiceAccount>::namespaced(self.client.clone(), &self.name);
        let what = format!("namespace {} has its default service account", self.name);
        wait::until(&what, DEADLINE, || async {
            Ok(match accounts.get_opt("default").await? {
                Some(_) => Seen::Ready(()),
                None => Seen::NotYet("none".to_owned()),
            })
        })
        .await
    }

    /// Removes the namespace and waits until it is gone with everything in it.
    pub async fn remove(&self) -> Result<()> {
        let namespaces = Api::<Namespace>::all(self.client.clone());
        match namespaces.delete(&self.name, &DeleteParams::default()).await {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.code == 404 => return Ok(()),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot remove namespace {}", self.name));
            }
        }
        // Kubernetes first looks after five seconds. If there are pods then, it waits for half of their grace period, not
        // for them; and another five seconds if there is a claim, which goes after its pod.
        let (soon, all) = (DeleteParams::default().grace_period(1), ListParams::default());
        let pods = Api::<Pod>::namespaced(self.client.clone(), &self.name);
        pods.delete_collection(&soon, &all).await?;
        let claims = Api::<PersistentVolumeClaim>::namespaced(self.client.clone(), &self.name);
        claims.delete_collection(&DeleteParams::default(), &all).await?;
        wait::deleted(&namespaces, &self.name, DEADLINE).await
    }
}
