//! `strongroom token`: a token of a vault, for tools that bring none themselves.

use std::{
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
};

use jiff::Timestamp;

use crate::{
    Failure,
    arguments::{Global, TokenArguments},
    new_file::NewFile,
    session::{Destination, Session},
    terminal,
};

/// Runs the command. Where the token goes is settled before any server is asked.
pub(crate) async fn run(arguments: Box<TokenArguments>, global: &Global) -> Result<ExitCode, Failure> {
    let TokenArguments {
        selection,
        to_file,
        print,
    } = *arguments;
    if let Some(output) = global.output() {
        return Err(Failure::NoOutput(output));
    }
    let destination = Destination::of(selection, global)?;
    if to_file.is_none() {
        check_shown(io::stdout().is_terminal(), print)?;
    }
    let file = to_file.map(|path| NewFile::create("token", &path)).transpose()?;
    let session = destination.open(global).await?;
    deliver(&session, file)?;
    terminal::complain(&about(&session));
    Ok(ExitCode::SUCCESS)
}

/// Writes the token into the file, or else to standard output.
pub(crate) fn deliver(session: &Session, file: Option<NewFile>) -> Result<(), Failure> {
    let token = session.token.expose().as_bytes();
    if let Some(file) = file {
        file.write(token)?;
    } else {
        let mut out = io::stdout().lock();
        out.write_all(token)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(())
}

fn check_shown(is_terminal: bool, print: bool) -> Result<(), Failure> {
    if is_terminal && !print {
        Err(Failure::TokenToTerminal)
    } else {
        Ok(())
    }
}

/// Whose token it is, and for how long.
pub(crate) fn about(session: &Session) -> String {
    let until = Timestamp::try_from(session.token.expires_at()).map_or_else(
        |_| "it ends".to_owned(),
        |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    );
    format!(
        "The token is {} to vault {} until {until}.",
        session.account().path(),
        session.reference()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_a_token_only_when_it_is_asked_for() {
        for (is_terminal, print, is_shown) in [
            (true, false, false),
            (true, true, true),
            (false, false, true),
            (false, true, true),
        ] {
            assert_eq!(
                check_shown(is_terminal, print).is_ok(),
                is_shown,
                "{is_terminal} {print}"
            );
        }
    }
}
