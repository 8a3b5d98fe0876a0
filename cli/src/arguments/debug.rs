//! `strongroom debug`.

use std::str::FromStr;

use clap::{Args, Subcommand};
use strongroom_core::{NamespaceName, ResourceName};

use super::names::VaultPath;

const POD_EXAMPLES: &str = "\
Examples:
  strongroom debug pod intern -n shop
  strongroom debug pod shop/intern -o json
  strongroom debug pod shop/worker --vault team-a/prod

Exit codes: 0 every link that could be looked at holds; 1 one does not.";

const VAULT_EXAMPLES: &str = "\
Examples:
  strongroom debug vault prod -n team-a
  strongroom debug vault team-a/prod -o json
  kubectl strongroom debug vault team-a/prod

Exit codes: 0 every link that could be looked at holds; 1 one does not.";

const REF_EXAMPLES: &str = "\
Examples:
  strongroom debug ref db -n shop
  strongroom debug ref shop/db -o json
  kubectl strongroom debug ref shop/db

Exit codes: 0 every link that could be looked at holds; 1 one does not.";

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  strongroom debug pod shop/intern
  strongroom debug ref shop/db
  strongroom debug vault team-a/prod")]
pub(crate) struct DebugArguments {
    #[command(subcommand)]
    pub(crate) command: DebugCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DebugCommand {
    /// Walks from a pod to the secrets that it mounts, and names the first link that does not hold.
    ///
    /// The command reads with your rights alone and changes nothing. ✓ a link holds; ✗ it does not; ? you may not look at
    /// it, and the line names the right. The last lines propose what mends the first ✗.
    #[command(after_help = POD_EXAMPLES)]
    Pod(DebugPod),
    /// Looks at a vault: its conditions, its pods, and the policies that it decides by.
    #[command(after_help = VAULT_EXAMPLES)]
    Vault {
        /// The vault: NAMESPACE/NAME, or NAME in the namespace of the command.
        #[arg(value_name = "VAULT")]
        vault: VaultPath,
    },
    /// Walks from a `SecretRef` to its secrets, for the service account that it names.
    #[command(after_help = REF_EXAMPLES)]
    Ref {
        /// The `SecretRef`: NAMESPACE/NAME, or NAME in the namespace of the command.
        #[arg(value_name = "SECRETREF")]
        reference: ObjectPlace,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DebugPod {
    /// The pod: NAMESPACE/NAME, or NAME in the namespace of the command.
    #[arg(value_name = "POD")]
    pub(crate) pod: ObjectPlace,
    /// A vault that the pod itself connects to, as with an SDK: NAMESPACE/NAME, or NAME in the pod's namespace. Also says
    /// whether the vault's network policy admits the pod.
    #[arg(long, value_name = "VAULT")]
    pub(crate) vault: Option<VaultPath>,
    /// The namespace of the node driver.
    #[arg(long, value_name = "NAMESPACE", default_value = "strongroom-node")]
    pub(crate) node_namespace: NamespaceName,
}

/// An object: `NAMESPACE/NAME`, or `NAME` in the namespace of the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ObjectPlace {
    pub(crate) namespace: Option<NamespaceName>,
    pub(crate) name: ResourceName,
}

impl FromStr for ObjectPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "an object is NAMESPACE/NAME, or NAME".to_owned();
        let (namespace, name) = match text.split_once('/') {
            Some((namespace, name)) => (Some(namespace.parse().map_err(|_| wrong())?), name),
            None => (None, text),
        };
        let name = name.parse().map_err(|_| wrong())?;
        Ok(Self { namespace, name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_named_with_its_namespace_or_without() {
        let place: ObjectPlace = "shop/intern-7c.x".parse().unwrap();
        assert_eq!(place.namespace.unwrap().as_str(), "shop");
        assert_eq!(place.name.as_str(), "intern-7c.x");
        assert_eq!("intern".parse::<ObjectPlace>().unwrap().namespace, None);
        for text in ["", "a/b/c", "/a", "a/", "Shop/a"] {
            assert!(text.parse::<ObjectPlace>().is_err(), "{text}");
        }
    }
}
