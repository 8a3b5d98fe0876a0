//! The node driver as the kubelet meets it: its own process, its own mount namespace, real mounts; the vault
//! is the real one, in this process; the identity service and the API server are played.

// `cfg(test)` here shows clippy that these may unwrap and index as tests do.
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod kubelets;
#[cfg(test)]
mod mounts;
#[cfg(test)]
mod publish;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod registration;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod rotate;
#[cfg(test)]
mod sanity;
#[cfg(test)]
mod silence;
#[cfg(test)]
mod stores;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tree;
#[cfg(test)]
mod trust_bundle;
#[cfg(test)]
mod unpublish;
