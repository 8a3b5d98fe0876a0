//! A vault token with its expiry.

use std::time::{Duration, SystemTime};

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// A vault token. Cannot be printed; wiped when dropped.
#[derive(Debug, Clone)]
pub struct VaultToken {
    text: SecretString,
    expires_at: SystemTime,
}

impl VaultToken {
    /// The token `text`, which expires at `expires_at`.
    pub fn new(text: SecretString, expires_at: SystemTime) -> Self {
        Self { text, expires_at }
    }

    /// When it expires.
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// Whether it is still good at `now` and for `margin` after.
    pub fn is_fresh(&self, now: SystemTime, margin: Duration) -> bool {
        now + margin < self.expires_at
    }

    /// The text, for the Watch messages that carry it.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// The Authorization header. `None` when the text cannot stand in a header.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let mut text = Zeroizing::new(String::with_capacity(7 + self.expose().len()));
        text.push_str("Bearer ");
        text.push_str(self.expose());
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}
