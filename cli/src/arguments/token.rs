//! `strongroom token`.

use std::path::PathBuf;

use clap::Args;

use super::selection::Selection;

/// What the command is for.
pub(super) const HELP: &str = "\
Gets a token of a vault, into a new file or a pipe.\n\nWho holds the token is the service \
account to this vault, and to no other, until the token ends. It is what the SDKs send; curl \
sends it as Authorization: Bearer TOKEN.";

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  strongroom token --vault team-a/prod --service-account shop/api --to-file token
  strongroom token --vault team-a/prod | my-tool --token-file /dev/stdin
  strongroom token --vault prod --print")]
pub(crate) struct TokenArguments {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// The file to make, which only you can read. Without it the token goes to standard output.
    #[arg(long, value_name = "PATH", conflicts_with = "print")]
    pub(crate) to_file: Option<PathBuf>,
    /// Writes the token to standard output also where that is a terminal.
    #[arg(long)]
    pub(crate) print: bool,
}
