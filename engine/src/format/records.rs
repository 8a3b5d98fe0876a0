//! The small records of a vault: where a version lies, what is left of an object, what is on its way to the audit log.

use strongroom_audit as audit;
use strongroom_core::Timestamp;

use super::{
    codec::{CodecError, Decoder, Encoder, Magic},
    id::Sequence,
    record::Record,
};

/// The index entry of an older version: where its record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexEntry(pub Sequence);

impl Record for IndexEntry {
    const MAGIC: Magic = *b"SRix";

    fn put(&self, fields: &mut Encoder) {
        fields.u64(self.0.0);
    }

    fn take(fields: &mut Decoder<'_>) -> Result<Self, CodecError> {
        fields.u64().map(|number| Self(Sequence(number)))
    }
}

/// What is left of a purged object, or of a restore that did not finish: versions that nobody can open any more. The
/// index entries of the object lead to its older versions; the current one had none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Garbage {
    /// Where the current version's record lies.
    pub current: Option<Sequence>,
}

impl Record for Garbage {
    const MAGIC: Magic = *b"SRgb";

    fn put(&self, fields: &mut Encoder) {
        fields.option(self.current, |fields, sequence| {
            fields.u64(sequence.0);
        });
    }

    fn take(fields: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let current = fields.option(|fields| fields.u64().map(Sequence))?;
        Ok(Self { current })
    }
}

/// The pending erasure: a purged seed may still be in old pages of the file, wrapped under a term to be destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasure {
    /// Since when it is pending.
    pub since: Timestamp,
    /// The newest term that a purged seed was wrapped under.
    pub term: u32,
}

impl Record for Erasure {
    const MAGIC: Magic = *b"SRer";

    fn put(&self, fields: &mut Encoder) {
        fields.time(self.since).u32(self.term);
    }

    fn take(fields: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            since: fields.time()?,
            term: fields.u32()?,
        })
    }
}

/// An entry of the schedule; what is due is in its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scheduled;

impl Record for Scheduled {
    const MAGIC: Magic = *b"SRsc";

    fn put(&self, _: &mut Encoder) {}

    fn take(_: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Ok(Self)
    }
}

/// A small record of the server's own, opaque here: the policy bundle, what is known of rollbacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerRecord(pub Vec<u8>);

impl Record for ServerRecord {
    const MAGIC: Magic = *b"SRmt";

    fn put(&self, fields: &mut Encoder) {
        fields.bytes(&self.0);
    }

    fn take(fields: &mut Decoder<'_>) -> Result<Self, CodecError> {
        fields.bytes().map(|bytes| Self(bytes.to_vec()))
    }
}

/// A small record of the server's own that the volume's reader must not see: it is sealed with a backup key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRecord {
    /// The number of the backup key.
    pub backup_key: u32,
    /// What it opens.
    pub sealed: Vec<u8>,
}

impl Record for SealedRecord {
    const MAGIC: Magic = *b"SRps";

    fn put(&self, fields: &mut Encoder) {
        fields.u32(self.backup_key).bytes(&self.sealed);
    }

    fn take(fields: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            backup_key: fields.u32()?,
            sealed: fields.bytes()?.to_vec(),
        })
    }
}

/// How far the audit log had reached the disk at a commit: a log that ends before it has lost records.
impl Record for audit::Head {
    const MAGIC: Magic = *b"SRah";

    fn put(&self, fields: &mut Encoder) {
        fields.u64(self.sequence).array(self.hash.as_bytes());
    }

    fn take(fields: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            sequence: fields.u64()?,
            hash: audit::Hash::from_bytes(fields.array()?),
        })
    }
}

/// An audit record on its way from a commit to the log.
impl Record for audit::Entry {
    const MAGIC: Magic = *b"SRob";

    fn put(&self, fields: &mut Encoder) {
        fields.bytes(self.as_bytes());
    }

    fn take(fields: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Self::from_bytes(fields.bytes()?.to_vec()).map_err(|_| CodecError::Field)
    }
}
