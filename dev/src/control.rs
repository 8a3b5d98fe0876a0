//! How other programs of the same user talk to a run: a socket in its directory, which nobody else can open.
//!
//! ```text
//!   Order, one line of JSON  -->
//!                            <--  Answer, one line of JSON each; several where something goes on
//! ```

mod client;
mod server;

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

pub use client::{ControlError, Conversation};
pub(crate) use server::{Desk, serve};

use crate::faults::FaultPlan;

/// The socket in the directory of a run.
const SOCKET: &str = "control";

/// The longest line.
const LONGEST: u64 = 64 << 10;

/// What a run is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "do",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Order {
    /// Say how it is.
    Status,
    /// End.
    Stop,
    /// Move the vaults' time.
    Time {
        /// Forward by so many seconds.
        forward: u64,
    },
    /// Make these faults, and no others.
    Faults {
        /// Which.
        plan: FaultPlan,
    },
    /// Keep the files of a SecretRef in a directory, for as long as the connection is open.
    Files {
        /// `NAMESPACE/NAME`.
        reference: String,
        /// An absolute path.
        directory: PathBuf,
        /// The account that asks (`NAMESPACE:NAME`), where it is not the one that the SecretRef names.
        account: Option<String>,
    },
}

/// What a run says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Answer {
    /// How it is.
    Status(Status),
    /// It ends.
    Stopping,
    /// The vaults' time.
    Time {
        /// In seconds since 1970.
        now: i64,
    },
    /// The faults are these.
    Faults {
        /// Which.
        plan: FaultPlan,
    },
    /// The files are there, and followed.
    Files,
    /// Something about the files.
    Note {
        /// A sentence.
        text: String,
    },
    /// It does not do it.
    Refused {
        /// Why.
        why: String,
    },
}

/// How a run is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The vaults' time, in seconds since 1970.
    pub now: i64,
    /// By how many seconds that is ahead of the machine's.
    pub ahead: i64,
    /// Which faults there are.
    pub faults: FaultPlan,
    /// How many clients did not trust our certificate.
    pub distrusted: u64,
    /// The vaults (`NAMESPACE/NAME`) and where each is.
    pub vaults: Vec<(String, String)>,
}

/// The path of the socket, which the system takes only if it is short: below a directory that is open, where the system shows those.
fn socket(directory: &Path) -> io::Result<(File, PathBuf)> {
    use std::os::fd::AsRawFd as _;
    let opened = File::open(directory)?;
    let shown = Path::new("/proc/self/fd").join(opened.as_raw_fd().to_string());
    let path = if cfg!(target_os = "linux") && shown.exists() {
        shown
    } else {
        directory.to_owned()
    };
    Ok((opened, path.join(SOCKET)))
}
