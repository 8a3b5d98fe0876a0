//! Policy, the admin API and Watch over a vault's real parts, without the data port: tokens are signed, the store is
//! the one in memory, the audit log is on disk.

#[cfg(test)]
mod access;
#[cfg(test)]
mod admin;
#[cfg(test)]
mod blind;
#[cfg(test)]
mod events;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod node;
#[cfg(test)]
mod opened_keys;
#[cfg(test)]
mod operator;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod watch;
