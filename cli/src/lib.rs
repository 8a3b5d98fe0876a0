//! The command line: secrets, keys and certificates of a vault, what policy says, and the file that lets az use a vault.
//!
//! ```text
//!   kubeconfig --> a token of a service account (TokenRequest, as the current user)
//!     --> port forward --> identity service --> vault token
//!     --> port forward --> vault
//!
//!   --url, or the variables of a pod --> a token of a service account (a file)
//!     --> identity service --> vault token --> vault
//! ```
//!
//! Invariants:
//! - it has no rights of its own: everything is done as the kubeconfig's user, or as a service account whose token that
//!   user may request;
//! - values come from a file or standard input, never from arguments, and go to standard output only when asked for;
//! - what a command needs from this machine is read, and refused, before any server is asked;
//! - through a port forward as anywhere, the vault and the identity service must prove their names under the
//!   installation's CA;
//! - what a vault or an object holds is shown on a terminal, never obeyed by it;
//! - an error says what to do; where a right is missing, it names the command that shows why.

mod account;
mod arguments;
mod az_cloud;
mod cert;
mod cluster;
mod completion;
mod config;
#[cfg(unix)]
mod dev;
mod direct;
mod encoding;
mod failure;
mod forward;
mod invocation;
mod key;
mod kind;
mod life;
mod man;
mod new_file;
mod output;
mod policy;
mod printed;
mod program;
pub mod reference;
pub mod schema;
mod secret;
mod session;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
mod value;

use std::{env, ffi::OsString, process::ExitCode};

use arguments::Command;
pub use completion::answer as complete;
use failure::Failure;
pub use program::Program;

/// Runs the command that this process was started with, as `program`, which hints name. Returns the exit code: 0, or that of the
/// failure.
pub async fn run(program: Program) -> ExitCode {
    let words: Vec<OsString> = env::args_os().collect();
    let arguments = match invocation::read(&words, program) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    terminal::set(arguments.global.screen.manner());
    let result = match arguments.command {
        Command::Secret(command) => secret::run(command, &arguments.global).await,
        Command::Key(command) => key::run(command, &arguments.global).await,
        Command::Cert(command) => cert::run(command, &arguments.global).await,
        #[cfg(unix)]
        Command::Dev(command) => dev::run(*command).await,
        Command::Policy(command) => policy::run(command, &arguments.global).await,
        Command::AzCloud(command) => az_cloud::run(command, &arguments.global).await,
        Command::Config(command) => config::run(command, &arguments.global),
        Command::Completion(command) => completion::print(&command),
        Command::Man(command) => man::run(&command, &arguments.global),
    };
    result.unwrap_or_else(|failure| invocation::report(&failure, program, arguments.global.is_json()))
}
