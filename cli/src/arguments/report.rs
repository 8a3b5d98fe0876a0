//! `strongroom report`.

use std::path::PathBuf;

use clap::Args;
use strongroom_core::NamespaceName;

/// What the command is for.
pub(super) const HELP: &str = "\
Writes what support needs to see of the installation, without a secret, into a new \
file.\n\nA tar archive with versions, Vaults, SecretRefs and AccessPolicies with their \
conditions, their events, the pods of the release and of the vaults with the state of their \
containers, the ends of their logs, and which nodes have the driver. It has no Secret, no \
contents of a ConfigMap, no environment variable and no token. Before it is written, the \
command lists what is in it. What you may not read is left out, and the file not-read.json \
says so.";

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  strongroom report -n team-a --to-file report.tar
  strongroom report -A --redact --to-file report.tar
  strongroom report -A --log-lines 200 --yes --to-file report.tar")]
pub(crate) struct ReportArguments {
    /// The file to make, which only you can read.
    #[arg(long, value_name = "PATH")]
    pub(crate) to_file: PathBuf,
    /// Takes the objects of every namespace, in place of those of one.
    #[arg(short = 'A', long)]
    pub(crate) all_namespaces: bool,
    /// How many lines of each log, from its end.
    #[arg(long, value_name = "LINES", default_value_t = 2000, value_parser = clap::value_parser!(i64).range(0..=100_000))]
    pub(crate) log_lines: i64,
    /// Puts other words in place of the names of namespaces, service accounts, vaults, `SecretRefs`, policies, secrets, keys
    /// and certificates that the objects in it have: the same word for the same name.
    #[arg(long)]
    pub(crate) redact: bool,
    /// Does not ask before it writes.
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// The namespace of the node driver.
    #[arg(long, value_name = "NAMESPACE", default_value = "strongroom-node")]
    pub(crate) node_namespace: NamespaceName,
}
