//! What the head of an object says: its current version, how many it has, and whether it is deleted.

use strongroom_core::Version;

use super::{
    codec::{CodecError, Decoder, Encoder},
    fields::{Deletion, VersionFields},
    id::Sequence,
};

/// What a head says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadFields {
    /// The current version.
    pub version: Version,
    /// Where its record lies.
    pub sequence: Sequence,
    /// How many versions there are, with the current one.
    pub versions: u32,
    /// The current version's fields, for lists.
    pub current: VersionFields,
    /// Set while the object is deleted.
    pub deleted: Option<Deletion>,
}

impl HeadFields {
    pub(crate) fn encode(&self, encoder: &mut Encoder) {
        encoder
            .array(self.version.as_bytes())
            .u64(self.sequence.0)
            .u32(self.versions);
        self.current.encode(encoder);
        encoder.option(self.deleted, |e, deletion| {
            e.time(deletion.deleted_date).time(deletion.scheduled_purge_date);
        });
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut decoder = Decoder::new(bytes);
        let fields = Self {
            version: Version::from_bytes(decoder.array()?),
            sequence: Sequence(decoder.u64()?),
            versions: decoder.u32()?,
            current: VersionFields::decode(&mut decoder)?,
            deleted: decoder.option(|d| {
                Ok(Deletion {
                    deleted_date: d.time()?,
                    scheduled_purge_date: d.time()?,
                })
            })?,
        };
        decoder.finish()?;
        Ok(fields)
    }
}
