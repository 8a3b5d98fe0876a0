//! `strongroom dev trust`: what is on this machine trusts its authority, once a person agrees.

use std::{fmt::Write as _, process::ExitCode};

use strongroom_dev::{
    authority::Authority,
    place::Place,
    trust::{Action, Lookup, Step, line, run as run_step, steps},
};

use super::consent;
use crate::{
    failure::{DevFailure, Failure},
    terminal,
};

/// Shows the commands, and runs them unless they are only to be printed.
pub(super) fn run(place: &Place, uninstall: bool, print: bool, yes: bool) -> Result<ExitCode, Failure> {
    let action = if uninstall {
        Action::Uninstall
    } else {
        Action::Install
    };
    let authority = Authority::open(place, std::time::SystemTime::now().into()).map_err(DevFailure::from)?;
    let certificate = authority.certificate_file();
    let steps = steps(&Lookup::of_this_process().look(), certificate, action);
    if steps.is_empty() {
        return Err(DevFailure::NothingToTrust.into());
    }
    if print {
        terminal::print(&script(&steps))?;
        return Ok(ExitCode::SUCCESS);
    }
    let will = match action {
        Action::Install => "trusts the authority of this machine",
        Action::Uninstall => "no longer trusts the authority of this machine",
    };
    terminal::complain(&format!(
        "What follows {will}, {}. It can sign for localhost, docker.internal, containers.internal, strongroom and names below them, \
         and for nothing else.\n{}",
        certificate.display(),
        script(&steps)
    ));
    consent::ask(
        "Run these commands?",
        yes,
        ", or --print to see the commands alone",
    )?;
    let mut failed = 0;
    for step in &steps {
        match run_step(step, None) {
            Ok(()) => terminal::complain(&format!("done: {}", step.store)),
            Err(error) => {
                terminal::complain(&format!("not done: {}: {error}", step.store));
                failed += 1;
            }
        }
    }
    if failed == 0 {
        Ok(ExitCode::SUCCESS)
    } else {
        Err(DevFailure::NotTrusted(failed, steps.len()).into())
    }
}

/// The commands, as a shell takes them.
fn script(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        let _ = writeln!(text, "# {}", step.store);
        for command in &step.commands {
            let _ = writeln!(text, "{}", line(command));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_are_lines_of_a_shell_under_their_store() {
        let step = Step {
            store: "this system".to_owned(),
            commands: vec![vec!["install".to_owned(), "/a dir/ca.crt".to_owned()]],
        };
        assert_eq!(script(&[step]), "# this system\ninstall '/a dir/ca.crt'\n");
    }
}
