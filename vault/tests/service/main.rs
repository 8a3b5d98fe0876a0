//! Policy, the admin API and Watch over a vault's real parts, without the data port: tokens are signed, the store is
//! the one in memory, the audit log is on disk.

mod admin;
mod fixture;
mod node;
mod operator;
mod policy;
mod tokens;
mod watch;
