//! The codes by which a program that ends tells why to whoever looks at the status of its pod.

/// The vault's seal key does not open its store.
pub const SEALED: u8 = 78;
