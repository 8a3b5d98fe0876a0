//! What Watch keeps at most.

use std::time::Duration;

/// The bounds of Watch.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Open streams.
    pub streams: usize,
    /// Open streams of one source.
    pub streams_per_source: usize,
    /// Open streams without a valid token so far, so that these cannot keep out the others.
    pub unproven_streams: usize,
    /// Of these, those of one source.
    pub unproven_per_source: usize,
    /// Bytes of contents that wait for their clients to read them; one source has half at most.
    pub waiting_bytes: usize,
    /// How long a stream may be open without any subscription.
    pub proof_timeout: Duration,
    /// Tokens that may be refused on a stream without any subscription.
    pub refused_tokens: usize,
    /// Subscriptions of one stream: a node's volumes.
    pub subscriptions_per_stream: usize,
    /// Subscriptions of the vault.
    pub subscriptions: usize,
    /// Objects of one subscription: a SecretRef's entries.
    pub objects: usize,
    /// Bytes of one message from a client.
    pub message_bytes: usize,
    /// How long a client may read nothing while a message waits for it.
    pub send_timeout: Duration,
    /// How long a token's verification may take; only one under a new key takes any time.
    pub authentication_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            streams: 8192,
            streams_per_source: 16,
            unproven_streams: 512,
            unproven_per_source: 4,
            waiting_bytes: 16 * 1024 * 1024,
            proof_timeout: Duration::from_secs(10),
            refused_tokens: 256,
            subscriptions_per_stream: 4096,
            subscriptions: 65_536,
            objects: 64,
            message_bytes: 64 * 1024,
            send_timeout: Duration::from_mins(1),
            authentication_timeout: Duration::from_secs(5),
        }
    }
}
