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

/// A file or standard input, opened.
pub(crate) struct Source {
    reader: Box<dyn Read>,
    path: PathBuf,
}

impl Source {
    /// The file at `path`; `-` or nothing is standard input, which must not be a terminal then.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        match path.filter(|path| *path != Path::new("-")) {
            Some(path) => Self::file(path),
            None if io::stdin().is_terminal() => Err(Failure::NoValue),
            None => Ok(Self {
                reader: Box::new(io::stdin().lock()),
                path: PathBuf::from("standard input"),
            }),
        }
    }

    /// The file at `path`.
    pub(crate) fn file(path: &Path) -> Result<Self, Failure> {
        let reader = File::open(path).map_err(|source| Failure::ReadValue {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            reader: Box::new(reader),
            path: path.to_owned(),
        })
    }

    /// What it is called in errors.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// All of it, which is at most `most` bytes; `None` where there are more. The buffer does not grow, so that no unwiped
    /// copy is left behind.
    pub(crate) fn bytes(self, most: usize) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        let Self { reader, path } = self;
        take(reader, most).map_err(|source| Failure::ReadValue { path, source })
    }

    /// Reads all of it, in parts that `each` takes one by one.
    pub(crate) fn parts(mut self, mut each: impl FnMut(&[u8])) -> Result<(), Failure> {
        let mut buffer = Zeroizing::new(vec![0_u8; 64 << 10]);
        loop {
            match self.reader.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => each(buffer.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(Failure::ReadValue {
                        path: self.path,
                        source,
                    });
                }
            }
        }
    }
}

fn take(reader: impl Read, most: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    // One byte to notice that there is more, and what the reader wants to have free to notice the end.
    let mut bytes = Zeroizing::new(Vec::with_capacity(most + 64));
    reader.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes).filter(|bytes| bytes.len() <= most))
}

/// Reads the value of a secret.
pub(crate) fn read(path: Option<&Path>, trim_newline: bool) -> Result<SecretString, Failure> {
    // One byte for the newline that may be left out.
    let bytes = Source::open(path)?.bytes(VALUE_BYTES + 1)?;
    text(&bytes.ok_or(Failure::ValueTooLong)?, trim_newline)
}

/// The value of a secret in these bytes.
pub(crate) fn text(bytes: &[u8], trim_newline: bool) -> Result<SecretString, Failure> {
    let text = std::str::from_utf8(bytes).map_err(|_| Failure::ValueNotText)?;
    let text = if trim_newline {
        text.strip_suffix('\n').unwrap_or(text)
    } else {
        text
    };
    if text.len() > VALUE_BYTES {
        Err(Failure::ValueTooLong)
    } else {
        Ok(text.into())
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn taken(bytes: &[u8], trim_newline: bool) -> Result<String, Failure> {
        let source = Source {
            reader: Box::new(io::Cursor::new(bytes.to_vec())),
            path: PathBuf::new(),
        };
        let bytes = source.bytes(VALUE_BYTES + 1)?.ok_or(Failure::ValueTooLong)?;
        text(&bytes, trim_newline).map(|value| value.expose_secret().to_owned())
    }

    #[test]
    fn a_value_is_taken_as_it_is() {
        assert_eq!(taken(b" a\nb\n", false).unwrap(), " a\nb\n");
        assert_eq!(taken(b"", false).unwrap(), "");
    }

    #[test]
    fn one_newline_is_left_out_when_asked_for() {
        assert_eq!(taken(b"a\n\n", true).unwrap(), "a\n");
        assert_eq!(taken(b"a", true).unwrap(), "a");
    }

    #[test]
    fn what_is_too_long_or_no_text_is_refused() {
        let longest = vec![b'x'; VALUE_BYTES];
        assert_eq!(taken(&longest, false).unwrap().len(), VALUE_BYTES);
        for longer in [[&longest[..], b"x"].concat(), vec![b'x'; 1 << 20]] {
            assert!(matches!(taken(&longer, false), Err(Failure::ValueTooLong)));
        }
        assert!(matches!(taken(&[0xff], false), Err(Failure::ValueNotText)));
    }

    #[test]
    fn parts_are_all_that_there_is_in_order() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let source = Source {
            reader: Box::new(io::Cursor::new(bytes.clone())),
            path: PathBuf::new(),
        };
        let mut read = Vec::new();
        source.parts(|part| read.extend_from_slice(part)).unwrap();
        assert_eq!(read, bytes);
    }
}
