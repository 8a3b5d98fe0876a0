//! `strongroom version` and `strongroom crds`.

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  strongroom version
  strongroom version --client
  strongroom version -o json";

const CRDS_EXAMPLES: &str = "\
Examples:
  strongroom crds | kubectl apply --server-side --force-conflicts -f -
  strongroom crds | kubectl diff --server-side --force-conflicts -f -
  strongroom crds -o name";

/// Whose releases are printed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct VersionArguments {
    /// Prints the release of this program alone, and asks no cluster.
    #[arg(long)]
    pub(crate) client: bool,
}

/// The definitions of this release.
#[derive(Debug, Args)]
#[command(after_help = CRDS_EXAMPLES)]
pub(crate) struct CrdsArguments {}
