//! Tags: what the owner of an object notes about it.

use std::collections::BTreeMap;

/// Tags: names with values.
pub type Tags = BTreeMap<String, String>;
