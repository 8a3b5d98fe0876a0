//! The TCP ports of our programs. The templates of the chart repeat them, and its tests compare.

/// The vault's data port: the REST API and Watch, by TLS.
pub const VAULT: u16 = 8443;

/// The vault's admin port: for the operator alone, by mutual TLS.
pub const VAULT_ADMIN: u16 = 8444;

/// The identity service's port: tokens and keys, by TLS.
pub const IDENTITY: u16 = 8443;

/// The port of health and metrics, the same in every program: plain HTTP.
pub const HEALTH: u16 = 9090;
