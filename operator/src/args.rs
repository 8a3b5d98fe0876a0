//! The command line of the binary `operator`.

use clap::{Parser, Subcommand};

use crate::{run::RunArgs, uninstall::UninstallArgs};

/// Runs the vaults of a cluster and keeps their policy in force.
#[derive(Debug, Parser)]
#[command(name = "operator", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the controllers.
    Run(Box<RunArgs>),
    /// Fails while pods use the node driver; asked before an uninstall.
    UninstallCheck(UninstallArgs),
    /// Prints the custom resource definitions as YAML.
    Crds,
}
