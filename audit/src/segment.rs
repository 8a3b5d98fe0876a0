//! One file of a log: its name, its first record, and what must stay true of it while it is written.

use std::{
    fmt,
    fs::{self, DirBuilder, File, Metadata, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::SystemTime,
};

use serde::{Deserialize, Serialize};

use crate::{
    chain::{Head, Place},
    shape::Shape,
};

/// A segment's file name: the sequence number of its first record, so that names sort as records do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct SegmentName {
    first: u64,
    /// Greater than 0 where a file of that sequence was there already and held nothing of the chain.
    attempt: u32,
}

impl SegmentName {
    /// The sequence number of its first record.
    pub const fn first(self) -> u64 {
        self.first
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.attempt {
            0 => write!(f, "{:020}.jsonl", self.first),
            attempt => write!(f, "{:020}-{attempt}.jsonl", self.first),
        }
    }
}

/// The text is not the name of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a segment")]
pub struct SegmentNameError;

impl FromStr for SegmentName {
    type Err = SegmentNameError;

    fn from_str(text: &str) -> Result<Self, SegmentNameError> {
        let stem = text.strip_suffix(".jsonl").ok_or(SegmentNameError)?;
        let (first, attempt) = stem.split_once('-').unwrap_or((stem, "0"));
        let parse = |digits: &str| digits.parse().map_err(|_| SegmentNameError);
        let name = Self {
            first: parse(first)?,
            attempt: u32::try_from(parse(attempt)?).map_err(|_| SegmentNameError)?,
        };
        if name.to_string() == text {
            Ok(name)
        } else {
            Err(SegmentNameError)
        }
    }
}

/// What the first record of a segment says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Header {
    pub(crate) format: u32,
    #[serde(rename = "vaultID")]
    pub(crate) vault_id: String,
    pub(crate) replica: String,
    /// The segment before it and that one's last record; none in the first segment of a log.
    pub(crate) continues: Option<Continues>,
    /// The place of the last write before it, so that nobody has to read further back.
    pub(crate) drained: Option<Place>,
}

/// The first record of a segment, as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeaderLine {
    r#type: String,
    #[serde(rename = "time")]
    _time: String,
    #[serde(rename = "operationName")]
    _operation_name: String,
    #[serde(rename = "category")]
    _category: String,
    #[serde(flatten)]
    header: Header,
}

impl Header {
    pub(crate) const TYPE: &str = "segment";
    pub(crate) const FORMAT: u32 = 1;

    /// From a record's text without its closing brace.
    pub(crate) fn parse(body: &str) -> Option<Self> {
        let line: HeaderLine = serde_json::from_str(&format!("{body}}}")).ok()?;
        (line.r#type == Self::TYPE).then_some(line.header)
    }

    /// With its time, as it is written.
    pub(crate) const fn at(self, time: SystemTime) -> Shape<Self> {
        Shape::new(Self::TYPE, "AuditSegment", time, self)
    }
}

/// What a segment continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Continues {
    /// The name of the segment before it, as far as it is known.
    pub(crate) segment: Option<String>,
    #[serde(flatten)]
    pub(crate) head: Head,
}

/// The segments in `dir`, oldest first. Files of other names are none of the log's.
pub(crate) fn list(dir: &Path) -> io::Result<Vec<SegmentName>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        if let Some(name) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// The bytes of all segments in `dir`.
pub(crate) fn total(dir: &Path) -> io::Result<u64> {
    let mut bytes = 0_u64;
    for name in list(dir)? {
        bytes = bytes.saturating_add(fs::symlink_metadata(dir.join(name.to_string()))?.len());
    }
    Ok(bytes)
}

/// Makes `dir` with all that leads to it, for its owner alone, where it is missing.
pub(crate) fn make_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Makes `dir` again where it alone was removed. Where its parent is gone too, that was the volume: a directory in its
/// place would take records onto another disk.
pub(crate) fn remake_dir(dir: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// The segment that is being written.
#[derive(Debug)]
pub(crate) struct Segment {
    file: Arc<File>,
    name: SegmentName,
    path: PathBuf,
    identity: (u64, u64),
    len: u64,
}

/// What is wrong with the file under a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Breach {
    /// Its name is gone, or names another file.
    Lost,
    /// Its length is not what was written.
    Changed { found: u64 },
}

impl Segment {
    /// A new file whose first record will be `first`.
    pub(crate) fn create(dir: &Path, first: u64) -> io::Result<Self> {
        const ATTEMPTS: u32 = 100;
        for attempt in 0..ATTEMPTS {
            let name = SegmentName { first, attempt };
            match options().create_new(true).open(dir.join(name.to_string())) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                opened => return Self::new(opened?, dir, name),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// The file `name`, cut to the `len` bytes of it that are whole records.
    pub(crate) fn resume(dir: &Path, name: SegmentName, len: u64) -> io::Result<Self> {
        let file = options().open(dir.join(name.to_string()))?;
        file.set_len(len)?;
        Self::new(file, dir, name)
    }

    fn new(file: File, dir: &Path, name: SegmentName) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let path = dir.join(name.to_string());
        Ok(Self {
            file: Arc::new(file),
            name,
            path,
            identity: identity(&metadata),
            len: metadata.len(),
        })
    }

    pub(crate) const fn file(&self) -> &Arc<File> {
        &self.file
    }

    pub(crate) const fn name(&self) -> SegmentName {
        self.name
    }

    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    /// Whether the open file still has a name and the length that was written. One system call, before every append.
    pub(crate) fn check_file(&self) -> Result<(), Breach> {
        match rustix::fs::fstat(&self.file) {
            Ok(stat) if stat.st_nlink == 0 => Err(Breach::Lost),
            Ok(stat) => match u64::try_from(stat.st_size) {
                Ok(found) if found == self.len => Ok(()),
                found => Err(Breach::Changed {
                    found: found.unwrap_or_default(),
                }),
            },
            Err(_) => Err(Breach::Lost),
        }
    }

    /// The same, and whether the name still leads to this file.
    pub(crate) fn check_name(&self) -> Result<(), Breach> {
        match fs::symlink_metadata(&self.path) {
            Ok(metadata) if identity(&metadata) == self.identity => self.check_file(),
            Ok(_) | Err(_) => Err(Breach::Lost),
        }
    }

    /// Removes the file, in which no record is.
    pub(crate) fn remove(self) {
        // One that stays is empty, and the next open removes it.
        let _ = fs::remove_file(self.path);
    }

    /// Appends whole lines, all or nothing.
    pub(crate) fn write(&mut self, lines: &[u8]) -> Result<(), WriteError> {
        match (&*self.file).write_all(lines) {
            Ok(()) => {
                self.len = self.len.saturating_add(lines.len() as u64);
                Ok(())
            }
            Err(source) => match self.file.set_len(self.len) {
                Ok(()) => Err(WriteError::Undone(source)),
                Err(_) => Err(WriteError::Partial(source)),
            },
        }
    }
}

/// Why lines were not appended.
#[derive(Debug)]
pub(crate) enum WriteError {
    /// The file is as it was before.
    Undone(io::Error),
    /// The file may end in a part of the lines.
    Partial(io::Error),
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .append(true)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    options
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}
