//! The audit log over real files: what it appends, what it notices, what it survives.

mod append;
mod fixture;
mod hostile;
mod tamper;
