//! A terminal that does not show what is typed.
//!
//! Not rpassword: it drops tabs, and leaves copies behind as its buffer grows.

use std::io::{self, BufRead as _, IsTerminal as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::SecretString;
use zeroize::Zeroizing;

/// The room for a line, so that no part of it stays behind.
const ROOM: usize = 4096;

/// A terminal that shows nothing until this is dropped.
struct Silence(Termios);

impl Silence {
    fn begin() -> Option<Self> {
        let before = tcgetattr(io::stdin()).ok()?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        silent.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent).ok()?;
        Some(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing more.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}

/// A line that is typed and not shown.
pub(super) fn ask(prompt: &str) -> Option<SecretString> {
    if !io::stdin().is_terminal() {
        return None;
    }
    let silence = Silence::begin()?;
    eprint!("{prompt}");
    let mut line = Zeroizing::new(String::with_capacity(ROOM));
    let read = io::stdin().lock().read_line(&mut line);
    drop(silence);
    let read = read.ok()?;
    (read > 0).then(|| line.trim_end_matches(['\n', '\r']).into())
}
