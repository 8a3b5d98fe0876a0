//! The command line's grammar.

mod about;
mod az_cloud;
mod cert;
mod check;
mod choice;
mod cluster;
mod completion;
mod config;
mod debug;
#[cfg(unix)]
mod dev;
mod glance;
mod help;
mod key;
mod life;
mod man;
mod names;
mod policy;
mod reference;
mod report;
mod resource_path;
mod screen;
mod secret;
mod selection;
mod time;
mod token;
mod vault;
mod version;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::{
    failure::Failure,
    output::{Form, Output, OutputArgument},
};
pub(crate) use az_cloud::AzCloud;
pub(crate) use cert::{
    CertArguments, CertCommand, CertImportArguments, CertPolicyCommand, CertPolicyFlags, CertVersion,
    ContactsCommand, DownloadArguments, IssuerCommand, IssuerFlags, MergeArguments, NewCertArguments,
    PendingCommand, RevokeArguments, WaitArguments,
};
pub(crate) use check::CheckArguments;
pub(crate) use cluster::ClusterFlags;
pub(crate) use completion::{CompletionArguments, CompletionShell};
pub(crate) use config::{ConfigArguments, ConfigCommand, ConfigKey, ScopeFlags};
pub(crate) use debug::{DebugArguments, DebugCommand, DebugPod, ObjectPlace};
#[cfg(unix)]
pub(crate) use dev::{
    DevArguments, DevCommand, DevOptions, FaultArguments, FaultOptions, FilesArguments, FilesOf,
    ReachOptions, RunningOptions, StayOptions, TimeArguments,
};
pub(crate) use glance::Glance;
pub(crate) use help::readable;
pub(crate) use key::{
    CipherArguments, CipherParts, DataArguments, DecipherArguments, ImportArguments, KeyArguments,
    KeyCommand, KeyVersion, NewKeyArguments, PolicyChange, SignArguments, SignedArguments, UnwrapArguments,
    VerifyArguments, WrapArguments,
};
pub(crate) use life::{LifeCommand, ListFilter, ListedKind};
pub(crate) use man::ManArguments;
pub(crate) use names::VaultPath;
pub(crate) use policy::{
    Asker, Check, ManifestFlags, PolicyCommand, PolicyDiff, PolicyShow, PolicySubcommand, PolicySuggest,
    WhoCan,
};
pub(crate) use reference::{
    FileArgument, NewReference, ReferenceCommand, ReferenceSubcommand, WorkloadKind, WorkloadPath,
};
pub(crate) use report::ReportArguments;
pub(crate) use resource_path::ResourcePath;
pub(crate) use screen::ScreenFlags;
pub(crate) use secret::{
    Alphabet, CopyArguments, ExportArguments, GeneratedValue, GetArguments, KubernetesKey, KubernetesSecret,
    SecretArguments, SecretCommand, SecretImportArguments, SetArguments, ValueFlags,
};
pub(crate) use selection::{DirectFlags, Selection};
pub(crate) use token::TokenArguments;
#[cfg(unix)]
pub(crate) use vault::VaultOpenArguments;
pub(crate) use vault::{
    VaultAcceptArguments, VaultArguments, VaultChangeArguments, VaultCommand, VaultCreateArguments,
    VaultListArguments, VaultStatusArguments,
};
pub(crate) use version::{CrdsArguments, VersionArguments};

/// Works with the vaults of a Kubernetes cluster.
#[derive(Debug, Parser)]
#[command(
    name = "strongroom",
    version,
    max_term_width = 100,
    about = "Works with the vaults of a Kubernetes cluster",
    after_long_help = "Also runs as `kubectl strongroom` when it lies in the PATH as kubectl-strongroom.\n\n\
                  Exit codes: 0 done, or yes; 1 refused, or no; 2 wrong arguments; 3 the Kubernetes API refused or \
                  cannot be reached; 4 the vault or the identity service cannot be reached; 5 the value cannot be \
                  read or written; 6 what was waited for did not come in time."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Arguments {
    /// The whole grammar, in which no command offers what it does not use.
    pub(crate) fn grammar() -> clap::Command {
        let mut grammar = Self::command();
        // Global arguments reach the subcommands only now.
        grammar.build();
        #[cfg(unix)]
        let grammar = grammar.mut_subcommand("dev", |dev| without(dev, &cluster::IDS));
        grammar
            .mut_subcommand("completion", |command| without(command, &cluster::IDS))
            .mut_subcommand("config", |command| without(command, &cluster::UNUSED_BY_CONFIG))
            .mut_subcommand("man", |command| without(command, &cluster::IDS))
    }
}

/// A command and all below it, whose help does not show these arguments.
fn without(command: clap::Command, hidden: &'static [&'static str]) -> clap::Command {
    command
        .mut_args(|argument| {
            let is_hidden = argument.is_global_set() && hidden.contains(&argument.get_id().as_str());
            argument.hide(is_hidden)
        })
        .mut_subcommands(|below| without(below, hidden))
}

/// What every command takes; named as in kubectl.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    #[command(flatten)]
    pub(crate) cluster: ClusterFlags,
    /// The vault's namespace; the context's namespace by default.
    #[arg(
        short,
        long,
        visible_alias = "vault-namespace",
        env = "STRONGROOM_NAMESPACE",
        hide_env_values = true,
        help_heading = "Cluster",
        global = true
    )]
    pub(crate) namespace: Option<String>,
    /// The namespace Strongroom is installed in.
    #[arg(
        long,
        default_value = "strongroom-system",
        help_heading = "Cluster",
        global = true,
        hide_short_help = true
    )]
    pub(crate) release_namespace: String,
    /// How to print: table, json, yaml, jsonpath=PATH, name, wide, and what some commands have beside. No value is printed but by
    /// `secret get`, `key decrypt`, `key unwrap` and `cert download`.
    #[arg(
        short,
        long,
        value_parser = OutputArgument::parse,
        value_name = "FORM",
        env = "STRONGROOM_OUTPUT",
        hide_env_values = true,
        help_heading = "Output",
        global = true
    )]
    pub(crate) output: Option<OutputArgument>,
    /// Says on standard error how the vault is reached.
    #[arg(short, long, help_heading = "Output", global = true)]
    pub(crate) verbose: bool,
    #[command(flatten)]
    pub(crate) screen: ScreenFlags,
}

impl Global {
    /// What to print.
    pub(crate) fn output(&self) -> Option<Output> {
        self.output.as_ref().and_then(|given| given.output)
    }

    /// The form of a document.
    pub(crate) fn form(&self) -> Form {
        let given = self.output.as_ref();
        given.map(|given| given.form.clone()).unwrap_or_default()
    }

    /// Whether documents, and errors with them, are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.output() == Some(Output::Json) && self.form() == Form::Json
    }

    /// Refuses a `vault` whose path names another namespace than the flag.
    pub(crate) fn check(&self, vault: &VaultPath) -> Result<(), Failure> {
        match &self.namespace {
            Some(given) if vault.contradicts(given) => Err(Failure::TwoNamespaces),
            Some(_) | None => Ok(()),
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Reads and writes secrets.
    Secret(SecretArguments),
    /// Makes keys, and has them sign, encrypt and wrap in their vault.
    Key(KeyArguments),
    /// Makes, imports, renews and downloads certificates.
    #[command(visible_alias = "certificate")]
    Cert(CertArguments),
    /// Asks what policy says.
    Policy(PolicyCommand),
    /// Writes and shows `SecretRef` objects, by which pods get objects of a vault as files.
    Ref(Box<ReferenceCommand>),
    /// Makes vaults, and says how they are.
    Vault(VaultArguments),
    /// Says whether a cluster has what Strongroom needs, and whether an installation works.
    ///
    /// Exits with 0 where nothing is wrong, with 1 where something is, and with 3 where the Kubernetes API refuses or cannot be
    /// reached. What cannot be known is marked with a question mark, and is not wrong.
    Check(CheckArguments),
    /// Walks from a pod to its secrets, and names the link that does not hold.
    Debug(DebugArguments),
    /// Writes what support needs to see of the installation, without a secret, into a new file.
    #[command(long_about = report::HELP)]
    Report(ReportArguments),
    /// Gets a token of a vault, into a new file or a pipe.
    #[command(long_about = token::HELP)]
    Token(Box<TokenArguments>),
    /// Runs a vault on this machine, without a cluster: for development and tests.
    #[cfg(unix)]
    #[command(long_about = dev::HELP)]
    Dev(Box<DevArguments>),
    /// Prints the file that lets Azure's command line, az, use the vaults of a namespace.
    #[command(long_about = az_cloud::HELP)]
    AzCloud(AzCloud),
    /// Prints the custom resource definitions of this release.
    Crds(CrdsArguments),
    /// Prints the releases of this program, of the installation, and of each vault.
    Version(VersionArguments),
    /// Sets the defaults of this program: the vault, and whom to act as.
    #[command(long_about = config::HELP, after_help = config::EXAMPLES)]
    Config(ConfigArguments),
    /// Prints the script by which a shell completes commands, flags, and names.
    #[command(long_about = completion::HELP, after_help = completion::EXAMPLES)]
    Completion(CompletionArguments),
    /// Writes the manual pages of every command.
    #[command(after_help = man::EXAMPLES)]
    Man(ManArguments),
}

#[cfg(test)]
mod tests {
    use strongroom_core::{Permission, PolicyCheck, VaultRef};

    use super::*;

    #[test]
    fn the_question_that_hints_and_mount_errors_print_can_be_pasted_back() {
        let printed = PolicyCheck {
            vault: VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap()),
            account: "shop:api.v2".parse().unwrap(),
            permission: Permission::SecretGet,
            object: Some("db-password".parse().unwrap()),
        };
        let line = format!("strongroom {printed}");
        let Command::Policy(command) = Arguments::try_parse_from(line.split(' ')).unwrap().command else {
            panic!("{line}")
        };
        let PolicySubcommand::Check(check) = command.command else {
            panic!("{line}")
        };
        let elsewhere = "elsewhere".parse().unwrap();
        let read = PolicyCheck {
            vault: check.vault.in_namespace(&elsewhere),
            account: check.asker.service_account.unwrap(),
            permission: check.permission,
            object: check.object,
        };
        assert_eq!(read, printed);
    }
}
