//! `strongroom config`.

use std::fmt;

use clap::{Args, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use strongroom_core::NamespaceName;

use super::names::{self, VaultPath};

/// What `strongroom config --help` says first.
pub(super) const HELP: &str = "\
Sets the defaults of this program: the vault, and whom to act as

The defaults are in ~/.config/strongroom/config.toml, or below XDG_CONFIG_HOME. Those of a context of the kubeconfig hold while it \
is the current one, and win over those for all contexts. A flag wins over its environment variable, and that over a default. A token \
is never in the file.";

/// What `strongroom config --help` ends with.
pub(super) const EXAMPLES: &str = "\
Examples:
  strongroom config set vault team-a/prod          for the current context
  strongroom config set output yaml --all-contexts
  strongroom config list";

const SET_EXAMPLES: &str = "\
Examples:
  strongroom config set vault team-a/prod
  strongroom config set account shop/api --context staging
  strongroom config set output yaml --all-contexts";

const GET_EXAMPLES: &str = "\
Examples:
  strongroom config get vault
  strongroom config get vault --context staging
  strongroom config get output --all-contexts";

const UNSET_EXAMPLES: &str = "\
Examples:
  strongroom config unset vault
  strongroom config unset account --context staging
  strongroom config unset output --all-contexts";

const LIST_EXAMPLES: &str = "\
Examples:
  strongroom config list
  strongroom config list --context staging
  strongroom config list -o json";

const PATH_EXAMPLES: &str = "\
Examples:
  strongroom config path
  cat \"$(strongroom config path)\"
  XDG_CONFIG_HOME=/etc/xdg strongroom config path";

#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    #[command(subcommand)]
    pub(crate) command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Sets a default. The current context has it then, unless a flag names another.
    #[command(after_help = SET_EXAMPLES)]
    Set {
        /// What it is a default of.
        key: ConfigKey,
        /// The value, as the flag takes it.
        value: String,
        #[command(flatten)]
        scope: ScopeFlags,
    },
    /// Prints a default. Exits with 1 where there is none.
    #[command(after_help = GET_EXAMPLES)]
    Get {
        /// What it is a default of.
        key: ConfigKey,
        #[command(flatten)]
        scope: ScopeFlags,
    },
    /// Takes a default away.
    #[command(after_help = UNSET_EXAMPLES)]
    Unset {
        /// What it is a default of.
        key: ConfigKey,
        #[command(flatten)]
        scope: ScopeFlags,
    },
    /// Lists what commands have as long as no flag says otherwise, and where each value comes from.
    #[command(after_help = LIST_EXAMPLES)]
    List,
    /// Prints the path of the file.
    #[command(after_help = PATH_EXAMPLES)]
    Path,
}

/// Whose default it is.
#[derive(Debug, Args)]
pub(crate) struct ScopeFlags {
    /// The default of every context that has none of its own.
    #[arg(long, conflicts_with = "context")]
    pub(crate) all_contexts: bool,
}

/// What there is a default of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ConfigKey {
    /// The vault: NAMESPACE/NAME, or NAME.
    Vault,
    /// The vault's namespace.
    Namespace,
    /// The service account to act as.
    Account,
    /// The namespace that Strongroom is installed in.
    ReleaseNamespace,
    /// How to print: table, wide, json, yaml or name.
    Output,
}

impl ConfigKey {
    /// Every one.
    pub(crate) const ALL: [Self; 5] = [
        Self::Vault,
        Self::Namespace,
        Self::Account,
        Self::ReleaseNamespace,
        Self::Output,
    ];

    /// As it is written.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Vault => "vault",
            Self::Namespace => "namespace",
            Self::Account => "account",
            Self::ReleaseNamespace => "release-namespace",
            Self::Output => "output",
        }
    }

    /// The id of the argument that it is a default of.
    pub(crate) const fn argument(self) -> &'static str {
        match self {
            Self::Vault => "vault",
            Self::Namespace => "namespace",
            Self::Account => "service_account",
            Self::ReleaseNamespace => "release_namespace",
            Self::Output => "output",
        }
    }

    /// The environment variable that wins over it, if there is one.
    pub(crate) const fn variable(self) -> Option<&'static str> {
        match self {
            Self::Vault => Some("STRONGROOM_VAULT"),
            Self::Namespace => Some("STRONGROOM_NAMESPACE"),
            Self::Account => Some("STRONGROOM_AS"),
            Self::ReleaseNamespace => None,
            Self::Output => Some("STRONGROOM_OUTPUT"),
        }
    }

    /// What there is where nobody says anything.
    pub(crate) const fn built_in(self) -> Option<&'static str> {
        match self {
            Self::ReleaseNamespace => Some("strongroom-system"),
            Self::Output => Some("table"),
            Self::Vault | Self::Namespace | Self::Account => None,
        }
    }

    /// Refuses a value that commands would refuse.
    pub(crate) fn check(self, value: &str) -> Result<(), String> {
        const OUTPUTS: [&str; 5] = ["table", "wide", "json", "yaml", "name"];
        match self {
            Self::Vault => value
                .parse::<VaultPath>()
                .map(drop)
                .map_err(|error| format!("{value:?} is no vault, NAMESPACE/NAME or NAME: {error}")),
            Self::Namespace | Self::ReleaseNamespace => value
                .parse::<NamespaceName>()
                .map(drop)
                .map_err(|error| format!("{value:?} is no namespace: {error}")),
            Self::Account => names::account(value).map(drop),
            Self::Output if OUTPUTS.contains(&value) => Ok(()),
            Self::Output => Err(format!("{value:?} is none of {}", OUTPUTS.join(", "))),
        }
    }
}

impl fmt::Display for ConfigKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_is_what_its_flag_takes() {
        for (key, good, bad) in [
            (ConfigKey::Vault, "team-a/prod", "team-a/prod/x"),
            (ConfigKey::Vault, "prod", "Prod"),
            (ConfigKey::Namespace, "team-a", "team a"),
            (ConfigKey::Account, "system:serviceaccount:shop:api", "api"),
            (ConfigKey::ReleaseNamespace, "strongroom-system", ""),
            (ConfigKey::Output, "yaml", "pem"),
        ] {
            assert_eq!(key.check(good), Ok(()));
            assert!(key.check(bad).is_err(), "{key} {bad}");
        }
    }

    #[test]
    fn keys_are_written_as_their_arguments_read_them() {
        for key in ConfigKey::ALL {
            let written = serde_json::to_string(&key).unwrap();
            assert_eq!(written, format!("\"{key}\""));
            assert_eq!(ConfigKey::from_str(key.name(), false), Ok(key));
        }
    }
}
