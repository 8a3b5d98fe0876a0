//! The node driver as the kubelet meets it: its own process, its own mount namespace, real mounts; the vault, the
//! identity service and the API server are played by this process.

mod mounts;
mod publish;
mod registration;
mod restart;
mod rotate;
mod sanity;
mod support;
mod tree;
mod unpublish;
