//! The binary `strongroom`, also `kubectl strongroom` when it lies in the PATH as `kubectl-strongroom`.

use std::process::ExitCode;

use clap::Parser;
use strongroom_cli::Arguments;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    strongroom_cli::run(Arguments::parse()).await
}
