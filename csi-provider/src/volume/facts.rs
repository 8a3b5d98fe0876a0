//! What never changes about a volume.

use strongroom_core::{ResourceName, VaultRef};

use crate::{
    pod::Pod,
    volume::{VolumeId, limits::Share, mount::MountPaths},
};

/// What never changes about a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The id that the kubelet gives the volume.
    pub id: VolumeId,
    /// Where it is mounted.
    pub paths: MountPaths,
    /// Whose it is.
    pub pod: Pod,
    /// What it was asked for with.
    pub secret_ref: ResourceName,
    /// The pod's fsGroup.
    pub group: Option<u32>,
}

impl Facts {
    /// What the volume takes of the node with `bytes` in its files, which are from `vault`.
    pub fn share(&self, vault: VaultRef, bytes: usize) -> Share {
        Share {
            namespace: self.pod.namespace.clone(),
            vault,
            bytes,
        }
    }
}
