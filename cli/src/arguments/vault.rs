//! `strongroom vault`.

use std::{ffi::OsString, time::Duration};

use clap::{Args, Subcommand};
use strongroom_core::AccountName;
use strongroom_crds::quantity;

use super::{
    names::{self, VaultPath},
    time::duration,
};

const LIST_EXAMPLES: &str = "\
Examples:
  strongroom vault list
  strongroom vault list --all-namespaces -o wide
  strongroom vault list -n team-a -o name";

const STATUS_EXAMPLES: &str = "\
Examples:
  strongroom vault status team-a/prod
  strongroom vault status -n team-a
  strongroom vault status team-a/prod -o jsonpath='{.policy.generation}'";

const CREATE_EXAMPLES: &str = "\
Examples:
  strongroom vault create prod -n team-a > vault.yaml
  strongroom vault create prod -n team-a --apply
  strongroom vault create team-a/prod --storage 10Gi --storage-class fast --purge-protection --apply --timeout 10m";

const OPEN_EXAMPLES: &str = "\
Examples:
  strongroom vault open team-a/prod -- python app.py
  eval \"$(strongroom vault open team-a/prod --as-account shop/api)\"
  strongroom vault open team-a/prod --port 8443";

const PAUSE_EXAMPLES: &str = "\
Examples:
  strongroom vault pause team-a/prod
  strongroom vault pause prod -n team-a --timeout 10m
  strongroom vault resume team-a/prod";

const RESUME_EXAMPLES: &str = "\
Examples:
  strongroom vault resume team-a/prod
  strongroom vault resume prod -n team-a --timeout 10m
  strongroom vault status team-a/prod";

const ACCEPT_EXAMPLES: &str = "\
Examples:
  strongroom vault accept-rollback team-a/prod
  strongroom vault accept-rollback team-a/prod --generation 41
  strongroom vault status team-a/prod";

const EXAMPLES: &str = "\
Examples:
  strongroom vault create prod -n team-a --apply
  strongroom vault status team-a/prod
  strongroom vault open team-a/prod -- python app.py";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct VaultArguments {
    #[command(subcommand)]
    pub(crate) command: VaultCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum VaultCommand {
    /// Lists vaults, and what keeps those that are not ready.
    #[command(after_help = LIST_EXAMPLES)]
    List(VaultListArguments),
    /// Says how a vault is: its conditions as sentences, its policy, how full it is, and until when its certificate lasts.
    ///
    /// Exits with 0 where the vault is ready, and with 1 where it is not. What you have no right to look at is said to be not known.
    #[command(after_help = STATUS_EXAMPLES)]
    Status(VaultStatusArguments),
    /// Prints the manifest of a vault, or makes the vault.
    #[command(after_help = CREATE_EXAMPLES)]
    Create(VaultCreateArguments),
    /// Leads any program of this machine to a vault of the cluster.
    ///
    /// Listens on loopback, and forwards to the vault and to the identity service through the API server. A program is told by its
    /// environment where both are, whom to trust, and which token is its own; names are verified as in the cluster. With a program
    /// after `--`, the door ends with it, with its exit code. On a terminal it stays open until Ctrl-C. Where the output is read by
    /// something else, as by `eval`, it prints `export` lines and stays open behind them, for as long as the shell that called it
    /// runs.
    #[cfg(unix)]
    #[command(after_help = OPEN_EXAMPLES)]
    Open(VaultOpenArguments),
    /// Stops a vault: it answers nothing, and keeps its volume, its seal key and its address.
    ///
    /// Mounted files stay as they are; no pod mounts or reads anything new until the vault is resumed.
    #[command(after_help = PAUSE_EXAMPLES)]
    Pause(VaultChangeArguments),
    /// Starts a vault again that was paused.
    #[command(after_help = RESUME_EXAMPLES)]
    Resume(VaultChangeArguments),
    /// Accepts that a vault's store is older than the one that the operator has seen last.
    ///
    /// Without --generation it changes nothing: it says what was found and what would be lost. With the generation that it names,
    /// the vault serves that store.
    #[command(after_help = ACCEPT_EXAMPLES)]
    AcceptRollback(VaultAcceptArguments),
}

#[derive(Debug, Args)]
pub(crate) struct VaultListArguments {
    /// Lists the vaults of every namespace.
    #[arg(long, short = 'A')]
    pub(crate) all_namespaces: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VaultStatusArguments {
    /// The vault: NAMESPACE/NAME, or NAME in the namespace of the command. Without it: every vault of the namespace.
    #[arg(env = "STRONGROOM_VAULT", hide_env_values = true)]
    pub(crate) vault: Option<VaultPath>,
}

#[derive(Debug, Args)]
pub(crate) struct VaultCreateArguments {
    /// The vault: NAMESPACE/NAME, or NAME in the namespace of the command.
    #[arg(value_name = "NAME")]
    pub(crate) vault: VaultPath,
    /// How large the volume is, as 1Gi, which is the default. It can grow, and never shrink.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) storage: Option<String>,
    /// The `StorageClass` of the volume [default: that of the cluster]. It cannot be changed later.
    #[arg(long, value_name = "CLASS")]
    pub(crate) storage_class: Option<String>,
    /// For how many days deleted objects can be recovered, 7 to 90 [default: 90]. It cannot be changed later.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i32).range(7..=90))]
    pub(crate) retention_days: Option<i32>,
    /// Lets nobody purge a deleted object before that time is over. It cannot be switched off again.
    #[arg(long)]
    pub(crate) purge_protection: bool,
    /// Makes the vault in the cluster, and waits until it is ready.
    #[arg(long)]
    pub(crate) apply: bool,
    /// How long to wait.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5m", requires = "apply")]
    pub(crate) timeout: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct VaultOpenArguments {
    /// The vault: NAMESPACE/NAME, or NAME in the namespace of the command.
    #[arg(env = "STRONGROOM_VAULT", hide_env_values = true)]
    pub(crate) vault: VaultPath,
    /// The service account that programs are: NAMESPACE/NAME, NAMESPACE:NAME or `system:serviceaccount:NAMESPACE:NAME`. You need the
    /// right to create tokens of it. Default: `default` of the vault's namespace.
    #[arg(
        long,
        visible_aliases = ["as-account", "as-service-account"],
        env = "STRONGROOM_AS",
        hide_env_values = true,
        value_name = "ACCOUNT",
        value_parser = names::account
    )]
    pub(crate) service_account: Option<AccountName>,
    /// The port of loopback that leads to the vault, for clients that take no proxy [default: one that is free].
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,
    /// The program to run, and its arguments.
    #[arg(last = true, value_name = "PROGRAM")]
    pub(crate) program: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct VaultChangeArguments {
    /// The vault: NAMESPACE/NAME, or NAME in the namespace of the command.
    pub(crate) vault: VaultPath,
    /// How long to wait until it is so.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5m")]
    pub(crate) timeout: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct VaultAcceptArguments {
    /// The vault: NAMESPACE/NAME, or NAME in the namespace of the command.
    pub(crate) vault: VaultPath,
    /// The generation of the store to accept, as the command names it.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) generation: Option<u64>,
}

/// Reads the size of a volume, which the API server refuses below 32Mi.
fn size(text: &str) -> Result<String, String> {
    match quantity::whole(text) {
        Some(bytes) if bytes >= 32 << 20 => Ok(text.to_owned()),
        Some(_) | None => Err("a size is a quantity of at least 32Mi, such as 1Gi".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_one_that_the_api_server_takes() {
        for text in ["32Mi", "1Gi", "1.5Gi", "40000000"] {
            assert_eq!(size(text).as_deref(), Ok(text));
        }
        for text in ["31Mi", "1", "", "1GB", "-1Gi"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
