//! The requests of the kernel's FUSE protocol, version 7.31, and the bytes of their answers (`linux/fuse.h`).

use std::time::UNIX_EPOCH;

use super::{Work, files::Attributes};

const HEADER: usize = 40;

/// One request of the kernel.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) operation: u32,
    unique: u64,
    /// What it is about.
    pub(super) node: u64,
    body: Vec<u8>,
}

/// The numbers of the operations that a disk knows.
pub(super) mod operation {
    pub(crate) const LOOKUP: u32 = 1;
    pub(crate) const FORGET: u32 = 2;
    pub(crate) const GETATTR: u32 = 3;
    pub(crate) const SETATTR: u32 = 4;
    pub(crate) const MKDIR: u32 = 9;
    pub(crate) const UNLINK: u32 = 10;
    pub(crate) const RMDIR: u32 = 11;
    pub(crate) const RENAME: u32 = 12;
    pub(crate) const OPEN: u32 = 14;
    pub(crate) const READ: u32 = 15;
    pub(crate) const WRITE: u32 = 16;
    pub(crate) const STATFS: u32 = 17;
    pub(crate) const RELEASE: u32 = 18;
    pub(crate) const FSYNC: u32 = 20;
    pub(crate) const INIT: u32 = 26;
    pub(crate) const OPENDIR: u32 = 27;
    pub(crate) const READDIR: u32 = 28;
    pub(crate) const RELEASEDIR: u32 = 29;
    pub(crate) const FSYNCDIR: u32 = 30;
    pub(crate) const CREATE: u32 = 35;
    pub(crate) const INTERRUPT: u32 = 36;
    pub(crate) const BATCH_FORGET: u32 = 42;
    pub(crate) const RENAME2: u32 = 45;
}

impl Request {
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let body = bytes[HEADER..].to_vec();
        Self {
            operation: u32::from_ne_bytes(bytes[4..8].try_into().unwrap()),
            unique: u64::from_ne_bytes(bytes[8..16].try_into().unwrap()),
            node: u64::from_ne_bytes(bytes[16..24].try_into().unwrap()),
            body,
        }
    }

    /// What a fault would befall.
    pub(super) const fn work(&self) -> Option<Work> {
        match self.operation {
            operation::WRITE => Some(Work::Write),
            operation::FSYNC | operation::FSYNCDIR => Some(Work::Sync),
            _ => None,
        }
    }

    /// Whether the kernel waits for an answer that a fault may delay.
    pub(super) const fn wants_answer(&self) -> bool {
        !matches!(
            self.operation,
            operation::FORGET | operation::BATCH_FORGET | operation::INTERRUPT | operation::INIT
        )
    }

    pub(super) fn u32_at(&self, place: usize) -> u32 {
        u32::from_ne_bytes(self.body[place..place + 4].try_into().unwrap())
    }

    pub(super) fn u64_at(&self, place: usize) -> u64 {
        u64::from_ne_bytes(self.body[place..place + 8].try_into().unwrap())
    }

    /// The bytes from `place` on.
    pub(super) fn from(&self, place: usize) -> &[u8] {
        &self.body[place..]
    }

    /// The names from `place` on.
    pub(super) fn names(&self, place: usize) -> impl Iterator<Item = &[u8]> {
        self.body[place..].split(|byte| *byte == 0)
    }

    /// The whole answer with `error`, 0 for none.
    pub(super) fn answer(&self, error: i32, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(16 + body.len()).unwrap();
        let mut bytes = length.to_ne_bytes().to_vec();
        bytes.extend((-error).to_ne_bytes());
        bytes.extend(self.unique.to_ne_bytes());
        bytes.extend(body);
        bytes
    }
}

/// The bytes of an answer.
#[derive(Debug, Default)]
pub(super) struct Body(pub(super) Vec<u8>);

impl Body {
    pub(super) fn u16(mut self, number: u16) -> Self {
        self.0.extend(number.to_ne_bytes());
        self
    }

    pub(super) fn u32(mut self, number: u32) -> Self {
        self.0.extend(number.to_ne_bytes());
        self
    }

    pub(super) fn u64(mut self, number: u64) -> Self {
        self.0.extend(number.to_ne_bytes());
        self
    }

    /// `fuse_attr`.
    fn attributes(self, node: u64, attributes: &Attributes) -> Self {
        let time = attributes.modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (seconds, nanoseconds) = (time.as_secs(), time.subsec_nanos());
        self.u64(node)
            .u64(attributes.size)
            .u64(attributes.size.div_ceil(512))
            .u64(seconds)
            .u64(seconds)
            .u64(seconds)
            .u32(nanoseconds)
            .u32(nanoseconds)
            .u32(nanoseconds)
            .u32(attributes.mode)
            .u32(attributes.links)
            .u32(0)
            .u32(0)
            .u32(0)
            .u32(4096)
            .u32(0)
    }

    /// `fuse_attr_out`; the kernel keeps nothing of it.
    pub(super) fn attributes_of(self, node: u64, attributes: &Attributes) -> Self {
        self.u64(0).u32(0).u32(0).attributes(node, attributes)
    }

    /// `fuse_entry_out`; the kernel keeps nothing of it.
    pub(super) fn entry(self, node: u64, attributes: &Attributes) -> Self {
        let keep = self.u64(node).u64(0).u64(0).u64(0).u32(0).u32(0);
        keep.attributes(node, attributes)
    }

    /// `fuse_open_out`; every read and write comes here.
    pub(super) fn opened(self) -> Self {
        const DIRECT_IO: u32 = 1;
        self.u64(0).u32(DIRECT_IO).u32(0)
    }

    /// `fuse_init_out`.
    pub(super) fn initialised(self) -> Self {
        const MAX_WRITE: u32 = 128 * 1024;
        const BIG_WRITES: u32 = 1 << 5;
        let body = self.u32(7).u32(31).u32(MAX_WRITE).u32(BIG_WRITES);
        let body = body.u16(16).u16(12).u32(MAX_WRITE).u32(1).u16(0).u16(0).u32(0);
        (0..7).fold(body, |body, _| body.u32(0))
    }

    /// `fuse_kstatfs` of an empty disk of one GiB.
    pub(super) fn statistics(self) -> Self {
        const BLOCKS: u64 = 256 * 1024;
        let body = self.u64(BLOCKS).u64(BLOCKS).u64(BLOCKS).u64(0).u64(0);
        let body = body.u32(4096).u32(255).u32(4096).u32(0);
        (0..6).fold(body, |body, _| body.u32(0))
    }

    /// `fuse_dirent`: the entry `name` at `place` of a directory.
    pub(super) fn directory_entry(mut self, node: u64, place: u64, mode: u32, name: &[u8]) -> Self {
        let length = u32::try_from(name.len()).unwrap();
        self = self.u64(node).u64(place).u32(length).u32(mode >> 12);
        self.0.extend(name);
        self.0.resize(self.0.len().next_multiple_of(8), 0);
        self
    }
}
