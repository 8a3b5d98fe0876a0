//! What a command has to say on standard output, and how much of it a terminal gets.

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use strongroom_client::vault::Octets;
use zeroize::Zeroizing;

use crate::{
    arguments::Global,
    encoding,
    failure::Failure,
    output::{Form, List},
    terminal,
};

/// What a command has to say on standard output.
#[derive(Debug)]
pub(crate) enum Printed {
    /// Nothing.
    Nothing,
    /// Text with the names and labels of others, which a terminal shows and never obeys.
    Text(String),
    /// That something was done, which no script needs to read: `--quiet` leaves it out.
    Done(String),
    /// A document in JSON, which is printed in the form that was asked for.
    Document(String),
    /// The same with a value in it, which was asked for.
    Revealed(SecretString),
    /// Bytes in base64, in a line of their own.
    Base64(Octets),
    /// Bytes that leave as they are.
    Bytes {
        /// The bytes, which may be a secret.
        bytes: Octets,
        /// Whether a terminal gets them although it would obey them.
        raw: bool,
        /// What is said where a terminal would obey them.
        refusal: Refusal,
    },
}

/// What is said where a terminal would obey bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// They are a secret's value.
    Value,
    /// They are what a key made.
    Result,
    /// They are a backup.
    Backup,
    /// They are a private key, which no terminal gets, whatever they look like.
    PrivateKey,
}

impl Refusal {
    const fn failure(self) -> Failure {
        match self {
            Self::Value => Failure::ValueControls,
            Self::Result => Failure::ResultControls,
            Self::Backup => Failure::BackupControls,
            Self::PrivateKey => Failure::PrivateKeyToTerminal,
        }
    }
}

impl Printed {
    /// The value as a document.
    pub(crate) fn json(value: &impl Serialize) -> Result<Self, Failure> {
        let mut text = serde_json::to_string_pretty(value)?;
        text.push('\n');
        Ok(Self::Document(text))
    }

    /// The items as a document: a list of this kind, such as `SecretList`.
    pub(crate) fn list(kind: &str, items: &[impl Serialize]) -> Result<Self, Failure> {
        Self::json(&List::new(kind, items))
    }

    /// Prints it, a document in `form`. On a terminal, bytes get the newline that the next prompt needs.
    pub(crate) fn print(&self, form: &Form) -> Result<(), Failure> {
        match self {
            Self::Nothing => Ok(()),
            Self::Document(json) => Ok(terminal::print_document(&form.of(json)?)?),
            Self::Revealed(json) => {
                let text = Zeroizing::new(form.of(json.expose_secret())?);
                Ok(terminal::print_document(&text)?)
            }
            Self::Done(_) if terminal::manner().is_quiet => Ok(()),
            Self::Text(text) | Self::Done(text) => Ok(terminal::print(text)?),
            Self::Base64(bytes) => write(encoding::encode_base64(bytes.as_bytes()).as_bytes(), b"\n"),
            Self::Bytes { bytes, raw, refusal } => {
                let (bytes, is_terminal) = (bytes.as_bytes(), io::stdout().is_terminal());
                check_shown(bytes, is_terminal, *raw, *refusal)?;
                let is_open = is_terminal && !bytes.ends_with(b"\n");
                write(bytes, if is_open { b"\n" } else { b"" })
            }
        }
    }
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) printed: Printed,
    /// Whether the answer is yes; it is where nothing was asked that could be answered with no.
    pub(crate) is_yes: bool,
}

impl Outcome {
    /// Prints it as the flags say; gives the exit code.
    pub(crate) fn conclude(&self, global: &Global) -> Result<ExitCode, Failure> {
        self.printed.print(&global.form())?;
        Ok(ExitCode::from(u8::from(!self.is_yes)))
    }
}

impl From<Printed> for Outcome {
    fn from(printed: Printed) -> Self {
        Self {
            printed,
            is_yes: true,
        }
    }
}

fn write(bytes: &[u8], end: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.write_all(end)?;
    Ok(out.flush()?)
}

/// Whether bytes may be printed as they are.
fn check_shown(bytes: &[u8], is_terminal: bool, raw: bool, refusal: Refusal) -> Result<(), Failure> {
    let is_plain = || std::str::from_utf8(bytes).is_ok_and(terminal::is_plain);
    let is_kept = refusal == Refusal::PrivateKey;
    if is_terminal && (is_kept || !raw && !is_plain()) {
        Err(refusal.failure())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_a_terminal_would_obey_goes_to_a_pipe_and_raw_to_a_terminal_alone() {
        let (hostile, binary, plain): (&[u8], &[u8], &[u8]) = (b"a\x1b[2J", &[0xff, 0xfe], b"p4ss\nword");
        for (value, is_terminal, raw, is_shown) in [
            (hostile, true, false, false),
            (hostile, true, true, true),
            (hostile, false, false, true),
            (binary, true, false, false),
            (binary, false, false, true),
            (plain, true, false, true),
        ] {
            let checked = check_shown(value, is_terminal, raw, Refusal::Value);
            assert_eq!(checked.is_ok(), is_shown, "{value:?} {is_terminal} {raw}");
        }
    }

    #[test]
    fn a_private_key_goes_to_no_terminal_although_it_is_plain_text() {
        for raw in [false, true] {
            assert!(check_shown(b"-----BEGIN", true, raw, Refusal::PrivateKey).is_err());
            assert!(check_shown(b"-----BEGIN", false, raw, Refusal::PrivateKey).is_ok());
        }
    }

    #[test]
    fn each_refusal_says_what_to_do_instead() {
        for (refusal, cure) in [
            (Refusal::Value, "give --raw"),
            (Refusal::Result, "give -o base64"),
            (Refusal::Backup, "--to-file PATH"),
            (Refusal::PrivateKey, "--to-file PATH"),
        ] {
            let refused = check_shown(b"\0", true, false, refusal).unwrap_err().to_string();
            assert!(refused.contains(cure), "{refused}");
        }
    }
}
