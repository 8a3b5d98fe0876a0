//! What is on a faulty disk: directories, and files of which some pages are in the cache alone.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::SystemTime,
};

use rustix::io::Errno;

/// The number of the root.
const ROOT: u64 = 1;

const PAGE: usize = 4096;

/// The bits of a mode that say that it is a directory's, or a file's.
const DIRECTORY: u32 = 0o040_000;
const FILE: u32 = 0o100_000;

/// Every file, the removed ones that are still open included.
#[derive(Debug)]
pub(super) struct Files(HashMap<u64, Node>);

#[derive(Debug)]
struct Node {
    mode: u32,
    links: u32,
    modified: SystemTime,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Directory(BTreeMap<Vec<u8>, u64>),
    File(Pages),
}

/// A file's bytes as programs see them, and as they are after a power cut.
#[derive(Debug, Default)]
struct Pages {
    cache: Vec<u8>,
    disk: Vec<u8>,
    /// The pages that a sync has to bring to the disk.
    dirty: BTreeSet<usize>,
}

/// What the kernel asks about a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attributes {
    pub(super) size: u64,
    pub(super) mode: u32,
    pub(super) links: u32,
    pub(super) modified: SystemTime,
}

impl Default for Files {
    fn default() -> Self {
        Self(HashMap::from([(ROOT, Node::new(DIRECTORY | 0o755))]))
    }
}

impl Files {
    pub(super) fn attributes(&self, node: u64) -> Result<Attributes, Errno> {
        let node = self.node(node)?;
        let size = match &node.content {
            Content::Directory(_) => 0,
            Content::File(pages) => pages.cache.len() as u64,
        };
        Ok(Attributes {
            size,
            mode: node.mode,
            links: node.links,
            modified: node.modified,
        })
    }

    pub(super) fn look_up(&self, parent: u64, name: &[u8]) -> Result<u64, Errno> {
        self.directory(parent)?.get(name).copied().ok_or(Errno::NOENT)
    }

    pub(super) fn make_file(&mut self, parent: u64, name: &[u8], mode: u32) -> Result<u64, Errno> {
        self.make(parent, name, Node::new(FILE | mode & 0o777))
    }

    pub(super) fn make_directory(&mut self, parent: u64, name: &[u8], mode: u32) -> Result<u64, Errno> {
        self.make(parent, name, Node::new(DIRECTORY | mode & 0o777))
    }

    pub(super) fn remove(&mut self, parent: u64, name: &[u8]) -> Result<(), Errno> {
        let removed = self.look_up(parent, name)?;
        if self.directory(removed).is_ok_and(|names| !names.is_empty()) {
            return Err(Errno::NOTEMPTY);
        }
        self.directory_mut(parent)?.remove(name);
        self.node_mut(removed)?.links = 0;
        Ok(())
    }

    pub(super) fn rename(&mut self, from: (u64, &[u8]), to: (u64, &[u8])) -> Result<(), Errno> {
        let moved = self.look_up(from.0, from.1)?;
        if self.look_up(to.0, to.1).is_ok() {
            self.remove(to.0, to.1)?;
        }
        self.directory_mut(from.0)?.remove(from.1);
        self.directory_mut(to.0)?.insert(to.1.to_vec(), moved);
        Ok(())
    }

    /// The entries of a directory from `place` on.
    pub(super) fn entries(&self, node: u64, place: u64) -> Result<Vec<(u64, u32, Vec<u8>)>, Errno> {
        let place = usize::try_from(place).unwrap();
        let entries = self.directory(node)?.iter().skip(place);
        let entry = |(name, node): (&Vec<u8>, &u64)| Ok((*node, self.node(*node)?.mode, name.clone()));
        entries.map(entry).collect()
    }

    pub(super) fn read(&mut self, node: u64, offset: u64, size: u32) -> Result<Vec<u8>, Errno> {
        let cache = &self.pages(node)?.cache;
        let from = usize::try_from(offset).unwrap().min(cache.len());
        let through = from.saturating_add(size as usize).min(cache.len());
        Ok(cache[from..through].to_vec())
    }

    pub(super) fn write(&mut self, node: u64, offset: u64, bytes: &[u8]) -> Result<(), Errno> {
        let from = usize::try_from(offset).unwrap();
        let through = from + bytes.len();
        let pages = self.pages(node)?;
        if pages.cache.len() < through {
            pages.cache.resize(through, 0);
        }
        pages.cache[from..through].copy_from_slice(bytes);
        pages.dirty.extend(from / PAGE..through.div_ceil(PAGE));
        self.node_mut(node)?.modified = SystemTime::now();
        Ok(())
    }

    pub(super) fn resize(&mut self, node: u64, size: u64) -> Result<(), Errno> {
        let size = usize::try_from(size).unwrap();
        let pages = self.pages(node)?;
        // The page that is cut, and what is beyond the old end.
        let first = pages.cache.len().min(size) / PAGE;
        pages.cache.resize(size, 0);
        pages.dirty.extend(first..size.div_ceil(PAGE));
        self.node_mut(node)?.modified = SystemTime::now();
        Ok(())
    }

    pub(super) fn set_mode(&mut self, node: u64, mode: u32) -> Result<(), Errno> {
        let node = self.node_mut(node)?;
        node.mode = node.mode & !0o777 | mode & 0o777;
        Ok(())
    }

    /// Brings a file's dirty pages to the disk. What is said of directories is on the disk at once.
    pub(super) fn sync(&mut self, node: u64) {
        let Ok(pages) = self.pages(node) else { return };
        pages.disk.resize(pages.cache.len(), 0);
        for page in std::mem::take(&mut pages.dirty) {
            let from = (page * PAGE).min(pages.cache.len());
            let through = (from + PAGE).min(pages.cache.len());
            pages.disk[from..through].copy_from_slice(&pages.cache[from..through]);
        }
    }

    /// A sync failed: the pages stay in the cache, and nothing remembers that they are not on the disk.
    pub(super) fn forget_unsynced(&mut self, node: u64) {
        if let Ok(pages) = self.pages(node) {
            pages.dirty.clear();
        }
    }

    pub(super) fn lose_unsynced(&mut self) {
        for node in self.0.values_mut() {
            if let Content::File(pages) = &mut node.content {
                pages.cache = pages.disk.clone();
                pages.dirty.clear();
            }
        }
    }

    fn make(&mut self, parent: u64, name: &[u8], node: Node) -> Result<u64, Errno> {
        let number = self.0.len() as u64 + 1;
        let names = self.directory_mut(parent)?;
        if names.contains_key(name) {
            return Err(Errno::EXIST);
        }
        names.insert(name.to_vec(), number);
        self.0.insert(number, node);
        Ok(number)
    }

    fn node(&self, node: u64) -> Result<&Node, Errno> {
        self.0.get(&node).ok_or(Errno::NOENT)
    }

    fn node_mut(&mut self, node: u64) -> Result<&mut Node, Errno> {
        self.0.get_mut(&node).ok_or(Errno::NOENT)
    }

    fn directory(&self, node: u64) -> Result<&BTreeMap<Vec<u8>, u64>, Errno> {
        match &self.node(node)?.content {
            Content::Directory(names) => Ok(names),
            Content::File(_) => Err(Errno::NOTDIR),
        }
    }

    fn directory_mut(&mut self, node: u64) -> Result<&mut BTreeMap<Vec<u8>, u64>, Errno> {
        match &mut self.node_mut(node)?.content {
            Content::Directory(names) => Ok(names),
            Content::File(_) => Err(Errno::NOTDIR),
        }
    }

    fn pages(&mut self, node: u64) -> Result<&mut Pages, Errno> {
        match &mut self.node_mut(node)?.content {
            Content::File(pages) => Ok(pages),
            Content::Directory(_) => Err(Errno::ISDIR),
        }
    }
}

impl Node {
    fn new(mode: u32) -> Self {
        let is_directory = mode & DIRECTORY != 0;
        Self {
            mode,
            links: 1 + u32::from(is_directory),
            modified: SystemTime::now(),
            content: if is_directory {
                Content::Directory(BTreeMap::new())
            } else {
                Content::File(Pages::default())
            },
        }
    }
}
