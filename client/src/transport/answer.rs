//! An answer, read whole.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use zeroize::Zeroizing;

/// An answer, read whole.
pub(crate) struct HttpAnswer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

impl HttpAnswer {
    /// Retry-After in seconds; its date form is not used by our servers.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let seconds = self
            .headers
            .get(header::RETRY_AFTER)?
            .to_str()
            .ok()?
            .parse()
            .ok()?;
        Some(Duration::from_secs(seconds))
    }
}

/// What is shown of text that a server sent: one line, at most 512 characters.
pub(crate) fn one_line(text: &str) -> String {
    text.chars()
        .take(512)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
