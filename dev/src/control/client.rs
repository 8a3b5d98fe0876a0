//! The side that orders.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    os::unix::net::UnixStream,
    path::Path,
};

use super::{Answer, LONGEST, Order, socket};

/// Why a run did not do what it was to do.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// It cannot be reached.
    #[error("the `strongroom dev` that runs cannot be reached: {0}")]
    Reach(#[source] io::Error),
    /// It says something else than a run says: it may be of another release.
    #[error("the `strongroom dev` that runs does not understand this one: is it of another release?")]
    Form,
    /// It does not do it.
    #[error("{0}")]
    Refused(String),
}

/// One order, and what is answered.
#[derive(Debug)]
pub struct Conversation {
    lines: BufReader<UnixStream>,
}

impl Conversation {
    /// Gives an order to the run of this directory. Blocks, as what follows does.
    ///
    /// # Errors
    /// It cannot be reached.
    pub fn begin(directory: &Path, order: &Order) -> Result<Self, ControlError> {
        let reach = ControlError::Reach;
        let (_opened, path) = socket(directory).map_err(reach)?;
        let mut stream = UnixStream::connect(path).map_err(reach)?;
        let mut line = serde_json::to_vec(order).map_err(|_| ControlError::Form)?;
        line.push(b'\n');
        stream.write_all(&line).map_err(reach)?;
        Ok(Self {
            lines: BufReader::new(stream),
        })
    }

    /// What is said next; none once it has said everything, or is gone.
    ///
    /// # Errors
    /// It refuses, or cannot be understood.
    pub fn answer(&mut self) -> Result<Option<Answer>, ControlError> {
        let mut line = String::new();
        let read = self.lines.by_ref().take(LONGEST).read_line(&mut line);
        if read.map_err(ControlError::Reach)? == 0 {
            return Ok(None);
        }
        match serde_json::from_str(&line).map_err(|_| ControlError::Form)? {
            Answer::Refused { why } => Err(ControlError::Refused(why)),
            answer => Ok(Some(answer)),
        }
    }

    /// Gives an order that has one answer.
    ///
    /// # Errors
    /// It cannot be reached, or refuses.
    pub fn ask(directory: &Path, order: &Order) -> Result<Answer, ControlError> {
        Self::begin(directory, order)?.answer()?.ok_or(ControlError::Form)
    }
}
