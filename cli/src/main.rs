//! The binary `strongroom`, also `kubectl strongroom` when it lies in the PATH as `kubectl-strongroom`.

use std::process::ExitCode;

use strongroom_cli::{Arguments, Program};

/// Two threads: `strongroom dev` serves what `strongroom dev` itself asks for.
#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let program = Program::called();
    strongroom_cli::run(Arguments::parse_of(program), program).await
}
