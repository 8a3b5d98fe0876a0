//! What never changes about a volume.

use strongroom_core::ResourceName;

use crate::{
    pod::Pod,
    volume::{VolumeId, limits::Share, mount::MountPaths, spec::VolumeSpec},
};

/// What never changes about a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Facts {
    /// The id that the kubelet gives the volume.
    pub id: VolumeId,
    pub paths: MountPaths,
    pub pod: Pod,
    /// The SecretRef that asks for it, in the pod's namespace.
    pub secret_ref: ResourceName,
    /// The pod's fsGroup.
    pub group: Option<u32>,
}

impl Facts {
    /// What the volume takes of the node with `bytes` in its files, which `spec` asks for.
    pub fn share(&self, spec: &VolumeSpec, bytes: usize) -> Share {
        Share {
            namespace: self.pod.namespace.clone(),
            vault: spec.connected_vault().cloned(),
            bytes,
        }
    }
}
