//! What the files of a volume hold, in memory for as long as it takes to write them.

use std::{collections::BTreeMap, fmt, sync::Arc};

use zeroize::Zeroizing;

use super::FilePath;

/// A tmpfs holds whole pages of this size. Nodes with larger ones take more than is counted here.
const PAGE: usize = 4096;
/// What the kernel keeps of a file beside its pages: an inode, and its name in a directory.
const INODE: usize = 1024;

/// The bytes of one file, wiped when the last clone is dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Content(Arc<Zeroizing<Vec<u8>>>);

impl Content {
    /// The bytes, borrowed: a copy of them would not be wiped.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Zeroizing::new(bytes)))
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} bytes)", self.0.len())
    }
}

/// One file: its bytes and its permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct File {
    /// The permissions, lowest nine bits.
    pub mode: u32,
    pub content: Content,
}

/// All files of a volume.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Image {
    pub files: BTreeMap<FilePath, File>,
    /// The group that owns them: the pod's fsGroup.
    pub group: Option<u32>,
}

impl Image {
    /// The memory that all files take together, as the kernel counts it: the smallest takes a page.
    pub fn size(&self) -> usize {
        let taken = |file: &File| file.content.as_bytes().len().next_multiple_of(PAGE) + INODE;
        self.files.values().map(taken).sum()
    }

    /// The permissions of the volume's directories. Without a group only "others" can be meant to read.
    pub const fn directory_mode(&self) -> u32 {
        directory_mode(self.group)
    }
}

/// The permissions of the directories of a volume whose pod has this fsGroup.
pub const fn directory_mode(group: Option<u32>) -> u32 {
    if group.is_some() { 0o750 } else { 0o755 }
}

/// The permissions of a file that asks for none.
pub const fn default_mode(group: Option<u32>) -> u32 {
    if group.is_some() { 0o440 } else { 0o444 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::limits::Limits;

    #[test]
    fn a_file_takes_whole_pages_and_an_inode() {
        let of = |sizes: &[usize]| {
            let files = sizes.iter().enumerate().map(|(n, size)| {
                let content = vec![0; *size].into();
                (format!("{n}").parse().unwrap(), File { mode: 0o444, content })
            });
            let image = Image {
                files: files.collect(),
                group: None,
            };
            image.size()
        };
        assert_eq!(of(&[0]), 1024);
        assert_eq!(of(&[1]), 5 * 1024);
        assert_eq!(of(&[4096, 4097]), (5 + 9) * 1024);
        // As many secrets of the largest size as one SecretRef names.
        let largest = of(&[strongroom_core::limits::VALUE_BYTES; 64]);
        assert!(largest <= Limits::within(128 << 20).volume_bytes, "{largest}");
    }

    #[test]
    fn printing_an_image_shows_no_byte_of_it() {
        let file = File {
            mode: 0o444,
            content: b"CANARY".to_vec().into(),
        };
        let image = Image {
            files: [("a".parse().unwrap(), file)].into(),
            group: None,
        };
        let text = format!("{image:?}");
        assert!(!text.contains("CANARY") && !text.contains("67"), "{text}");
    }

    #[test]
    fn with_an_fs_group_the_group_reads_and_without_one_everybody_in_the_pod() {
        assert_eq!((default_mode(Some(7)), directory_mode(Some(7))), (0o440, 0o750));
        assert_eq!((default_mode(None), directory_mode(None)), (0o444, 0o755));
    }
}
