//! The collections that objects lie in: the kinds, as ids and paths name them.

use std::fmt;

use strongroom_core::ObjectKind;

/// Objects of one kind, by what their ids and paths say.
pub trait Collection: fmt::Debug + Clone + Copy + PartialEq + Eq + Send + Sync + 'static {
    /// The kind, which is also the collection in the path.
    const KIND: ObjectKind;
}

/// Secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Secrets;

impl Collection for Secrets {
    const KIND: ObjectKind = ObjectKind::Secrets;
}

/// Keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys;

impl Collection for Keys {
    const KIND: ObjectKind = ObjectKind::Keys;
}

/// Certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certificates;

impl Collection for Certificates {
    const KIND: ObjectKind = ObjectKind::Certificates;
}
