//! The command line of the binary `strongroom-identity`.

use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf};

use clap::Parser;
use strongroom_core::{FurtherDomain, ports};
use strongroom_serving::accept;

/// Exchanges service-account tokens for vault tokens.
#[derive(Debug, Clone, Parser)]
#[command(name = "strongroom-identity", version)]
pub struct Arguments {
    /// The installation's id, which is the tenant of its tokens.
    #[arg(
        long,
        env = "STRONGROOM_TENANT_ID",
        required_unless_present = "tenant_id_file"
    )]
    pub(crate) tenant_id: Option<String>,
    /// A file that holds the installation's id, as the key `id` of the mounted ConfigMap `strongroom-installation`.
    #[arg(long, conflicts_with = "tenant_id")]
    pub(crate) tenant_id_file: Option<PathBuf>,
    /// The namespace of the installation.
    #[arg(long, env = "POD_NAMESPACE", default_value = "strongroom-system")]
    pub(crate) release_namespace: String,
    /// The cluster's DNS domain.
    #[arg(long, default_value = "cluster.local")]
    pub(crate) cluster_domain: String,
    /// A domain under which the vaults of a namespace are reached too, and the resource that their clients ask for. May be
    /// repeated.
    #[arg(long = "further-domain", value_name = "DOMAIN=NAMESPACE")]
    pub(crate) further_domains: Vec<FurtherDomain>,
    /// A name under which this service is reached too. May be repeated.
    #[arg(long = "further-host", value_name = "HOST")]
    pub(crate) further_hosts: Vec<String>,
    /// The issuer of vault tokens. Default: `https://strongroom-identity.NAMESPACE.svc/TENANT/v2.0`
    #[arg(long)]
    pub(crate) issuer: Option<String>,
    /// An audience that a presented token may have.
    #[arg(long = "accepted-audience", default_values_t = [strongroom_wire::token::SERVICE_ACCOUNT_AUDIENCE.to_owned()])]
    pub(crate) accepted_audiences: Vec<String>,
    /// A further issuer of presented tokens, beside the one the API server names.
    #[arg(long = "service-account-issuer")]
    pub(crate) service_account_issuers: Vec<String>,
    /// The node driver's service account, whose token may stand as actor.
    #[arg(long, default_value = "system:serviceaccount:strongroom-node:strongroom-csi")]
    pub(crate) node_driver: String,
    /// The directory of tls.crt and tls.key.
    #[arg(long, default_value = "/etc/strongroom/tls")]
    pub(crate) tls_dir: PathBuf,
    /// The CA bundle that clients trust: the service checks that it is served under it.
    #[arg(long, default_value = "/etc/strongroom/trust/ca.crt")]
    pub(crate) trust_bundle: PathBuf,
    /// Where the token endpoint listens.
    #[arg(long, default_value_t = accept::everywhere(ports::IDENTITY))]
    pub(crate) listen: SocketAddr,
    /// Where /healthz, /readyz and /metrics listen.
    #[arg(long, default_value_t = accept::everywhere(ports::HEALTH))]
    pub(crate) health_listen: SocketAddr,
    /// How long, in seconds, everything is still served after SIGTERM.
    #[arg(long, default_value_t = 10)]
    pub(crate) drain_seconds: u64,
    /// Exchanges per second and source that are answered in the long run; ten times as many at once.
    #[arg(long, default_value = "50")]
    pub(crate) exchanges_per_second: NonZeroU32,
}
