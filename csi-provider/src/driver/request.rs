//! What the node driver is asked for.

use std::path::{Path, PathBuf};

use strongroom_core::ResourceName;

use crate::{
    pod::{Pod, PodToken, TokenError},
    volume::{VolumeId, id::VolumeIdError, mount::MountPaths},
};

/// A volume to fill and show to a pod.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Publish {
    /// The id that the kubelet gives the volume.
    pub id: VolumeId,
    /// Where the pod will see it.
    pub target: PathBuf,
    pub pod: Pod,
    /// The SecretRef, in the pod's namespace.
    pub secret_ref: ResourceName,
    /// The pod's fsGroup.
    pub group: Option<u32>,
    pub token: PodToken,
}

/// Why a request is refused before anything is done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The volume id.
    #[error(transparent)]
    Id(#[from] VolumeIdError),
    /// No target path, or one that is not absolute and clean.
    #[error("the target path is missing, relative or not clean")]
    Target,
    /// No capability, or a block device.
    #[error("the volume capability is missing or is not a mount")]
    Capability,
    /// The fsGroup is no number.
    #[error("the volume mount group is not a number")]
    Group,
    /// A volume that outlives its pod.
    #[error("only inline volumes of a pod are served: write it under volumes.csi, not as a PersistentVolume")]
    NotInline,
    /// An attribute of a pod's author that is not known.
    #[error("volume attribute {0:?} is not known; the only one is secretRef")]
    UnknownAttribute(String),
    /// Tokens in two places, where a kubelet uses one.
    #[error(
        "the call holds service-account tokens among its secrets and among the volume's attributes: a pod must not write csi.storage.k8s.io/serviceAccount.tokens, which is the kubelet's"
    )]
    TokensTwice,
    /// The kubelet did not say whose volume it is.
    #[error("the kubelet did not send {0}: the CSIDriver object needs podInfoOnMount")]
    MissingPodInfo(&'static str),
    /// What the kubelet says of the pod cannot be read.
    #[error("the kubelet's {key} cannot be read")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    PodInfo { key: &'static str },
    /// The volume names no SecretRef.
    #[error("volume attribute secretRef is missing: it names a SecretRef in the pod's namespace")]
    MissingSecretRef,
    /// The attribute is no name of an object.
    #[error("volume attribute secretRef is not the name of an object")]
    SecretRef,
    /// The pod's token.
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl Publish {
    /// Where the volume is mounted, given the directory of the node driver's own mounts.
    pub fn paths(&self, volumes: &Path) -> MountPaths {
        MountPaths {
            own: volumes.join(self.id.as_str()),
            target: self.target.clone(),
        }
    }
}

/// A volume to take away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpublish {
    /// The volume; `None` for an id that the node driver cannot have published.
    pub id: Option<VolumeId>,
    /// Where the pod saw it.
    pub target: PathBuf,
}
