//! The cluster that a test runs on, and a namespace of the test's own on it.
//!
//! The cluster is the one that `KUBECONFIG` names, or the running local one. A test that needs the
//! node itself asks for [`Cluster::local`] and says clearly that it cannot run elsewhere.

pub mod namespace;

use std::{env, future::Future, panic::AssertUnwindSafe, path::Path};

use anyhow::{Context, Result, bail};
use futures::FutureExt;
use kube::{Client, Config, config::KubeConfigOptions};

use crate::{
    cluster,
    local::{Layout, layout::DEFAULT_NAME, record::Record},
};

pub use namespace::TestNamespace;

/// A cluster to test on.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    local: Option<Local>,
}

/// The local cluster's files and record.
#[derive(Debug, Clone)]
pub struct Local {
    /// Where its files lie.
    pub layout: Layout,
    /// What was started.
    pub record: Record,
}

impl Cluster {
    /// Connects to the cluster of `KUBECONFIG`, or to the running local one (its name is
    /// `$STRONGROOM_CLUSTER`, or `strongroom`).
    pub async fn connect() -> Result<Self> {
        if let Some(file) = env::var_os("KUBECONFIG").filter(|file| !file.is_empty()) {
            let local = local_of(Path::new(&file))?;
            let config = Config::from_kubeconfig(&KubeConfigOptions::default())
                .await
                .context("cannot use KUBECONFIG")?;
            return Ok(Self {
                client: Client::try_from(config)?,
                local,
            });
        }
        let name = env::var("STRONGROOM_CLUSTER").unwrap_or_else(|_| DEFAULT_NAME.to_owned());
        Self::connect_local(&Layout::from_env(&name)?).await
    }

    /// Connects to a local cluster.
    pub async fn connect_local(layout: &Layout) -> Result<Self> {
        let Some(record) = Record::load(layout)? else {
            bail!("there is no cluster: set KUBECONFIG, or start one with `harness up`");
        };
        let client = cluster::client(&layout.kubeconfig()).await?;
        Ok(Self {
            client,
            local: Some(Local {
                layout: layout.clone(),
                record,
            }),
        })
    }

    /// A client of the cluster's API server.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// The local cluster's record, for tests that reach into a node.
    pub fn local(&self) -> Result<&Local> {
        self.local
            .as_ref()
            .context("this test needs the node itself: run it on the cluster of `harness up`")
    }
}

/// Runs a test to its end and turns its panic into an error, so that the test's objects are removed after a panic too.
///
/// # Errors
/// The test's own error, or that it panicked; the panic's message is printed by then.
pub async fn catch_panic<T>(test: impl Future<Output = Result<T>>) -> Result<T> {
    match AssertUnwindSafe(test).catch_unwind().await {
        Ok(outcome) => outcome,
        Err(_) => bail!("the test panicked"),
    }
}

/// A KUBECONFIG that names a local cluster's own file is that local cluster.
fn local_of(file: &Path) -> Result<Option<Local>> {
    let Some((dir, name)) = file
        .parent()
        .and_then(|dir| Some((dir.parent()?, dir.file_name()?.to_str()?)))
    else {
        return Ok(None);
    };
    let Ok(layout) = Layout::new(name, dir) else {
        return Ok(None);
    };
    if layout.kubeconfig() != file {
        return Ok(None);
    }
    Ok(Record::load(&layout)?.map(|record| Local { layout, record }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_and_an_outcome_stays_what_it_is() {
        let panics = catch_panic(async {
            assert_eq!(env::args().count(), 0, "as a failed assertion does");
            Ok(())
        });
        assert!(panics.await.is_err());
        assert_eq!(catch_panic(async { Ok(7) }).await.unwrap(), 7);
    }
}
