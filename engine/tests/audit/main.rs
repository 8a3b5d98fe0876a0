//! The audit log over real files: what it appends, what it notices, what it survives.

mod append;
mod failure;
mod fixture;
mod hostile;
mod process;
mod tamper;
