//! What the files of a volume hold, in memory for as long as it takes to write them.

use std::{collections::BTreeMap, fmt, sync::Arc};

use zeroize::Zeroizing;

use super::FilePath;

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
    /// The memory in bytes that all files take together, as this node's kernel counts it: the smallest takes a page.
    pub fn size(&self) -> usize {
        self.size_in_pages_of(page_size())
    }

    fn size_in_pages_of(&self, page: usize) -> usize {
        let files = self.files.values();
        files.map(|file| taken(file.content.as_bytes().len(), page)).sum()
    }

    /// The permissions of the volume's directories. Without a group only "others" can be meant to read.
    pub const fn directory_mode(&self) -> u32 {
        directory_mode(self.group)
    }
}

/// The bytes of a page of this node's kernel: 4 KiB on most, 16 or 64 KiB on some of arm64.
pub fn page_size() -> usize {
    rustix::param::page_size()
}

/// The memory that a file of this length takes of a tmpfs, which holds whole pages, in bytes.
pub const fn taken(length: usize, page: usize) -> usize {
    length.next_multiple_of(page) + INODE
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

    #[test]
    fn a_file_takes_whole_pages_of_the_nodes_kernel_and_an_inode() {
        let in_pages_of = |page: usize, sizes: &[usize]| {
            let files = sizes.iter().enumerate().map(|(n, size)| {
                let content = vec![0; *size].into();
                (format!("{n}").parse().unwrap(), File { mode: 0o444, content })
            });
            let image = Image {
                files: files.collect(),
                group: None,
            };
            image.size_in_pages_of(page)
        };
        let (small, large) = (4 << 10, 64 << 10);
        assert_eq!(in_pages_of(small, &[0]), 1024);
        assert_eq!(in_pages_of(small, &[1]), 5 * 1024);
        assert_eq!(in_pages_of(small, &[4096, 4097]), (5 + 9) * 1024);
        assert_eq!(in_pages_of(large, &[1, 4097]), 2 * 65 * 1024);
    }

    #[test]
    fn the_kernel_says_how_large_its_pages_are() {
        let page = page_size();
        assert!(page >= 4096 && page.is_power_of_two(), "{page}");
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
