//! Compiles the CSI and registration protocols without protoc.
fn main() {}
