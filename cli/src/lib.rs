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
//! - values come from a file, standard input or a terminal, from arguments only with a warning, and go to standard output only
//!   when asked for;
//! - what a command needs from this machine is read, and refused, before any server is asked;
//! - through a port forward as anywhere, the vault and the identity service must prove their names under the
//!   installation's CA;
//! - what a vault or an object holds is shown on a terminal, never obeyed by it;
//! - an error says what to do; where a right is missing, it names the command that shows why.

mod account;
mod arguments;
mod az_cloud;
mod cert;
mod check;
mod cluster;
mod completion;
mod config;
mod crds;
mod debug;
#[cfg(unix)]
mod dev;
mod direct;
mod document;
mod encoding;
mod failure;
mod forward;
mod invocation;
mod key;
mod kind;
mod life;
mod man;
mod manifest;
mod new_file;
mod output;
mod policy;
mod printed;
mod program;
pub mod reference;
mod report;
pub mod schema;
mod secret;
mod secret_ref;
mod session;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
mod token;
mod value;
mod vault;
mod version;
mod waiting;

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
        Command::Dev(command) => dev::run(*command, &arguments.global).await,
        Command::Policy(command) => policy::run(command, &arguments.global).await,
        Command::Ref(command) => secret_ref::run(*command, &arguments.global).await,
        Command::Vault(command) => vault::run(command, &arguments.global).await,
        Command::Check(command) => check::run(command, &arguments.global).await,
        Command::Debug(command) => debug::run(command, &arguments.global).await,
        Command::Report(command) => report::run(command, &arguments.global).await,
        Command::Token(command) => token::run(command, &arguments.global).await,
        Command::AzCloud(command) => az_cloud::run(command, &arguments.global).await,
        Command::Crds(command) => crds::run(&command, &arguments.global),
        Command::Version(command) => version::run(&command, &arguments.global).await,
        Command::Config(command) => config::run(command, &arguments.global),
        Command::Completion(command) => completion::print(&command),
        Command::Man(command) => man::run(&command, &arguments.global),
    };
    result.unwrap_or_else(|failure| invocation::report(&failure, program, arguments.global.is_json()))
}
