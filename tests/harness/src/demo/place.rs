//! Where the demo runs: on a cluster of its own, or on the one that `KUBECONFIG` names.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::Result;

use crate::{
    local::{self, Layout, Options, record::Record},
    tools::Store,
    workspace,
};

/// What to do about images on a cluster that is not the harness' own.
pub const FOREIGN_IMAGES: &str = "\
==> KUBECONFIG names a cluster that the harness did not start: its nodes need these images.
      cargo run --profile ci -p strongroom-harness --bin harness -- images --base --output /tmp/images
      for image in /tmp/images/*.tar; do kind load image-archive $image; done   # or, on each node: ctr -n k8s.io images import FILE";

/// The name of the demo's own cluster.
const NAME: &str = "demo";

/// Where the demo runs.
#[derive(Debug, Clone)]
pub enum Place {
    /// A cluster that is started for it.
    Own(Layout),
    /// A cluster of somebody's.
    Given(PathBuf),
}

impl Place {
    /// The cluster that `KUBECONFIG` names, else one of the demo's own.
    pub fn from_env() -> Result<Self> {
        let own = Layout::from_env(NAME)?;
        Ok(
            match env::var_os("KUBECONFIG")
                .filter(|path| !path.is_empty())
                .map(PathBuf::from)
            {
                Some(given) if given != own.kubeconfig() => Self::Given(given),
                _ => Self::Own(own),
            },
        )
    }

    /// Starts the cluster, if it is the demo's to start.
    pub async fn up(&self, store: &Store) -> Result<()> {
        if let Self::Own(layout) = self {
            // The pace of a real cluster: what is quick here is quick by push.
            let options = Options {
                sync_frequency: "1m".to_owned(),
                ..Options::default()
            };
            local::up::up(layout, &options, store).await?;
        }
        Ok(())
    }

    /// The cluster's kubeconfig.
    pub fn kubeconfig(&self) -> PathBuf {
        match self {
            Self::Own(layout) => layout.kubeconfig(),
            Self::Given(path) => path.clone(),
        }
    }

    /// The record of the cluster, if the harness started it: then images can be loaded into it.
    pub fn record(&self) -> Result<Option<Record>> {
        let kubeconfig = self.kubeconfig();
        match Layout::all()?
            .into_iter()
            .find(|layout| layout.kubeconfig() == kubeconfig)
        {
            Some(layout) => Record::load(&layout),
            None => Ok(None),
        }
    }
}

/// The directories with the programs that the demo uses, for `PATH`.
pub fn programs() -> String {
    let built = workspace::program("strongroom").ok();
    let beside = built
        .as_deref()
        .and_then(Path::parent)
        .map(|dir| dir.display().to_string());
    let tools = Store::from_env()
        .ok()
        .map(|store| store.links().display().to_string());
    beside.into_iter().chain(tools).collect::<Vec<_>>().join(":")
}
