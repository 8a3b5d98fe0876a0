//! What the bodies of several operations hold: a value, attributes, tags.

use std::{fmt, str::FromStr};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use strongroom_core::Timestamp;
use strongroom_engine::{AttributesPatch, Change, SecretValue, Tags};
use zeroize::Zeroizing;

use super::{
    BodyError,
    members::{Member, Members, Next},
};

/// The last second of the year 9999: clients show dates, and those of several languages fail at a later one, and with it
/// at every list that the object is in.
const LAST_DATE: u64 = 253_402_300_799;

/// Attributes as a caller gives them. What the vault sets itself (`created`, `recoveryLevel`) is ignored, since
/// clients send back what they got.
#[derive(Default)]
pub(crate) struct AttributesBody {
    enabled: Change<bool>,
    not_before: Change<Date>,
    expires: Change<Date>,
}

impl Members for AttributesBody {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "enabled" => value.read(Member::Enabled, &mut self.enabled),
            "nbf" => value.read(Member::NotBefore, &mut self.not_before),
            "exp" => value.read(Member::Expires, &mut self.expires),
            _ => value.skip(),
        }
    }
}

impl From<AttributesBody> for AttributesPatch {
    fn from(body: AttributesBody) -> Self {
        Self {
            // There is no third state to clear it to.
            enabled: body.enabled.given(),
            not_before: body.not_before.map(|date| date.0),
            expires: body.expires.map(|date| date.0),
        }
    }
}

/// A date on the wire.
struct Date(Timestamp);

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = u64::deserialize(deserializer)?;
        if seconds > LAST_DATE {
            return Err(D::Error::custom("a date after the last one"));
        }
        Ok(Self(Timestamp::from_unix(seconds)))
    }
}

/// A text that is wiped: a secret, or a backup of one.
#[derive(Default)]
pub(crate) struct Value(Zeroizing<String>);

impl Value {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Value> for Zeroizing<String> {
    fn from(value: Value) -> Self {
        value.0
    }
}

impl From<Value> for SecretValue {
    fn from(value: Value) -> Self {
        Self::from(value.0)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

/// A name of the wire, read into its type.
pub(crate) struct Named<T>(pub(crate) T);

impl<'de, T: FromStr> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map(Self)
            .map_err(|_| D::Error::custom("an unknown name"))
    }
}

/// A short list of names.
#[derive(Deserialize)]
pub(crate) struct Names(pub(crate) Vec<String>);

/// Tags, none twice.
#[derive(Default)]
pub(crate) struct TagsBody(pub(crate) Tags);

impl<'de> Deserialize<'de> for TagsBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TagsVisitor).map(Self)
    }
}

/// What a member that must be there is set to.
pub(crate) fn required<T>(given: Change<T>, member: Member) -> Result<T, BodyError> {
    match given {
        Change::Keep => Err(BodyError::Missing(member)),
        Change::Clear => Err(BodyError::Member(member)),
        Change::Set(value) => Ok(value),
    }
}

/// Attributes that are null are as if they were not there: there is none that could be cleared with all others.
pub(crate) fn attributes(given: Change<AttributesBody>) -> AttributesPatch {
    given.given().map(AttributesPatch::from).unwrap_or_default()
}

/// The tags that replace those of a version: none where they stay, and an empty set where null clears them.
pub(crate) fn replaced_tags(given: Change<TagsBody>) -> Option<Tags> {
    match given {
        Change::Keep => None,
        Change::Clear => Some(Tags::new()),
        Change::Set(tags) => Some(tags.0),
    }
}

struct TagsVisitor;

impl<'de> Visitor<'de> for TagsVisitor {
    type Value = Tags;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tags")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tags, A::Error> {
        let mut tags = Tags::new();
        while let Some((name, value)) = map.next_entry::<String, String>()? {
            if tags.insert(name, value).is_some() {
                return Err(A::Error::custom("a tag twice"));
            }
        }
        Ok(tags)
    }
}
