//! The vault server's program.

fn main() {}
