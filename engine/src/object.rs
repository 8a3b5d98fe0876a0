//! The life of objects: pure functions of a view, a request, its random inputs and the time.
//!
//! Nothing in this room starts a thread, reads a clock or asks for random bytes: `scripts/check-layers` holds that.

pub mod answer;
pub mod apply;
pub mod backup;
pub mod blob;
pub mod error;
pub mod events;
pub(crate) mod expiry;
pub mod inputs;
pub mod keeper;
pub mod kind;
pub mod limits;
pub mod read;
pub mod request;
pub mod request_time;
pub mod resolve;
pub mod system;
pub mod tasks;
pub mod transaction;
pub mod view;
