//! The command line. Every flag can be given in the environment, as a pod does.

use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use strongroom_core::{Domains, FurtherDomain, NamespaceName, VaultName, VaultRef, ports};
use strongroom_engine::VERSIONS;
use strongroom_serving::accept;

use crate::keys::release::authority::Authorities;

/// A key vault for a Kubernetes cluster, with the Azure Key Vault REST API.
#[derive(Debug, Parser)]
#[command(name = "strongroom-vault", version, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve one vault.
    Serve(Box<ServeArgs>),
    /// Look at an audit log.
    #[command(subcommand)]
    Audit(AuditCommand),
}

/// What can be done with an audit log.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Check that nothing was taken out of an audit log, moved or changed.
    ///
    /// Exits with 0 when the log is consistent, with 1 when it is not, naming the first bad record.
    Verify(VerifyArgs),
}

/// What to verify, and against what.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The directory of one replica's log.
    pub dir: PathBuf,
    /// The sequence number and hash (SEQUENCE:HEX) of a record known to be in the log, as the operator anchored it.
    /// Without one, a log whose end was cut off looks whole.
    #[arg(long, value_name = "SEQUENCE:HEX")]
    pub head: Option<String>,
}

/// When audit records reach the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuditSync {
    /// Within 100 ms: a power loss may lose the records of that window's reads.
    Batched,
    /// Before each answer.
    Always,
}

/// How to serve a vault.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The vault's name.
    #[arg(long, env = "STRONGROOM_VAULT_NAME")]
    pub vault_name: VaultName,
    /// The vault's namespace.
    #[arg(long, env = "STRONGROOM_NAMESPACE")]
    pub namespace: NamespaceName,
    /// The name of this replica, which its audit log is bound to.
    #[arg(long, env = "STRONGROOM_REPLICA", default_value = "0")]
    pub replica: String,
    /// The cluster's DNS domain.
    #[arg(long, env = "STRONGROOM_CLUSTER_DOMAIN", default_value = "cluster.local")]
    pub cluster_domain: String,
    /// A domain under which the vaults of a namespace are reached too: this one as `VAULT.DOMAIN`. May be repeated.
    #[arg(long = "further-domain", value_name = "DOMAIN=NAMESPACE")]
    pub further_domains: Vec<FurtherDomain>,
    /// Where tokens come from.
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// Where to listen.
    #[command(flatten)]
    pub listen: ListenArgs,
    /// Where things are kept.
    #[command(flatten)]
    pub storage: StorageArgs,
    /// What is kept of deleted objects, and how long policy holds.
    #[command(flatten)]
    pub rules: RuleArgs,
}

impl ServeArgs {
    /// The vault to serve.
    pub fn vault(&self) -> VaultRef {
        VaultRef::new(self.namespace.clone(), self.vault_name.clone())
    }

    /// Under which domains vaults are reached.
    pub fn domains(&self) -> Domains {
        Domains::of_cluster(&self.cluster_domain).with(self.further_domains.iter().cloned())
    }
}

/// Where tokens come from, and the name of the operator.
#[derive(Debug, Args)]
#[command(next_help_heading = "Identity")]
pub struct IdentityArgs {
    /// The installation's id (a GUID): the `tid` of tokens.
    #[arg(long, env = "STRONGROOM_TENANT_ID")]
    pub tenant_id: String,
    /// The exact issuer of vault tokens.
    #[arg(long, env = "STRONGROOM_ISSUER")]
    pub issuer: String,
    /// Where challenges send clients for a token, without the tenant (`https://strongroom-identity.NAMESPACE.svc`).
    #[arg(long, env = "STRONGROOM_IDENTITY_URL")]
    pub identity_url: String,
    /// The identity service's replicas, as a name that resolves to every one of them.
    #[arg(long, env = "STRONGROOM_IDENTITY_PEERS", value_name = "HOST:PORT")]
    pub identity_peers: String,
    /// The name that the identity service's certificate must have.
    #[arg(long, env = "STRONGROOM_IDENTITY_SERVER_NAME", value_name = "NAME")]
    pub identity_server_name: String,
    /// The authorities that sign the identity service's certificate (PEM).
    #[arg(long, env = "STRONGROOM_TRUST_BUNDLE", value_name = "FILE")]
    pub trust_bundle: PathBuf,
    /// The authority that signs the operator's client certificate (PEM).
    #[arg(long, env = "STRONGROOM_ADMIN_CA", value_name = "FILE")]
    pub admin_ca: PathBuf,
    /// The one URI that the operator's client certificate must have
    /// (`spiffe://strongroom.dev/INSTALLATION/operator`).
    #[arg(long, env = "STRONGROOM_ADMIN_CLIENT_URI", value_name = "URI")]
    pub admin_client_uri: String,
    /// Requests per second that one account may send.
    #[arg(
        long,
        env = "STRONGROOM_ACCOUNT_RATE",
        default_value = "20000",
        value_name = "N"
    )]
    pub account_rate: NonZeroU32,
}

/// Where to listen.
#[derive(Debug, Args)]
#[command(next_help_heading = "Listeners")]
pub struct ListenArgs {
    /// The data port: REST and Watch over HTTPS.
    #[arg(
        long,
        env = "STRONGROOM_LISTEN",
        default_value_t = accept::everywhere(ports::VAULT),
        value_name = "ADDRESS"
    )]
    pub listen: SocketAddr,
    /// The operator's port: mutual TLS.
    #[arg(
        long,
        env = "STRONGROOM_ADMIN_LISTEN",
        default_value_t = accept::everywhere(ports::VAULT_ADMIN),
        value_name = "ADDRESS"
    )]
    pub admin_listen: SocketAddr,
    /// Health and metrics: plain HTTP, no secrets.
    #[arg(
        long,
        env = "STRONGROOM_HEALTH_LISTEN",
        default_value_t = accept::everywhere(ports::HEALTH),
        value_name = "ADDRESS"
    )]
    pub health_listen: SocketAddr,
    /// The directory with the serving certificate, tls.crt and tls.key; read again when they change.
    #[arg(long, env = "STRONGROOM_TLS_DIR", value_name = "DIR")]
    pub tls_dir: PathBuf,
}

/// Where things are kept.
#[derive(Debug, Args)]
#[command(next_help_heading = "Storage")]
pub struct StorageArgs {
    /// The directory with the seal key: key (32 bytes) and id (text).
    #[arg(long, env = "STRONGROOM_SEAL_DIR", value_name = "DIR")]
    pub seal_dir: PathBuf,
    /// The directory of the store.
    #[arg(
        long,
        env = "STRONGROOM_DATA_DIR",
        default_value = "/var/lib/strongroom",
        value_name = "DIR"
    )]
    pub data_dir: PathBuf,
    /// Make a new vault where the store is missing. Without this, a missing store is an error: a vault that comes up
    /// empty because its volume did not come up would be taken for the real one.
    #[arg(long, env = "STRONGROOM_INITIALISE")]
    pub initialise: bool,
    /// Memory for the store's pages, in MiB.
    #[arg(long, env = "STRONGROOM_CACHE_MIB", default_value = "64", value_name = "MIB")]
    pub cache_mib: u32,
    /// The directory of the audit log [default: audit below the data directory].
    #[arg(long, env = "STRONGROOM_AUDIT_DIR", value_name = "DIR")]
    pub audit_dir: Option<PathBuf>,
    /// When audit records reach the disk.
    #[arg(long, env = "STRONGROOM_AUDIT_SYNC", value_enum, default_value = "batched")]
    pub audit_sync: AuditSync,
    /// How large the volume of the data directory is meant to be, in MiB: it may be a directory of a larger disk
    /// [default: what its file system says, and 4 GiB at most].
    #[arg(long, env = "STRONGROOM_VOLUME_MIB", value_name = "MIB")]
    pub volume_mib: Option<u64>,
    /// How much the audit log may hold, in MiB, but never more than half of its volume. When it is full the vault answers
    /// 503 [default: a quarter of the volume].
    #[arg(long, env = "STRONGROOM_AUDIT_QUOTA_MIB", value_name = "MIB")]
    pub audit_quota_mib: Option<u64>,
    /// How long records make room for no others, in seconds: an account that fills the log within that time gets 429.
    #[arg(
        long,
        env = "STRONGROOM_AUDIT_LEAST_AGE",
        default_value = "600",
        value_name = "SECONDS"
    )]
    pub audit_least_age: u64,
    /// How much of it may be kept, in MiB; older segments are removed [default: 11/16 of the quota].
    #[arg(long, env = "STRONGROOM_AUDIT_RETENTION_MIB", value_name = "MIB")]
    pub audit_retention_mib: Option<u64>,
    /// How long audit records are kept, in days.
    #[arg(
        long,
        env = "STRONGROOM_AUDIT_RETENTION_DAYS",
        default_value = "90",
        value_name = "DAYS"
    )]
    pub audit_retention_days: u32,
    /// How much the objects may take, in bytes as the store writes them, but never more than half of what the audit log and
    /// the store's reserve leave of the volume. A set that would take more is refused [default: that half].
    #[arg(long, env = "STRONGROOM_OBJECT_BYTES", value_name = "BYTES")]
    pub object_bytes: Option<u64>,
    /// How many versions one object may have. A backup holds 500 at most.
    #[arg(
        long,
        env = "STRONGROOM_VERSIONS_PER_OBJECT",
        default_value_t = VERSIONS,
        value_parser = clap::value_parser!(u32).range(1..),
        value_name = "N"
    )]
    pub versions_per_object: u32,
}

/// What is kept of deleted objects, and how long policy holds.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rules")]
pub struct RuleArgs {
    /// Days that a deleted object stays recoverable, 7 to 90. The vault keeps what its first start says, for life.
    #[arg(
        long,
        env = "STRONGROOM_RETENTION_DAYS",
        default_value = "90",
        value_name = "DAYS"
    )]
    pub retention_days: u8,
    /// Refuses purges before that time is over. Once a vault was started with it, it always does; a start that gives another
    /// number of days switches nothing on.
    #[arg(long, env = "STRONGROOM_PURGE_PROTECTION")]
    pub purge_protection: bool,
    /// Whose attestation of an environment counts, so that keys may be released to it: a JSON list of
    /// `{"url": URL, "keys": [JSON Web Keys]}`. None is ever fetched.
    #[arg(
        long,
        env = "STRONGROOM_ATTESTATION_AUTHORITIES",
        default_value = "[]",
        value_name = "JSON"
    )]
    pub attestation_authorities: Authorities,
    /// Seconds without the operator's confirmation after which policy is no longer enforced and everything is refused
    /// [default: the last policy holds].
    #[arg(long, env = "STRONGROOM_POLICY_MAX_STALENESS", value_name = "SECONDS")]
    pub policy_max_staleness: Option<u64>,
    /// Seconds after its start within which the operator compares the store with what it keeps of it. Until then, or until
    /// it has, the vault answers no data.
    #[arg(
        long,
        env = "STRONGROOM_COMPARED_WITHIN",
        default_value = "0",
        value_name = "SECONDS"
    )]
    pub compared_within: u8,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn names_are_checked_before_anything_starts() {
        let parse = |name: &str| {
            Cli::try_parse_from(["strongroom-vault", "serve", "--vault-name", name])
                .unwrap_err()
                .to_string()
        };
        assert!(
            parse("kubernetes").contains("cannot be named kubernetes"),
            "{}",
            parse("kubernetes")
        );
    }
}
