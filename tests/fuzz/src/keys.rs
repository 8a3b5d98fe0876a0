//! Who imports a key chooses each of its members; who can write the volume and has its keys, each byte of a sealed form.

pub mod private;
