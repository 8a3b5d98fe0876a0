//! Compiles the Watch protocol without protoc.
fn main() {}
