//! The shape of every line that is not a request's: what all have in common, then the members of its type.

use std::time::SystemTime;

use serde::Serialize;

use crate::{event::Actor, time::Time};

/// A line of the log, as it is written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shape<M> {
    r#type: &'static str,
    time: Time,
    operation_name: &'static str,
    category: &'static str,
    #[serde(flatten)]
    members: M,
}

/// The members of a line about something that happened.
#[derive(Debug, Serialize)]
pub(crate) struct Happened<P> {
    actor: Actor,
    properties: P,
}

impl<M> Shape<M> {
    /// A line of this type about `operation_name` at `time`.
    pub(crate) const fn new(
        r#type: &'static str,
        operation_name: &'static str,
        time: SystemTime,
        members: M,
    ) -> Self {
        Self {
            r#type,
            time: Time(time),
            operation_name,
            category: "AuditEvent",
            members,
        }
    }
}

impl<P> Happened<P> {
    /// What `actor` caused.
    pub(crate) const fn new(actor: Actor, properties: P) -> Self {
        Self { actor, properties }
    }
}
