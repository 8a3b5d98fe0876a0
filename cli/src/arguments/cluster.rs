//! Which cluster, and as whom: the flags of kubectl.

use std::path::PathBuf;

use clap::Args;

/// What no command uses that asks no cluster, by the ids of the arguments.
pub(super) const IDS: [&str; 12] = [
    "kubeconfig",
    "context",
    "kube_cluster",
    "kube_user",
    "impersonate",
    "as_group",
    "as_uid",
    "request_timeout",
    "namespace",
    "release_namespace",
    "output",
    "verbose",
];

/// What `config` does not use, which reads the kubeconfig for the name of its context.
pub(super) const UNUSED_BY_CONFIG: [&str; 9] = [
    "kube_cluster",
    "kube_user",
    "impersonate",
    "as_group",
    "as_uid",
    "request_timeout",
    "namespace",
    "release_namespace",
    "verbose",
];

/// Which cluster, and as whom.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Cluster")]
pub(crate) struct ClusterFlags {
    /// The kubeconfig to use [default: KUBECONFIG, else ~/.kube/config].
    #[arg(long, value_name = "PATH", global = true)]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig to use.
    #[arg(long, global = true)]
    pub(crate) context: Option<String>,
    /// The cluster of the kubeconfig to use.
    #[arg(
        long = "cluster",
        id = "kube_cluster",
        value_name = "NAME",
        global = true,
        hide_short_help = true
    )]
    pub(crate) cluster: Option<String>,
    /// The user of the kubeconfig to use.
    #[arg(
        long = "user",
        id = "kube_user",
        value_name = "NAME",
        global = true,
        hide_short_help = true
    )]
    pub(crate) user: Option<String>,
    /// The user to impersonate at the Kubernetes API.
    #[arg(
        long = "as",
        id = "impersonate",
        value_name = "USER",
        global = true,
        hide_short_help = true
    )]
    pub(crate) impersonate: Option<String>,
    /// A group to impersonate at the Kubernetes API. May be repeated.
    #[arg(long, value_name = "GROUP", global = true, hide_short_help = true)]
    pub(crate) as_group: Vec<String>,
    /// The UID to impersonate at the Kubernetes API.
    #[arg(long, value_name = "UID", global = true, hide_short_help = true)]
    pub(crate) as_uid: Option<String>,
    /// How long one request to the Kubernetes API may take, such as 10s or 2m [default: as long as it takes].
    #[arg(long, value_name = "TIME", value_parser = super::time::duration, global = true, hide_short_help = true)]
    pub(crate) request_timeout: Option<std::time::Duration>,
}

impl ClusterFlags {
    /// Whether no flag names a cluster or a user of it.
    pub(crate) const fn names_none(&self) -> bool {
        self.kubeconfig.is_none() && self.context.is_none() && self.cluster.is_none() && self.user.is_none()
    }
}
