//! The command line of the binary `operator`.

use clap::{Parser, Subcommand};

use crate::{identity, run::RunArgs, uninstall::UninstallArgs};

/// The parts of Strongroom that talk to the Kubernetes API.
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
    Run(RunArgs),
    /// Serves the token exchange.
    Identity(identity::Arguments),
    /// Fails while pods use the node driver; asked before an uninstall.
    UninstallCheck(UninstallArgs),
    /// Prints the custom resource definitions as YAML.
    Crds,
}
