//! `strongroom ref`.

use std::{fmt, str::FromStr};

use clap::{Args, Subcommand};
use strongroom_core::{ObjectName, ResourceName, Version};

use super::{names::VaultPath, resource_path::ResourcePath};

#[derive(Debug, Args)]
pub(crate) struct ReferenceCommand {
    #[command(subcommand)]
    pub(crate) command: ReferenceSubcommand,
}

const CREATE_EXAMPLES: &str = "\
Examples:
  # A SecretRef, and what the pod needs
  strongroom ref create shop/db --vault team-a/prod --service-account api --file password=db-password
  # The change of the Deployment that mounts it
  strongroom ref create shop/db --vault team-a/prod --service-account api --file password=db-password \\
    --patch deploy/api > patch.yaml && kubectl patch deploy/api -n shop --patch-file patch.yaml
  # Created at once
  strongroom ref create shop/db --vault team-a/prod --service-account api --file password=db-password --apply";

const SHOW_EXAMPLES: &str = "\
Examples:
  # Whether it can be mounted, and the versions of its files
  strongroom ref show shop/db
  # For a program
  strongroom ref show shop/db -o json
  # How many volumes do not have the newest version yet
  strongroom ref show shop/db -o jsonpath='{.volumes.outdated}'";

#[derive(Debug, Subcommand)]
pub(crate) enum ReferenceSubcommand {
    /// Prints a `SecretRef`, and the volume by which a pod mounts it.
    ///
    /// It grants nothing: `strongroom policy suggest --ref` prints the policy that lets the account read what it names.
    #[command(after_help = CREATE_EXAMPLES)]
    Create(NewReference),
    /// Shows whether pods can mount a `SecretRef`, and how far its volumes are.
    #[command(after_help = SHOW_EXAMPLES)]
    Show {
        /// The `SecretRef`: NAMESPACE/NAME, or NAME in the namespace of the command.
        name: ResourcePath,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NewReference {
    /// The `SecretRef`: NAMESPACE/NAME, or NAME in the namespace of the service account, or else of the command.
    pub(crate) name: ResourcePath,
    /// The vault that holds the secrets: NAMESPACE/NAME, or NAME in the namespace of the command.
    #[arg(long, env = "STRONGROOM_VAULT", hide_env_values = true)]
    pub(crate) vault: VaultPath,
    /// The service account of the pods that mount it, which is in the namespace of the `SecretRef`: NAME or NAMESPACE/NAME.
    #[arg(
        long,
        visible_aliases = ["account", "as-service-account"],
        value_name = "ACCOUNT"
    )]
    pub(crate) service_account: ResourcePath,
    /// A file and the secret whose value it has: PATH=SECRET, or PATH=SECRET/VERSION for one that does not follow new versions. May
    /// be repeated.
    #[arg(long, value_name = "PATH=SECRET", required = true)]
    pub(crate) file: Vec<FileArgument>,
    /// Where the containers have the files [default: /secrets/NAME].
    #[arg(long, value_name = "DIR", value_parser = mount_path)]
    pub(crate) mount_path: Option<String>,
    /// Prints in its place a strategic merge patch that mounts it: of deploy/NAME, sts/NAME or ds/NAME.
    #[arg(long, value_name = "KIND/NAME", conflicts_with = "apply")]
    pub(crate) patch: Option<WorkloadPath>,
    /// With --patch: the container that reads the files. May be repeated. Without it the cluster is asked, and the only one taken.
    #[arg(long, value_name = "NAME", requires = "patch")]
    pub(crate) container: Vec<ResourceName>,
    /// Creates it in the cluster.
    #[arg(long)]
    pub(crate) apply: bool,
}

/// A place in a container, as Kubernetes takes it.
fn mount_path(text: &str) -> Result<String, String> {
    if text.starts_with('/') && !text.contains(':') {
        Ok(text.to_owned())
    } else {
        Err("the place in a container begins with a slash and has no colon".to_owned())
    }
}

/// A file and the secret whose value it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileArgument {
    pub(crate) path: String,
    pub(crate) secret: ObjectName,
    pub(crate) version: Option<Version>,
}

impl FromStr for FileArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (path, object) = text
            .split_once('=')
            .ok_or("a file is PATH=SECRET, or PATH=SECRET/VERSION")?;
        let (secret, version) = match object.split_once('/') {
            Some((secret, version)) => (secret, Some(version)),
            None => (object, None),
        };
        let said = |error: strongroom_core::name::NameError| error.to_string();
        Ok(Self {
            path: path.to_owned(),
            secret: secret.parse().map_err(said)?,
            version: version.map(str::parse).transpose().map_err(said)?,
        })
    }
}

/// What runs pods of one template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WorkloadKind {
    Deployment,
    StatefulSet,
    DaemonSet,
}

impl WorkloadKind {
    /// As objects name it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
        }
    }
}

/// A workload: `KIND/NAME`, with kubectl's names for the kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WorkloadPath {
    pub(crate) kind: WorkloadKind,
    pub(crate) name: ResourceName,
}

impl fmt::Display for WorkloadPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.name)
    }
}

impl FromStr for WorkloadPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = "a workload is deploy/NAME, sts/NAME or ds/NAME";
        let (kind, name) = text.split_once('/').ok_or(wrong)?;
        let kind = match kind {
            "deploy" | "deployment" | "deployments" => WorkloadKind::Deployment,
            "sts" | "statefulset" | "statefulsets" => WorkloadKind::StatefulSet,
            "ds" | "daemonset" | "daemonsets" => WorkloadKind::DaemonSet,
            _ => return Err(wrong.to_owned()),
        };
        Ok(Self {
            kind,
            name: name.parse().map_err(|_| wrong)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_its_secret_and_may_name_a_version() {
        let file: FileArgument = "tls/key=Web-Key".parse().unwrap();
        assert_eq!((&*file.path, file.secret.spelling()), ("tls/key", "Web-Key"));
        assert_eq!(file.version, None);
        let version = "ab".repeat(16);
        let file: FileArgument = format!("a=b/{version}").parse().unwrap();
        assert_eq!(file.version.unwrap().to_string(), version);
        for text in ["", "a", "a=", "a=b/", "a=b/1", "a=b_c", "a=b/c/d"] {
            assert!(text.parse::<FileArgument>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_workload_is_called_as_in_kubectl() {
        for (text, shown) in [
            ("deploy/api", "Deployment api"),
            ("deployment/api", "Deployment api"),
            ("sts/db", "StatefulSet db"),
            ("ds/agent", "DaemonSet agent"),
        ] {
            assert_eq!(text.parse::<WorkloadPath>().unwrap().to_string(), shown);
        }
        for text in ["", "api", "pod/api", "deploy/", "deploy/A"] {
            assert!(text.parse::<WorkloadPath>().is_err(), "{text}");
        }
    }
}
