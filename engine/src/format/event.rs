//! Events of objects as they are kept: what happened to which version, under a number that orders them.

use std::{fmt, str::FromStr};

use strongroom_core::{ObjectKind, ObjectName, Timestamp, Version};

use super::{
    codec::{CodecError, Decoder, Encoder, Magic},
    id::{kind_byte, kind_of_byte},
    record::Record,
};

/// What happened to a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Occurrence {
    /// It was made, and is the current one.
    NewVersionCreated,
    /// It is the current one, and its end is near.
    NearExpiry,
    /// It is the current one, and its end has come.
    Expired,
}

impl Occurrence {
    /// The byte that stands for it.
    const fn byte(self) -> u8 {
        match self {
            Self::NewVersionCreated => 1,
            Self::NearExpiry => 2,
            Self::Expired => 3,
        }
    }

    /// What a byte stands for.
    const fn of_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::NewVersionCreated),
            2 => Some(Self::NearExpiry),
            3 => Some(Self::Expired),
            _ => None,
        }
    }
}

/// What happened, to a version of which kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventType {
    /// The kind of the object.
    pub kind: ObjectKind,
    /// What happened.
    pub occurrence: Occurrence,
}

/// The text is no id of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the id of an event is 32 lower-case hexadecimal digits")]
pub struct EventIdError;

/// Which event. Shown as 32 hexadecimal digits: its number, then a random one. A store that was put back to an older state
/// gives its numbers out again, and never the same id.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventId {
    number: u64,
    salt: [u8; 8],
}

impl EventId {
    /// The id of the event of this number.
    pub const fn new(number: u64, salt: [u8; 8]) -> Self {
        Self { number, salt }
    }

    /// The event's number. The next event has the next one.
    pub const fn number(self) -> u64 {
        self.number
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.number, u64::from_be_bytes(self.salt))
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for EventId {
    type Err = EventIdError;

    fn from_str(text: &str) -> Result<Self, EventIdError> {
        let is_ours = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let (number, salt) = text
            .split_at_checked(16)
            .filter(|_| is_ours)
            .ok_or(EventIdError)?;
        let digits = |text| u64::from_str_radix(text, 16).map_err(|_| EventIdError);
        Ok(Self {
            number: digits(number)?,
            salt: digits(salt)?.to_be_bytes(),
        })
    }
}

/// An event of an object. It has no content of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifecycleEvent {
    /// Which one.
    pub id: EventId,
    /// When the vault noted it.
    pub time: Timestamp,
    /// What happened.
    pub event_type: EventType,
    /// The name of the object, in the spelling in which it was created.
    pub name: ObjectName,
    /// The version.
    pub version: Version,
    /// `nbf` of the version at that time.
    pub not_before: Option<Timestamp>,
    /// `exp` of the version at that time.
    pub expires: Option<Timestamp>,
}

impl Record for LifecycleEvent {
    const MAGIC: Magic = *b"SRev";

    fn put(&self, fields: &mut Encoder) {
        fields
            .u64(self.id.number)
            .array(&self.id.salt)
            .time(self.time)
            .u8(self.event_type.occurrence.byte())
            .u8(kind_byte(self.event_type.kind))
            .text(self.name.spelling())
            .array(self.version.as_bytes());
        for time in [self.not_before, self.expires] {
            fields.option(time, |fields, time| {
                fields.time(time);
            });
        }
    }

    fn take(fields: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            id: EventId {
                number: fields.u64()?,
                salt: fields.array()?,
            },
            time: fields.time()?,
            event_type: EventType {
                occurrence: Occurrence::of_byte(fields.u8()?).ok_or(CodecError::Field)?,
                kind: kind_of_byte(fields.u8()?).ok_or(CodecError::Field)?,
            },
            name: fields.text()?.parse().map_err(|_| CodecError::Field)?,
            version: Version::from_bytes(fields.array()?),
            not_before: fields.option(Decoder::time)?,
            expires: fields.option(Decoder::time)?,
        })
    }
}

/// The number of the last event that there was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastEvent(pub u64);

impl Record for LastEvent {
    const MAGIC: Magic = *b"SRle";

    fn put(&self, fields: &mut Encoder) {
        fields.u64(self.0);
    }

    fn take(fields: &mut Decoder<'_>) -> Result<Self, CodecError> {
        fields.u64().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::id::VaultId;

    #[test]
    fn an_event_comes_back_as_it_was_written() {
        let vault = VaultId::from_bytes([7; 16]);
        for occurrence in [
            Occurrence::NewVersionCreated,
            Occurrence::NearExpiry,
            Occurrence::Expired,
        ] {
            for expires in [None, Some(Timestamp::from_unix(9))] {
                let event = LifecycleEvent {
                    id: EventId::new(3, [0xab; 8]),
                    time: Timestamp::from_unix(8),
                    event_type: EventType {
                        kind: ObjectKind::Keys,
                        occurrence,
                    },
                    name: "Db".parse().unwrap(),
                    version: Version::from_bytes([5; 16]),
                    not_before: None,
                    expires,
                };
                let read = LifecycleEvent::decode(vault, event.encode(vault).as_bytes()).unwrap();
                assert_eq!(read, event);
                assert_eq!(read.name.spelling(), "Db");
            }
        }
    }

    #[test]
    fn an_id_is_read_as_it_is_shown_and_in_no_other_form() {
        let id = EventId::new(258, [0xab; 8]);
        assert_eq!(id.to_string(), "0000000000000102abababababababab");
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in [
            "",
            "0000000000000102ababababababab",
            "0000000000000102ABABABABABABABAB",
            "+000000000000102abababababababab",
            "0000000000000102abababababababab0",
            "000000000000010\u{e9}abababababababa",
        ] {
            assert_eq!(text.parse::<EventId>(), Err(EventIdError), "{text}");
        }
    }
}
