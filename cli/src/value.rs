//! Values come from a file or standard input: arguments are seen by every process of the machine.

use std::{
    fs::File,
    io::{self, IsTerminal, Read},
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use strongroom_core::limits::VALUE_BYTES;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// Reads a value from the file at `path`; `-` or nothing is standard input, which must not be a terminal then.
pub(crate) fn read(path: Option<&Path>, trim_newline: bool) -> Result<SecretString, Failure> {
    match path.filter(|path| *path != Path::new("-")) {
        Some(path) => {
            let failed = |source| Failure::ReadValue {
                path: path.to_owned(),
                source,
            };
            take(File::open(path).map_err(failed)?, trim_newline).map_err(|error| error.at(path))
        }
        None if io::stdin().is_terminal() => Err(Failure::NoValue),
        None => take(io::stdin().lock(), trim_newline).map_err(|error| error.at(Path::new("standard input"))),
    }
}

/// Why what was read is no value.
enum Unfit {
    Read(io::Error),
    TooLong,
    NotText,
}

impl Unfit {
    fn at(self, path: &Path) -> Failure {
        match self {
            Self::Read(source) => Failure::ReadValue {
                path: PathBuf::from(path),
                source,
            },
            Self::TooLong => Failure::ValueTooLong,
            Self::NotText => Failure::ValueNotText,
        }
    }
}

/// Reads into a buffer that does not grow, so that no unwiped copy is left behind.
fn take(source: impl Read, trim_newline: bool) -> Result<SecretString, Unfit> {
    // One byte for the newline that may be left out, one to notice that there is more.
    let most = VALUE_BYTES + 2;
    let mut bytes = Zeroizing::new(Vec::with_capacity(most + 64));
    source
        .take(most as u64)
        .read_to_end(&mut bytes)
        .map_err(Unfit::Read)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Unfit::NotText)?;
    let text = if trim_newline {
        text.strip_suffix('\n').unwrap_or(text)
    } else {
        text
    };
    if text.len() > VALUE_BYTES {
        Err(Unfit::TooLong)
    } else {
        Ok(text.into())
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn taken(bytes: &[u8], trim_newline: bool) -> Option<String> {
        take(bytes, trim_newline)
            .ok()
            .map(|value| value.expose_secret().to_owned())
    }

    #[test]
    fn a_value_is_taken_as_it_is() {
        assert_eq!(taken(b" a\nb\n", false).as_deref(), Some(" a\nb\n"));
        assert_eq!(taken(b"", false).as_deref(), Some(""));
    }

    #[test]
    fn one_newline_is_left_out_when_asked_for() {
        assert_eq!(taken(b"a\n\n", true).as_deref(), Some("a\n"));
        assert_eq!(taken(b"a", true).as_deref(), Some("a"));
    }

    #[test]
    fn what_is_too_long_or_no_text_is_refused() {
        let longest = vec![b'x'; VALUE_BYTES];
        assert_eq!(taken(&longest, false).map(|value| value.len()), Some(VALUE_BYTES));
        assert!(matches!(
            take(&[longest, vec![b'x']].concat()[..], false),
            Err(Unfit::TooLong)
        ));
        assert!(matches!(
            take(&vec![b'x'; 1 << 20][..], false),
            Err(Unfit::TooLong)
        ));
        assert!(matches!(take(&[0xff][..], false), Err(Unfit::NotText)));
    }
}
