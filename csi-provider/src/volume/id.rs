//! The id that the kubelet gives a volume.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The kubelet's id of a volume. It names a directory and a file of the node driver, so it is a plain name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VolumeId(Box<str>);

/// Why a text is no volume id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VolumeIdError {
    /// Empty.
    #[error("the volume id is missing")]
    Missing,
    /// Too long, or made of something that has no place in a file's name.
    #[error(
        "the volume id is not 1 to 128 letters, digits, dots, dashes and underscores that begin with a letter or digit"
    )]
    Malformed,
}

impl VolumeId {
    /// The longest id: the kubelet's are 68 bytes, the specification allows 128.
    pub const MAX_LENGTH: usize = 128;

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VolumeId {
    type Err = VolumeIdError;

    fn from_str(text: &str) -> Result<Self, VolumeIdError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        match text.bytes().next() {
            None => Err(VolumeIdError::Missing),
            Some(first)
                if first.is_ascii_alphanumeric()
                    && text.len() <= Self::MAX_LENGTH
                    && text.bytes().all(plain) =>
            {
                Ok(Self(text.into()))
            }
            Some(_) => Err(VolumeIdError::Malformed),
        }
    }
}

impl TryFrom<String> for VolumeId {
    type Error = VolumeIdError;

    fn try_from(text: String) -> Result<Self, VolumeIdError> {
        text.parse()
    }
}

impl From<VolumeId> for String {
    fn from(id: VolumeId) -> Self {
        id.0.into()
    }
}

impl fmt::Display for VolumeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kubelets_ids_are_read_and_whatever_could_leave_a_directory_is_not() {
        let kubelets = format!("csi-{}", "a0".repeat(32));
        assert_eq!(kubelets.parse::<VolumeId>().unwrap().as_str(), kubelets);
        assert_eq!("".parse::<VolumeId>(), Err(VolumeIdError::Missing));
        for bad in ["..", ".", ".x", "a/b", "a\0", "-a", "ü", &"a".repeat(129)] {
            assert_eq!(bad.parse::<VolumeId>(), Err(VolumeIdError::Malformed), "{bad}");
        }
    }
}
