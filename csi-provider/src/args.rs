//! The command line.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::Parser;
use strongroom_core::{NamespaceName, ports};
use strongroom_serving::accept;

use crate::driver::NAME;

/// The node driver of Strongroom: fills inline volumes from vaults and keeps them current.
#[derive(Debug, Clone, Parser)]
#[command(name = "strongroom-csi", version)]
pub struct Args {
    /// The kubelet's root directory, mounted at the same path with bidirectional propagation.
    #[arg(long, env = "KUBELET_ROOT", default_value = "/var/lib/kubelet")]
    pub kubelet_root: PathBuf,
    /// The socket of the CSI services, as the kubelet sees it. Default: plugins/csi.strongroom.dev/csi.sock below the
    /// kubelet's root.
    #[arg(long)]
    pub endpoint: Option<PathBuf>,
    /// The directory in which the kubelet looks for plugins. Default: the one below the kubelet's
    /// root.
    #[arg(long)]
    pub registration_dir: Option<PathBuf>,
    /// Leaves registration to the node-driver-registrar sidecar.
    #[arg(long)]
    pub no_registration: bool,
    /// The directory of the state that outlives a restart, a tmpfs that is made there. Default:
    /// plugins/csi.strongroom.dev/state below the kubelet's root.
    #[arg(long)]
    pub state_dir: Option<PathBuf>,
    /// Keeps no state: after a restart volumes follow changes only from the kubelet's next call on, up to 90 s later.
    #[arg(long)]
    pub no_state: bool,
    /// The node's name.
    #[arg(long, env = "NODE_NAME")]
    pub node_name: String,
    /// The namespace of the identity service.
    #[arg(long, env = "RELEASE_NAMESPACE", default_value = "strongroom-system")]
    pub release_namespace: NamespaceName,
    /// The installation's id.
    #[arg(long, env = "TENANT_ID", required_unless_present = "tenant_id_file")]
    pub tenant_id: Option<String>,
    /// A file with the installation's id. Waited for until it is there.
    #[arg(long, conflicts_with = "tenant_id")]
    pub tenant_id_file: Option<PathBuf>,
    /// The certificates that the identity service and vaults are verified with, PEM. Waited for until it is there.
    #[arg(long, default_value = "/etc/strongroom/trust/ca.crt")]
    pub trust_bundle: PathBuf,
    /// The node driver's own service-account token, of audience strongroom.dev.
    #[arg(long, default_value = "/var/run/secrets/strongroom.dev/token")]
    pub actor_token: PathBuf,
    /// How long a first mount is held while a vault is not there yet, in seconds.
    #[arg(long, default_value = "30", value_parser = clap::value_parser!(u64).range(1..=100))]
    pub patience: u64,
    /// Where health and metrics are served.
    #[arg(long, default_value_t = accept::everywhere(ports::HEALTH))]
    pub health: SocketAddr,
    /// The memory that the kernel lets the process use, in bytes: a quarter of it is for the files of volumes.
    #[arg(long, env = "MEMORY_LIMIT", default_value = "134217728")]
    pub memory_limit: usize,
    /// What is logged, as a filter of tracing.
    #[arg(long, env = "LOG", default_value = "info")]
    pub log: String,
}

impl Args {
    /// The node driver's own directory.
    pub fn plugin_directory(&self) -> PathBuf {
        self.kubelet_root.join("plugins").join(NAME)
    }

    /// Where the node driver mounts volumes for itself.
    pub fn volumes(&self) -> PathBuf {
        self.plugin_directory().join("volumes")
    }

    /// The socket of the CSI services.
    pub fn endpoint(&self) -> PathBuf {
        self.endpoint
            .clone()
            .unwrap_or_else(|| self.plugin_directory().join("csi.sock"))
    }

    /// The socket that the kubelet finds the node driver by: the name that the sidecar gives it.
    pub fn registration(&self) -> Option<PathBuf> {
        let directory = self
            .registration_dir
            .clone()
            .unwrap_or_else(|| self.kubelet_root.join("plugins_registry"));
        (!self.no_registration).then(|| directory.join(format!("{NAME}-reg.sock")))
    }

    /// The socket where a node driver that is replaced gives its registration to its successor.
    pub fn handover(&self) -> PathBuf {
        self.plugin_directory().join("handover.sock")
    }

    /// Where state is kept.
    pub fn state(&self) -> Option<PathBuf> {
        let directory = self
            .state_dir
            .clone()
            .unwrap_or_else(|| self.plugin_directory().join("state"));
        (!self.no_state).then_some(directory)
    }

    /// How long a first mount is held.
    pub const fn patience(&self) -> Duration {
        Duration::from_secs(self.patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paths_follow_the_kubelets_root() {
        let args = Args::try_parse_from([
            "x",
            "--node-name",
            "n",
            "--tenant-id",
            "t",
            "--kubelet-root",
            "/k",
        ])
        .unwrap();
        assert_eq!(
            args.endpoint().to_str(),
            Some("/k/plugins/csi.strongroom.dev/csi.sock")
        );
        assert_eq!(
            args.registration().unwrap().to_str(),
            Some("/k/plugins_registry/csi.strongroom.dev-reg.sock")
        );
        assert_eq!(
            args.state().unwrap().to_str(),
            Some("/k/plugins/csi.strongroom.dev/state")
        );
    }

    #[test]
    fn what_is_turned_off_is_off_and_the_installation_must_be_named() {
        let base = ["x", "--node-name", "n"];
        assert!(Args::try_parse_from(base).is_err());
        let off = ["--tenant-id-file", "/t", "--no-state", "--no-registration"];
        let args = Args::try_parse_from(base.into_iter().chain(off)).unwrap();
        assert_eq!((args.state(), args.registration()), (None, None));
    }
}
