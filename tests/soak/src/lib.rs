//! What takes too long for every run of the tests: the real vault killed a thousand times, every moment of five hundred
//! commits crashed, times compared that must be equal, and a process searched for what it should not keep.
//!
//! ```text
//!   kills      kill -9 under load: every acknowledged write is read back and is in the audit log
//!   crashes    the engine's crash simulator (engine/tests/crash) over a long script
//!   clock      two years of renewals of a thousand certificates
//!   timing     what a hidden name answers takes as long as what a missing one answers, by Welch's t-test
//!   residue    planted values, searched for in the memory of the live process
//!   wire       one connection, and the time of one request
//!   report     what each part found, as a table
//! ```
//!
//! Each part is bounded, says what it does, and fails when it finds anything. The tests of this crate run each of
//! them in small, so that the programs cannot rot.

pub mod clock;
pub mod crashes;
mod engine;
pub mod kills;
pub mod report;
pub mod residue;
pub mod timing;
mod wire;
