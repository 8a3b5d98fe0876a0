//! What the head of an object says: its spelling, its current version, and whether it is deleted.
//!
//! Format 2 has the spelling of the name as the object was created, where it is not the folded one. Format 1 has none: a
//! head that an older program wrote shows the folded name. Format 3 is format 2 with numbered sealed parts. Format 4 adds
//! what the kind notes about the object as a whole; in an older head that is what a new object has.

use strongroom_core::{ObjectName, Version};

use super::{
    codec::{CodecError, Decoder, Encoder},
    encoded::Encoded,
    fields::{Deletion, VersionFields},
    id::Sequence,
};

/// The format of heads without a spelling.
pub(crate) const WITHOUT_SPELLING: u16 = 1;

/// The first format whose sealed parts say how they were encrypted.
pub(crate) const NUMBERED: u16 = 3;

/// The first format with what the kind notes about the object.
const WITH_OBJECT: u16 = 4;

/// The format of heads that this program writes.
pub(crate) const NEWEST: u16 = WITH_OBJECT;

/// What a head says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadFields<F, O> {
    /// The name, in the spelling in which the object was created.
    pub name: ObjectName,
    /// The current version.
    pub version: Version,
    /// Where its record lies.
    pub sequence: Sequence,
    /// How many versions there are, with the current one.
    pub versions: u32,
    /// The current version's fields, for lists.
    pub current: VersionFields<F>,
    /// Set while the object is deleted.
    pub deleted: Option<Deletion>,
    /// What the kind notes about the object, whatever the version.
    pub object: O,
}

impl<F: Encoded, O: Encoded + Default> HeadFields<F, O> {
    /// Writes the fields in the newest format.
    pub fn put(&self, encoder: &mut Encoder) {
        let spelling = Some(self.name.spelling()).filter(|spelling| *spelling != self.name.as_str());
        encoder.option(spelling, |e, spelling| {
            e.text(spelling);
        });
        encoder
            .array(self.version.as_bytes())
            .u64(self.sequence.0)
            .u32(self.versions);
        self.current.put(encoder);
        encoder.option(self.deleted, |e, deletion| {
            e.time(deletion.deleted_date).time(deletion.scheduled_purge_date);
        });
        self.object.put(encoder);
    }

    /// Reads the fields of the head of `name` in `format`.
    pub fn decode(format: u16, name: &ObjectName, bytes: &[u8]) -> Result<Self, CodecError> {
        let mut decoder = Decoder::new(bytes);
        let name = match format {
            WITHOUT_SPELLING => folded(name)?,
            _ => spelled(name, &mut decoder)?,
        };
        let fields = Self {
            name,
            version: Version::from_bytes(decoder.array()?),
            sequence: Sequence(decoder.u64()?),
            versions: decoder.u32()?,
            current: VersionFields::take(&mut decoder)?,
            deleted: decoder.option(|d| {
                Ok(Deletion {
                    deleted_date: d.time()?,
                    scheduled_purge_date: d.time()?,
                })
            })?,
            object: if format < WITH_OBJECT {
                O::default()
            } else {
                O::take(&mut decoder)?
            },
        };
        decoder.finish()?;
        Ok(fields)
    }

    /// Room that the encoding fits into.
    pub(crate) fn room(&self) -> usize {
        128 + self.name.spelling().len() + self.current.room() + self.object.room()
    }
}

/// The name in its folded form, whatever the caller's spelling.
fn folded(name: &ObjectName) -> Result<ObjectName, CodecError> {
    name.as_str().parse().map_err(|_| CodecError::Field)
}

/// The name in the stored spelling, which must be one of this name, and not the folded one written out.
fn spelled(name: &ObjectName, decoder: &mut Decoder<'_>) -> Result<ObjectName, CodecError> {
    let Some(text) = decoder.option(|d| d.text().map(str::to_owned))? else {
        return folded(name);
    };
    let spelled: ObjectName = text.parse().map_err(|_| CodecError::Field)?;
    if spelled == *name && text != name.as_str() {
        Ok(spelled)
    } else {
        Err(CodecError::Field)
    }
}
