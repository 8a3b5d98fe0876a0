//! Objects of JSON, of which the members are read one by one, so that an error names the member and what it may be.

use serde_json::{Map, Value};

use super::{error::PolicyError, member::Member};

/// An object. One that is absent or null is like one without members, and so is a member that is null.
#[derive(Clone, Copy)]
pub(super) struct Object<'a>(Option<&'a Map<String, Value>>);

impl<'a> Object<'a> {
    /// The object that `value` is, as the value of `member`.
    pub(super) fn of(value: &'a Value, member: Member) -> Result<Self, PolicyError> {
        match value {
            Value::Null => Ok(Self(None)),
            Value::Object(members) => Ok(Self(Some(members))),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(PolicyError::Member(member))
            }
        }
    }

    /// Whether it has no members at all.
    pub(super) fn is_empty(self) -> bool {
        self.0.is_none_or(Map::is_empty)
    }

    /// The value of a member, where it is there.
    pub(super) fn get(self, member: Member) -> Option<&'a Value> {
        let value = self.0?.get(member.name())?;
        (!value.is_null()).then_some(value)
    }

    /// A member that is an object, where it is there.
    pub(super) fn get_object(self, member: Member) -> Result<Option<Self>, PolicyError> {
        let value = self.get(member);
        value.map(|value| Self::of(value, member)).transpose()
    }

    /// A member that is an object.
    pub(super) fn object(self, member: Member) -> Result<Self, PolicyError> {
        Ok(self.get_object(member)?.unwrap_or(Self(None)))
    }

    /// A member as `read` takes it, where it is there.
    pub(super) fn read<T>(
        self,
        member: Member,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, PolicyError> {
        let Some(value) = self.get(member) else {
            return Ok(None);
        };
        read(value).map(Some).ok_or(PolicyError::Member(member))
    }

    /// A member that is true or false.
    pub(super) fn flag(self, member: Member) -> Result<Option<bool>, PolicyError> {
        self.read(member, Value::as_bool)
    }

    /// A member that is a whole number from `least` to `most`.
    pub(super) fn number(self, member: Member, least: u32, most: u32) -> Result<Option<u32>, PolicyError> {
        self.read(member, |value| {
            let number = u32::try_from(value.as_u64()?).ok()?;
            (least..=most).contains(&number).then_some(number)
        })
    }

    /// A member that is a name which `read` knows.
    pub(super) fn named<T>(
        self,
        member: Member,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, PolicyError> {
        self.read(member, |value| read(value.as_str()?))
    }

    /// A member that is a list of strings.
    pub(super) fn strings(self, member: Member) -> Result<Option<Vec<String>>, PolicyError> {
        self.read(member, |value| {
            let strings = value.as_array()?.iter();
            strings.map(|string| string.as_str().map(str::to_owned)).collect()
        })
    }
}

/// A text of a number of characters from `least` to `most`, none of which is a control character.
pub(super) fn line(text: &str, least: usize, most: usize) -> Option<String> {
    let is_line = (least..=most).contains(&text.chars().count()) && !text.contains(char::is_control);
    is_line.then(|| text.to_owned())
}
