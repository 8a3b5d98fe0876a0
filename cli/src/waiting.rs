//! What a command waits for, said to whoever sits before a terminal once it has taken a while.

use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::sleep;

/// How long nobody has to be told.
const UNNOTICED: Duration = Duration::from_millis(300);

/// How often the spinner turns.
const TURN: Duration = Duration::from_millis(100);

/// Does `work`, and says on a terminal what is waited for where it takes longer than 300 ms.
pub(crate) async fn shown<T>(what: &'static str, work: impl Future<Output = T>) -> T {
    if !io::stderr().is_terminal() {
        return work.await;
    }
    tokio::pin!(work);
    tokio::select! {
        biased;
        done = &mut work => return done,
        () = sleep(UNNOTICED) => {}
    }
    let spinner = turning(ProgressBar::new_spinner(), what.to_owned());
    let done = work.await;
    spinner.finish_and_clear();
    done
}

/// A line with a text, which turns until it is finished.
pub(crate) fn turning(line: ProgressBar, text: String) -> ProgressBar {
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
        line.set_style(style);
    }
    line.set_message(text);
    line.enable_steady_tick(TURN);
    line
}
