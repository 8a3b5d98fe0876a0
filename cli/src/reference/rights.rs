//! What each command needs: rights in the cluster, and permissions of policy.

use std::fmt::{self, Write as _};

/// Rights in the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClusterRights {
    /// Nothing is asked of a cluster.
    Nothing,
    /// To open a vault as a service account.
    Vault,
    /// To read the policies of a vault.
    Policies,
    /// To write and show SecretRefs.
    References,
    /// To make vaults, and to say how vaults and installations are.
    Installation,
    /// To look at what the caller may look at.
    Glance,
    /// The kubeconfig is read where no flag names the namespace.
    Kubeconfig,
}

impl ClusterRights {
    const ALL: [Self; 7] = [
        Self::Vault,
        Self::Policies,
        Self::References,
        Self::Installation,
        Self::Glance,
        Self::Kubeconfig,
        Self::Nothing,
    ];

    /// What the pages call it.
    const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "no right in a cluster",
            Self::Vault => "to open a vault",
            Self::Policies => "to read policies",
            Self::References => "to write and show SecretRefs",
            Self::Installation => "those of vaults and installations",
            Self::Glance => "to look",
            Self::Kubeconfig => "a kubeconfig",
        }
    }

    /// Every right of it.
    const fn rights(self) -> &'static str {
        match self {
            Self::Nothing => "No server is asked, or none of a cluster.",
            Self::Vault => {
                "In the namespace of the service account: `create` `serviceaccounts/token` of it. In the namespaces of the vault and \
                 of the release: `get` `services`, `list` `pods`, `get` and `create` `pods/portforward`. In one of the two: `get` \
                 `configmaps` `strongroom-trust-bundle`. With `--url`, or in a pod: none of them, but the token in a file."
            }
            Self::Policies => {
                "In the namespace of the vault: `list` `accesspolicies.strongroom.dev`. With `get` `serviceaccounts` in that of the \
                 account asked about, whether the account exists is known; with `--pod`, `get` `pods`. With `-f`: none of them."
            }
            Self::References => {
                "In the namespace of the app: `get` `secretrefs.strongroom.dev`, and with `--apply` `create`. What is only printed \
                 needs none."
            }
            Self::Installation => {
                "As [their page](vault-commands.md#what-they-need) lists them, command by command."
            }
            Self::Glance => {
                "None: what you may not see is marked with a `?`, with the `kubectl auth can-i` that shows it \
                 ([debug commands](debug-commands.md))."
            }
            Self::Kubeconfig => {
                "None; the kubeconfig says which namespace is meant where neither a flag nor a default does."
            }
        }
    }

    /// The table of them.
    pub(super) fn describe(page: &mut String) {
        page.push_str("| what for | rights |\n|---|---|\n");
        for kind in Self::ALL {
            // A string takes whatever is written to it.
            let _ = writeln!(page, "| {} | {} |", kind.name(), kind.rights());
        }
        page.push('\n');
    }
}

/// What one command needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rights {
    cluster: ClusterRights,
    /// The permission of policy; nothing where policy is not asked.
    policy: &'static str,
}

impl Rights {
    /// Those of a command, by its path from the program's name on.
    pub(super) fn of(path: &str) -> Option<Self> {
        let (_, path) = path.split_once(' ')?;
        let found = TABLE.iter().find(|(known, ..)| *known == path);
        found.map(|(_, cluster, policy)| Self {
            cluster: *cluster,
            policy,
        })
    }

    /// The paths of all that have an entry, without the program's name.
    #[cfg(test)]
    pub(super) fn paths() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|(path, ..)| *path)
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rights: {}", self.cluster.name())?;
        if self.policy.is_empty() {
            f.write_str(".")
        } else {
            write!(f, "; policy must allow {}.", self.policy)
        }
    }
}

use ClusterRights::{Glance, Installation, Kubeconfig, Nothing, Policies, References, Vault};

/// One entry for each command that does something.
const TABLE: &[(&str, ClusterRights, &str)] = &[
    ("secret set", Vault, "`secrets/set`"),
    ("secret get", Vault, "`secrets/get`"),
    ("secret show", Vault, "`secrets/list`"),
    ("secret update", Vault, "`secrets/set`"),
    (
        "secret rollback",
        Vault,
        "`secrets/list`, `secrets/get` and `secrets/set`",
    ),
    (
        "secret copy",
        Vault,
        "`secrets/get` of the one, and `secrets/set` of the other",
    ),
    ("secret import", Vault, "`secrets/set`"),
    ("secret export", Vault, "`secrets/list`"),
    ("secret edit", Vault, "`secrets/get` and `secrets/set`"),
    ("secret list", Vault, "`secrets/list`"),
    ("secret versions", Vault, "`secrets/list`"),
    ("secret delete", Vault, "`secrets/delete`"),
    ("secret recover", Vault, "`secrets/recover`"),
    ("secret purge", Vault, "`secrets/purge`"),
    ("secret backup", Vault, "`secrets/backup`"),
    ("secret restore", Vault, "`secrets/restore`"),
    ("key create", Vault, "`keys/create`"),
    ("key import", Vault, "`keys/import`"),
    ("key show", Vault, "`keys/get`"),
    ("key update", Vault, "`keys/update`"),
    ("key rotate", Vault, "`keys/rotate`"),
    (
        "key policy",
        Vault,
        "`keys/getrotationpolicy`, and to change it `keys/setrotationpolicy`",
    ),
    ("key sign", Vault, "`keys/sign`"),
    ("key verify", Vault, "`keys/verify`"),
    ("key encrypt", Vault, "`keys/encrypt`"),
    ("key decrypt", Vault, "`keys/decrypt`"),
    ("key wrap", Vault, "`keys/wrapKey`"),
    ("key unwrap", Vault, "`keys/unwrapKey`"),
    ("key list", Vault, "`keys/list`"),
    ("key versions", Vault, "`keys/list`"),
    ("key delete", Vault, "`keys/delete`"),
    ("key recover", Vault, "`keys/recover`"),
    ("key purge", Vault, "`keys/purge`"),
    ("key backup", Vault, "`keys/backup`"),
    ("key restore", Vault, "`keys/restore`"),
    (
        "cert create",
        Vault,
        "`certificates/create`, and `certificates/get` to wait",
    ),
    ("cert import", Vault, "`certificates/import`"),
    ("cert show", Vault, "`certificates/get`"),
    ("cert update", Vault, "`certificates/update`"),
    ("cert policy show", Vault, "`certificates/get`"),
    ("cert policy set", Vault, "`certificates/update`"),
    ("cert pending show", Vault, "`certificates/get`"),
    ("cert pending wait", Vault, "`certificates/get`"),
    ("cert pending cancel", Vault, "`certificates/update`"),
    ("cert pending delete", Vault, "`certificates/update`"),
    ("cert merge", Vault, "`certificates/create`"),
    (
        "cert renew",
        Vault,
        "`certificates/get` and `certificates/create`",
    ),
    (
        "cert revoke",
        Vault,
        "`certificates/get` and `certificates/strongroom/revoke`",
    ),
    ("cert download", Vault, "`secrets/get`"),
    ("cert issuer list", Vault, "`certificates/listissuers`"),
    ("cert issuer show", Vault, "`certificates/getissuers`"),
    ("cert issuer set", Vault, "`certificates/setissuers`"),
    ("cert issuer delete", Vault, "`certificates/deleteissuers`"),
    ("cert contacts show", Vault, "`certificates/managecontacts`"),
    ("cert contacts set", Vault, "`certificates/managecontacts`"),
    ("cert contacts delete", Vault, "`certificates/managecontacts`"),
    ("cert list", Vault, "`certificates/list`"),
    ("cert versions", Vault, "`certificates/list`"),
    ("cert delete", Vault, "`certificates/delete`"),
    ("cert recover", Vault, "`certificates/recover`"),
    ("cert purge", Vault, "`certificates/purge`"),
    ("cert backup", Vault, "`certificates/backup`"),
    ("cert restore", Vault, "`certificates/restore`"),
    ("vault list", Installation, ""),
    ("vault status", Installation, ""),
    ("vault create", Installation, ""),
    ("vault open", Vault, ""),
    ("vault pause", Installation, ""),
    ("vault resume", Installation, ""),
    ("vault accept-rollback", Installation, ""),
    ("policy check", Policies, ""),
    ("policy who-can", Policies, ""),
    ("policy show", Policies, ""),
    ("policy diff", Policies, ""),
    ("policy suggest", References, ""),
    ("ref create", References, ""),
    ("ref show", References, ""),
    ("token", Vault, ""),
    ("check", Installation, ""),
    ("debug pod", Glance, ""),
    ("debug vault", Glance, ""),
    ("debug ref", Glance, ""),
    ("report", Glance, ""),
    ("crds", Nothing, ""),
    ("version", Installation, ""),
    ("dev", Nothing, ""),
    ("dev run", Nothing, ""),
    ("dev env", Nothing, ""),
    ("dev seed", Nothing, "`secrets/get` and `secrets/set`"),
    ("dev snapshot", Nothing, "`secrets/list` and `secrets/get`"),
    (
        "dev reset",
        Nothing,
        "`secrets/list`, `secrets/delete` and `secrets/purge`, and the same of keys and certificates",
    ),
    ("dev trust", Nothing, ""),
    ("dev fault", Nothing, ""),
    ("dev files", Nothing, "`secrets/get` of what the SecretRef names"),
    ("dev status", Nothing, ""),
    ("dev stop", Nothing, ""),
    ("dev time", Nothing, ""),
    ("az-cloud", Kubeconfig, ""),
    ("config set", Kubeconfig, ""),
    ("config get", Kubeconfig, ""),
    ("config unset", Kubeconfig, ""),
    ("config list", Kubeconfig, ""),
    ("config path", Nothing, ""),
    ("completion", Nothing, ""),
    ("man", Nothing, ""),
];

#[cfg(test)]
mod tests {
    use strongroom_core::Permission;

    use super::*;

    #[test]
    fn every_permission_that_a_command_needs_is_one() {
        for (path, _, needed) in TABLE {
            for word in needed.split('`').skip(1).step_by(2) {
                assert!(word.parse::<Permission>().is_ok(), "{path}: {word}");
            }
        }
    }
}
