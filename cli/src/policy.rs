//! `strongroom policy`: what the policies of a vault say, as they are or as they would be.
//!
//! ```text
//!   the cluster, or files --source--> StoredPolicy --> decide     one question, by the code of the vault
//!                                                  --> who_can    everybody, of one permission
//!                                                  --> grants     one account, of every permission
//!                                                  --> diff       two sets of policies
//!   a SecretRef                                    --> suggest    the policy that it needs
//! ```
//!
//! Everything but the reading is pure. `decide` asks the compiled policies of `strongroom_core`; the others reckon with sets of names
//! (`cells`) and of accounts (`whom`), and their tests compare them with it.

mod answer;
mod cells;
mod check;
mod decide;
mod diff;
mod files;
mod grants;
mod read;
mod source;
mod stored;
mod suggest;
#[cfg(test)]
mod tests;
mod who_can;
mod whom;

use std::process::ExitCode;

use crate::{
    Failure,
    arguments::{Global, PolicyCommand, PolicySubcommand},
    printed::Outcome,
};
pub(crate) use stored::StoredPolicies;

/// Runs the command; the exit code of `check` and `diff` is the answer.
pub(crate) async fn run(command: PolicyCommand, global: &Global) -> Result<ExitCode, Failure> {
    let outcome: Outcome = match command.command {
        PolicySubcommand::Check(arguments) => check::run(arguments, global).await?,
        PolicySubcommand::WhoCan(arguments) => who_can::run(arguments, global).await?.into(),
        PolicySubcommand::Show(arguments) => grants::run(arguments, global).await?.into(),
        PolicySubcommand::Diff(arguments) => diff::run(arguments, global).await?,
        PolicySubcommand::Suggest(arguments) => suggest::run(arguments, global).await?.into(),
    };
    outcome.conclude(global)
}
