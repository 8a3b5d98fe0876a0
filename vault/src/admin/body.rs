//! Bodies: bounded in bytes and time before anything reads them.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::error::AdminError;

/// Bytes of a bundle.
pub const MAX_BUNDLE: usize = strongroom_core::capacity::MOST_BYTES;
/// Bytes of any other body.
const MAX_BODY: usize = 64 * 1024;
/// From the head of a request to the end of its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);

/// The bytes of a body of up to `limit` bytes.
pub(super) async fn bytes(body: Body, limit: usize) -> Result<Bytes, AdminError> {
    match timeout(BODY_TIMEOUT, Limited::new(body, limit).collect()).await {
        Err(_) => Err(AdminError::Slow),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(AdminError::TooLarge(limit)),
        Ok(Err(_)) => Err(AdminError::Broken),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
    }
}

/// A message of at most 64 KiB.
pub(super) async fn message<T: DeserializeOwned>(body: Body) -> Result<T, AdminError> {
    serde_json::from_slice(&bytes(body, MAX_BODY).await?).map_err(AdminError::Unreadable)
}
