//! `strongroom check`.

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  strongroom check --pre
  strongroom check
  strongroom check -o json";

/// What is looked at.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckArguments {
    /// Looks at what an installation will need, before there is one.
    #[arg(long)]
    pub(crate) pre: bool,
    /// The namespace that the node driver is to be in [default: that of the installation, else strongroom-node].
    #[arg(long, value_name = "NAMESPACE")]
    pub(crate) node_namespace: Option<String>,
}
