//! `strongroom policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use strongroom_core::{AccountName, ObjectName, Permission};

use super::{
    names::{self, VaultPath},
    resource_path::ResourcePath,
};

#[derive(Debug, Args)]
pub(crate) struct PolicyCommand {
    #[command(subcommand)]
    pub(crate) command: PolicySubcommand,
}

const CHECK_EXAMPLES: &str = "\
Examples:
  # May the account read the secret?
  strongroom policy check --vault team-a/prod --service-account shop/api --permission secrets/get --object db
  # May the account of this pod?
  strongroom policy check --vault team-a/prod --pod shop/api-0 --permission secrets/get --object db
  # Would it, by the policies in these files?
  strongroom policy check -f deploy/ --vault team-a/prod --service-account shop/api --permission keys/sign";

const WHO_CAN_EXAMPLES: &str = "\
Examples:
  # Who may read the secret?
  strongroom policy who-can secrets/get db-password --vault team-a/prod
  # Who may sign with some key?
  strongroom policy who-can keys/sign --vault team-a/prod
  # Who might delete it, by the policies in these files?
  strongroom policy who-can secrets/delete db-password --vault team-a/prod -f deploy/";

const SHOW_EXAMPLES: &str = "\
Examples:
  # Everything that the account may do in one vault
  strongroom policy show --service-account shop/api --vault team-a/prod
  # The same in every vault of a namespace
  strongroom policy show --service-account shop/api -n team-a
  # By the policies in these files
  strongroom policy show --service-account shop/api -f deploy/ -R";

const DIFF_EXAMPLES: &str = "\
Examples:
  # What would change in the cluster?
  strongroom policy diff -f deploy/
  # The same where what is in no file is removed
  strongroom policy diff -f deploy/ -R --prune
  # In a pull request, without a cluster: exits with 1 if access widens
  strongroom policy diff --against main/deploy -f deploy/";

const SUGGEST_EXAMPLES: &str = "\
Examples:
  # The policy that a SecretRef of the cluster needs
  strongroom policy suggest --ref shop/db
  # The same of a file, before anything is applied
  strongroom policy suggest --ref shop/db -f deploy/
  # What a pod is refused
  strongroom policy suggest --denied shop/api-0";

#[derive(Debug, Subcommand)]
pub(crate) enum PolicySubcommand {
    /// Says whether a service account may do something with an object.
    ///
    /// Reads the `AccessPolicy` objects of the vault's namespace as you, and decides by them as the vault does: no policy, no
    /// access; a Deny wins over every Allow. It does not ask the vault, so beside the answer it says of each policy
    /// about the account whether the vault has confirmed it (ENFORCED); the answer holds once all have.
    ///
    /// Where you may not see whether the account exists, the answer is for the case that it does, and says so.
    #[command(after_help = CHECK_EXAMPLES)]
    Check(Check),
    /// Lists everybody who may do something.
    ///
    /// A row is what one policy does for one account; NAMESPACE/* stands for all accounts of a namespace that the policies about
    /// this do not name. A Deny is shown where it takes away what another policy allows. The decision is that of `policy check`.
    #[command(after_help = WHO_CAN_EXAMPLES)]
    WhoCan(WhoCan),
    /// Lists everything that a service account may do.
    ///
    /// A permission is given for an object where a row allows it and none denies it. The account need not exist.
    #[command(after_help = SHOW_EXAMPLES)]
    Show(PolicyShow),
    /// Says what access begins and ends if policies were applied. Exits with 1 if any begins.
    ///
    /// The policies of the files replace those of the same namespace and name in the cluster; the others stay, unless --prune says
    /// otherwise. What is compared is who may do what, not text: an Allow under a Deny is no access, and the end of a Deny is. Where it
    /// cannot be known, access is taken to begin: an account need not exist, a pattern need not match an object, and while the
    /// cluster has a policy that this release cannot read, every change is taken to widen access.
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(PolicyDiff),
    /// Prints the narrowest `AccessPolicy` by which a service account reads what a `SecretRef` names.
    ///
    /// It is for the vault's owner to review and apply. A Deny of the vault still wins over it.
    #[command(after_help = SUGGEST_EXAMPLES)]
    Suggest(PolicySuggest),
}

/// Files in the place of the cluster.
#[derive(Debug, Args)]
pub(crate) struct ManifestFlags {
    /// Reads the policies from a file, or from the YAML and JSON files of a directory, and asks no cluster; `-` is standard
    /// input. May be repeated. What names no namespace is in that of the vault.
    #[arg(long, short = 'f', value_name = "PATH")]
    pub(crate) filename: Vec<PathBuf>,
    /// With -f: reads the directories below, too.
    #[arg(long, short = 'R', requires = "filename")]
    pub(crate) recursive: bool,
}

impl ManifestFlags {
    /// Whether the cluster is asked.
    pub(crate) const fn is_empty(&self) -> bool {
        self.filename.is_empty()
    }
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The vault whose policies decide: NAMESPACE/NAME, or NAME in the namespace of the command.
    #[arg(long, env = "STRONGROOM_VAULT", hide_env_values = true, value_name = "VAULT")]
    pub(crate) vault: VaultPath,
    #[command(flatten)]
    pub(crate) asker: Asker,
    /// The permission, as `secrets/get`.
    #[arg(long, value_name = "KIND/NAME")]
    pub(crate) permission: Permission,
    /// The object. Without it: whether the permission is given for any object.
    #[arg(long)]
    pub(crate) object: Option<ObjectName>,
    #[command(flatten)]
    pub(crate) manifests: ManifestFlags,
}

/// Who asks.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Asker {
    /// The service account that asks: NAMESPACE/NAME, NAMESPACE:NAME or `system:serviceaccount:NAMESPACE:NAME`.
    #[arg(
        long,
        visible_aliases = ["account", "as-service-account"],
        value_name = "ACCOUNT",
        value_parser = names::account
    )]
    pub(crate) service_account: Option<AccountName>,
    /// The pod whose service account asks: NAMESPACE/NAME, or NAME in the namespace of the command.
    #[arg(long, value_name = "POD", conflicts_with = "filename")]
    pub(crate) pod: Option<ResourcePath>,
}

#[derive(Debug, Args)]
pub(crate) struct WhoCan {
    /// The permission, as `secrets/get`; `get` alone is `secrets/get`.
    #[arg(value_parser = names::permission)]
    pub(crate) permission: Permission,
    /// The object. Without it: who has the permission for any object.
    pub(crate) object: Option<ObjectName>,
    /// The vault whose policies decide: NAMESPACE/NAME, or NAME in the namespace of the command.
    #[arg(long, env = "STRONGROOM_VAULT", hide_env_values = true, value_name = "VAULT")]
    pub(crate) vault: VaultPath,
    #[command(flatten)]
    pub(crate) manifests: ManifestFlags,
}

#[derive(Debug, Args)]
pub(crate) struct PolicyShow {
    /// The service account: NAMESPACE/NAME, NAMESPACE:NAME or `system:serviceaccount:NAMESPACE:NAME`.
    #[arg(
        long,
        visible_aliases = ["account", "as-service-account"],
        value_name = "ACCOUNT",
        value_parser = names::account
    )]
    pub(crate) service_account: AccountName,
    /// The vault: NAMESPACE/NAME, or NAME in the namespace of the command. Without it: every vault of that namespace.
    #[arg(long, env = "STRONGROOM_VAULT", hide_env_values = true, value_name = "VAULT")]
    pub(crate) vault: Option<VaultPath>,
    #[command(flatten)]
    pub(crate) manifests: ManifestFlags,
}

#[derive(Debug, Args)]
pub(crate) struct PolicyDiff {
    /// A file with policies as they are to be, or a directory of YAML and JSON files; `-` is standard input. May be repeated. What
    /// names no namespace is in that of the command.
    #[arg(long, short = 'f', value_name = "PATH", required = true)]
    pub(crate) filename: Vec<PathBuf>,
    /// Reads the directories below, too.
    #[arg(long, short = 'R')]
    pub(crate) recursive: bool,
    /// The policies as they are, from a file or a directory in the place of the cluster. These are all that there are, and those
    /// of -f all that there will be. May be repeated.
    #[arg(long, value_name = "PATH", conflicts_with = "prune")]
    pub(crate) against: Vec<PathBuf>,
    /// Takes the policies that no file holds for removed, in the namespaces of which the files hold a Vault or a policy.
    #[arg(long)]
    pub(crate) prune: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PolicySuggest {
    #[command(flatten)]
    pub(crate) wanted: Wanted,
    #[command(flatten)]
    pub(crate) manifests: ManifestFlags,
}

/// What is to be readable.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Wanted {
    /// The `SecretRef` whose objects its service account is to read: NAMESPACE/NAME, or NAME in the namespace of the command.
    #[arg(long = "ref", value_name = "SECRETREF")]
    pub(crate) reference: Option<ResourcePath>,
    /// The pod whose service account is refused what its volumes name: NAMESPACE/NAME, or NAME in the namespace of the command. What
    /// is refused is what the conditions of the `SecretRef` say; of an account that they are not about, everything is.
    #[arg(long, value_name = "POD", conflicts_with = "filename")]
    pub(crate) denied: Option<ResourcePath>,
}
