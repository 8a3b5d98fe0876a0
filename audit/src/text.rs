//! The few texts of a record that a caller chooses. Each is bounded here and escaped when it is written.

use std::{borrow::Cow, fmt};

/// Cuts `text` to at most `limit` bytes and says so at its end.
fn bounded(text: Cow<'_, str>, limit: usize) -> Box<str> {
    if text.len() <= limit {
        return text.into_owned().into();
    }
    let end = (0..=limit)
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or_default();
    let kept = text.get(..end).unwrap_or_default();
    format!("{kept}[truncated, {} bytes]", text.len()).into()
}

/// The caller's `User-Agent`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientInfo(Box<str>);

impl ClientInfo {
    /// Bytes kept.
    pub const LIMIT: usize = 256;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// From the header's bytes, which need not be text.
    pub fn new(header: &[u8]) -> Self {
        Self(bounded(String::from_utf8_lossy(header), Self::LIMIT))
    }
}

/// The path of a request, with its `api-version` and nothing else of its query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestPath {
    path: Box<str>,
    api_version: Option<Box<str>>,
}

impl RequestPath {
    /// Bytes kept of the path.
    pub const LIMIT: usize = 1024;

    /// From a request target (`/secrets/a?api-version=7.6&x=y`), which may be anything.
    pub fn new(target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let version = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("api-version="));
        Self {
            path: bounded(path.into(), Self::LIMIT),
            api_version: version.filter(|text| is_api_version(text)).map(Into::into),
        }
    }

    /// The path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The `api-version` asked for, if it has the form of one.
    pub fn api_version(&self) -> Option<&str> {
        self.api_version.as_deref()
    }
}

/// Whether `text` has the form of a version (`7.6`, `2025-07-01`, `7.7-preview.1`), in which nothing can be hidden.
fn is_api_version(text: &str) -> bool {
    let number = text.replacen("preview", "", 1);
    (1..=16).contains(&number.len())
        && number
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-'))
}

impl fmt::Display for RequestPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        self.api_version
            .as_ref()
            .map_or(Ok(()), |version| write!(f, "?api-version={version}"))
    }
}

/// The name of the policy that decided, as the operator pushed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyName(Box<str>);

impl PolicyName {
    /// Bytes kept; a name of Kubernetes' has at most 253.
    pub const LIMIT: usize = 253;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// From the bundle's text.
    pub fn new(name: &str) -> Self {
        Self(bounded(name.into(), Self::LIMIT))
    }
}

/// Ties a record to what the caller logged: the GUID of its `x-ms-client-request-id`, or one of ours. A GUID holds no
/// secret, whatever the caller put there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CorrelationId(uuid::Uuid);

impl CorrelationId {
    /// The caller's, if it is a GUID in one of its usual spellings.
    pub fn parse(header: &str) -> Option<Self> {
        header.parse().ok().map(Self)
    }

    /// From random bytes.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_header_is_cut_at_a_character_and_marked() {
        let text = ClientInfo::new("é".repeat(40_000).as_bytes());
        assert!(text.0.starts_with(&"é".repeat(128)));
        assert!(text.0.ends_with("[truncated, 80000 bytes]"), "{}", text.0);
        assert!(text.0.len() < 300);
        let odd = ClientInfo::new(&[b"a".as_slice(), "é".repeat(400).as_bytes()].concat());
        assert!(odd.0.ends_with("[truncated, 801 bytes]"));
    }

    #[test]
    fn of_a_query_only_the_api_version_is_kept() {
        let path = RequestPath::new("/secrets/a/?sig=hunter2&api-version=7.6&$skiptoken=hunter3");
        assert_eq!(path.to_string(), "/secrets/a/?api-version=7.6");
        assert_eq!(
            RequestPath::new("/secrets/a?token=hunter2").to_string(),
            "/secrets/a"
        );
        assert_eq!(path.api_version(), Some("7.6"));
        for odd in ["7.6#hunter2", "hunter2", "", "7.6-preview-preview"] {
            let path = RequestPath::new(&format!("/secrets?api-version={odd}"));
            assert_eq!(path.to_string(), "/secrets", "{odd}");
        }
        assert_eq!(
            RequestPath::new("/?api-version=7.7-preview.1").api_version(),
            Some("7.7-preview.1")
        );
        let long = RequestPath::new(&format!(
            "/{}?api-version={}",
            "a".repeat(70_000),
            "7".repeat(70_000)
        ));
        assert!(long.to_string().len() < 1200);
        assert_eq!(long.api_version(), None);
    }

    #[test]
    fn a_correlation_id_that_is_no_guid_is_not_taken() {
        assert_eq!(CorrelationId::parse("eyJhbGciOiJFUzI1NiJ9.e30.c2ln"), None);
        let id = CorrelationId::parse("6F9C2C1E-0000-4000-8000-00000000000A").unwrap();
        assert_eq!(id.to_string(), "6f9c2c1e-0000-4000-8000-00000000000a");
    }
}
