//! The kinds of objects that there are.

use crate::{
    certificate::Certificate,
    crypto_key::CryptoKey,
    object::keeper::{KeeperOf, Kinds},
    secret::Secret,
};

/// A vault that keeps every kind of object.
pub const EVERY_KIND: Kinds = Kinds::new(&[
    &KeeperOf::<Secret>::NEW,
    &KeeperOf::<CryptoKey>::NEW,
    &KeeperOf::<Certificate>::NEW,
]);
