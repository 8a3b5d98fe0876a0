//! The codes with which a program ends, by which the status of its pod tells a person and the operator why.

/// The vault's seal key does not open its store.
pub const SEALED: u8 = 78;
