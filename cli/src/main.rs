//! The binary `strongroom`, also `kubectl strongroom` when it lies in the PATH as `kubectl-strongroom`.

use std::process::ExitCode;

use strongroom_cli::Program;

fn main() -> ExitCode {
    // Before there is a second thread: it changes the environment.
    strongroom_cli::complete();
    run()
}

/// Two threads: `strongroom dev` serves what `strongroom dev` itself asks for.
#[tokio::main(worker_threads = 2)]
async fn run() -> ExitCode {
    Box::pin(strongroom_cli::run(Program::called())).await
}
