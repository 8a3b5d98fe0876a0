//! The text of a metrics registry.

use std::fmt;

use prometheus_client::{encoding::text::encode, registry::Registry};

/// The media type of [`text`]. Prometheus chooses its parser by it.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The metrics of `registry` in the text format of `OpenMetrics` 1.0.
///
/// # Errors
/// That of a metric which cannot write itself.
pub fn text(registry: &Registry) -> Result<String, fmt::Error> {
    let mut text = String::new();
    encode(&mut text, registry)?;
    Ok(text)
}
