//! The startup check: whether the custom resource definitions in the cluster are those this operator was built with.

use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Api, Client, ResourceExt};
use strongroom_crds::ApiError;

/// How often they are looked at while they are older.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Why the operator cannot work with the definitions in the cluster.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    /// Some are missing, or older than this operator.
    #[error(
        "the custom resource definitions {names} are missing or older than this operator; install those of this release: kubectl apply --server-side --force-conflicts -f charts/strongroom/crds/"
    )]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Older { names: String },
    /// They could not be read.
    #[error("cannot read the definition {name}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Read { name: String, source: ApiError },
}

/// Waits until all three exist and are current, and logs meanwhile what to do. The operator needs no restart after it.
pub async fn current(client: &Client) -> Result<(), DefinitionError> {
    loop {
        match check(client).await {
            Err(error @ DefinitionError::Older { .. }) => tracing::error!("{error}"),
            other => return other,
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Checks all three.
async fn check(client: &Client) -> Result<(), DefinitionError> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let mut older = Vec::new();
    for definition in strongroom_crds::all() {
        let name = definition.name_any();
        let found = api.get_opt(&name).await.map_err(|source| DefinitionError::Read {
            name: name.clone(),
            source: source.into(),
        })?;
        if found.is_none_or(|found| strongroom_crds::is_older(&found)) {
            older.push(name);
        }
    }
    if older.is_empty() {
        Ok(())
    } else {
        Err(DefinitionError::Older {
            names: older.join(", "),
        })
    }
}
