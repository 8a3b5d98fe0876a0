//! A release policy as JSON. Its members stand in the order in which Azure answers them.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::Value;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) version: String,
    #[serde(rename = "anyOf")]
    any_of: Vec<Object<Rule>>,
}

/// An authority, and what it must attest.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Rule {
    pub(super) authority: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) any_of: Parts,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) all_of: Parts,
}

/// Parts of a group, where there are any.
pub(super) type Parts = Option<Vec<Object<Part>>>;

/// A claim, or a group of parts: which of them shows in what is there.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Part {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) claim: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) equals: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) any_of: Parts,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) all_of: Parts,
}

impl Document {
    /// Reads a policy's JSON, where it is of the grammar's form.
    pub(super) fn parse(json: &[u8]) -> Option<Self> {
        let document: Object<Self> = serde_json::from_slice(json).ok()?;
        Some(document.0)
    }

    /// Its JSON without blanks.
    pub(super) fn to_json(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(self).ok()
    }

    pub(super) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.any_of.iter().map(|rule| &rule.0)
    }
}

/// An object of JSON: a derived reader alone would take a list of its members' values for one.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(PhantomData)).map(Self)
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members))
    }
}
