//! Files that are read again when they change, as those of a mounted Secret do.

use std::{error::Error, time::Duration};

/// How often files are read again. The kubelet replaces the files of a mount within a minute or two; this adds little.
pub const INTERVAL: Duration = Duration::from_secs(2);

/// Calls `reload` every [`INTERVAL`], for ever. `reload` says whether `what` had changed; where it fails, it leaves the
/// old `what` in place. Each change is logged, and each failure once until it changes or ends.
pub async fn keep_fresh<E: Error>(what: &str, reload: impl Fn() -> Result<bool, E>) {
    let mut failure = LastFailure::default();
    loop {
        tokio::time::sleep(INTERVAL).await;
        match reload() {
            Ok(changed) => {
                failure.clear();
                if changed {
                    tracing::info!("{what} was reloaded");
                }
            }
            Err(error) if failure.is_new(&error) => {
                let cause = error.source().map(tracing::field::display);
                tracing::error!(%error, cause, "{what} cannot be reloaded; the old one stays");
            }
            Err(_) => {}
        }
    }
}

/// The failure that was logged last.
#[derive(Debug, Default)]
struct LastFailure(Option<String>);

impl LastFailure {
    /// Whether `error` differs from the failure before it; remembers it.
    fn is_new(&mut self, error: &impl Error) -> bool {
        let text = Some(error.to_string());
        let is_new = self.0 != text;
        self.0 = text;
        is_new
    }

    fn clear(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_failure_is_new_once_until_it_changes_or_ends() {
        let mut last = LastFailure::default();
        let (missing, denied) = (io::Error::other("missing"), io::Error::other("denied"));
        assert!(last.is_new(&missing));
        assert!(!last.is_new(&missing));
        assert!(last.is_new(&denied));
        assert!(last.is_new(&missing));
        last.clear();
        assert!(last.is_new(&missing));
    }
}
