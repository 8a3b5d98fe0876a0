//! The side that is ordered.

use std::{fs, io, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc, time::Duration};

use strongroom_serving::accept::{Counts, Drain};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        UnixListener, UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use super::{Answer, LONGEST, Order, Status, socket};
use crate::{
    controls::Controls,
    files::{FileKeeper, FilesOrder},
};

/// How long somebody who connected may take to say what is to be done.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long to wait before the next try where the system cannot accept.
const PAUSE: Duration = Duration::from_millis(50);

/// How long a vault may refuse tokens after a jump in time: what it knows of the login's keys is too old, and it asks for them at
/// most so often.
const KEYS: Duration = Duration::from_secs(2);

/// What answers.
pub(crate) struct Desk {
    pub(crate) controls: Controls,
    pub(crate) keeper: FileKeeper,
    /// What each listener counted.
    pub(crate) counts: Vec<Counts>,
    pub(crate) vaults: Vec<(String, String)>,
}

/// Serves the socket in the directory of a run until it ends.
///
/// # Errors
/// The system's.
pub(crate) fn serve(drain: &Drain, directory: &Path, desk: Desk) -> io::Result<()> {
    let (_opened, path) = socket(directory)?;
    let listener = UnixListener::bind(&path)?;
    // Nobody else comes into the directory, either.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    let (desk, ended) = (Arc::new(desk), drain.clone());
    drain.spawn(async move {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = ended.begun() => return,
            };
            if accepted.is_err() {
                // For want of file descriptors, for example.
                tokio::time::sleep(PAUSE).await;
            }
            if let Ok((stream, _)) = accepted {
                let (desk, ended) = (Arc::clone(&desk), ended.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        _ = desk.talk(stream) => {}
                        () = ended.begun() => {}
                    }
                });
            }
        }
    });
    Ok(())
}

impl Desk {
    async fn talk(&self, stream: UnixStream) -> io::Result<()> {
        let (reader, mut writer) = stream.into_split();
        let mut line = String::new();
        let mut reader = BufReader::new(reader.take(LONGEST));
        tokio::time::timeout(PATIENCE, reader.read_line(&mut line)).await??;
        let Ok(order) = serde_json::from_str(&line) else {
            let why = "it is no order that this release knows".to_owned();
            return say(&mut writer, &Answer::Refused { why }).await;
        };
        let answer = match order {
            Order::Status => Answer::Status(self.status()),
            Order::Stop => {
                say(&mut writer, &Answer::Stopping).await?;
                self.controls.ask_to_stop();
                return Ok(());
            }
            Order::Time { forward } => {
                let controls = self.controls.clone();
                let moved =
                    tokio::task::spawn_blocking(move || controls.move_time(Duration::from_secs(forward)));
                match moved.await? {
                    Ok(now) => {
                        tokio::time::sleep(KEYS).await;
                        Answer::Time { now }
                    }
                    Err(error) => Answer::Refused {
                        why: error.to_string(),
                    },
                }
            }
            Order::Faults { plan } if !plan.is_possible() => Answer::Refused {
                why: "more than 100% of the requests would fail".to_owned(),
            },
            Order::Faults { plan } => {
                self.controls.set_faults(plan);
                let plan = self.controls.faults();
                Answer::Faults { plan }
            }
            Order::Files {
                reference,
                directory,
                account,
            } => {
                let order = FilesOrder {
                    reference,
                    directory,
                    account,
                };
                return self.keep(order, reader.into_inner().into_inner(), writer).await;
            }
        };
        say(&mut writer, &answer).await
    }

    fn status(&self) -> Status {
        Status {
            now: self.controls.now(),
            ahead: self.controls.ahead(),
            faults: self.controls.faults(),
            distrusted: self.counts.iter().map(Counts::distrusted).sum(),
            vaults: self.vaults.clone(),
        }
    }

    /// Keeps files until the other side goes.
    async fn keep(
        &self,
        order: FilesOrder,
        mut reader: OwnedReadHalf,
        mut writer: OwnedWriteHalf,
    ) -> io::Result<()> {
        let mut kept = match self.keeper.keep(order).await {
            Ok(kept) => kept,
            Err(error) => {
                let why = error.to_string();
                return say(&mut writer, &Answer::Refused { why }).await;
            }
        };
        say(&mut writer, &Answer::Files).await?;
        let mut nothing = [0];
        loop {
            tokio::select! {
                _ = reader.read(&mut nothing) => return Ok(()),
                text = kept.note() => say(&mut writer, &Answer::Note { text }).await?,
            }
        }
    }
}

async fn say(writer: &mut OwnedWriteHalf, answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    writer.write_all(&line).await
}
