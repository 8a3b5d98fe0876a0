//! Who reaches the node driver: a process that writes on the kubelet's sockets, the author of a SecretRef, and a hostile vault.

pub mod certificate;
pub mod csi;
mod fixture;
pub mod registration;
pub mod secret_ref;
pub mod watch;
