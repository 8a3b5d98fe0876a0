//! What the kubelet asks for, parsed once.

use std::{
    collections::HashMap,
    path::{Component, Path, PathBuf},
};

use strongroom_core::{ResourceName, name::NameError};

use crate::{
    pod::{Pod, PodToken, TokenError},
    proto::csi::{NodePublishVolumeRequest, NodeUnpublishVolumeRequest, volume_capability::AccessType},
    volume::{VolumeId, id::VolumeIdError, mount::MountPaths},
};

/// The one attribute that a pod's author writes.
const SECRET_REF: &str = "secretRef";
/// The keys that the kubelet writes begin with this.
const RESERVED: &str = "csi.storage.k8s.io/";
const EPHEMERAL: &str = "csi.storage.k8s.io/ephemeral";
const POD_NAME: &str = "csi.storage.k8s.io/pod.name";
const POD_NAMESPACE: &str = "csi.storage.k8s.io/pod.namespace";
const POD_UID: &str = "csi.storage.k8s.io/pod.uid";
const ACCOUNT: &str = "csi.storage.k8s.io/serviceAccount.name";
const TOKENS: &str = "csi.storage.k8s.io/serviceAccount.tokens";

/// A volume to fill and show to a pod.
#[derive(Debug, Clone)]
pub struct Publish {
    /// The id that the kubelet gives the volume.
    pub id: VolumeId,
    /// Where the pod will see it.
    pub target: PathBuf,
    /// The pod that mounts the volume.
    pub pod: Pod,
    /// The SecretRef, in the pod's namespace.
    pub secret_ref: ResourceName,
    /// The pod's fsGroup.
    pub group: Option<u32>,
    /// The pod's token.
    pub token: PodToken,
}

/// Where the kubelet puts the tokens, which the `CSIDriver` object decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenPlace {
    /// `secrets`: serviceAccountTokenInSecrets is set.
    Secrets,
    /// `volume_context`.
    Context,
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
    /// A token where this cluster's kubelet puts none.
    #[error("volume attribute csi.storage.k8s.io/serviceAccount.tokens is reserved")]
    ReservedAttribute,
    /// The kubelet did not say whose volume it is.
    #[error("the kubelet did not send {0}: the CSIDriver object needs podInfoOnMount")]
    MissingPodInfo(&'static str),
    /// What the kubelet says of the pod cannot be read.
    #[error("the kubelet's {key} cannot be read")]
    PodInfo {
        /// Which part.
        key: &'static str,
    },
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
    /// Reads a request. `tokens` says where the kubelet of this cluster puts the token; it is read from nowhere else.
    pub fn parse(request: &NodePublishVolumeRequest, tokens: TokenPlace) -> Result<Self, RequestError> {
        let id = request.volume_id.parse()?;
        let target = target(&request.target_path)?;
        let group = group(request)?;
        let context = &request.volume_context;
        check_attributes(context, tokens)?;
        let pod = pod(context)?;
        let secret_ref = context.get(SECRET_REF).ok_or(RequestError::MissingSecretRef)?;
        let secret_ref = secret_ref.parse().map_err(|_| RequestError::SecretRef)?;
        let held = match tokens {
            TokenPlace::Secrets => &request.secrets,
            TokenPlace::Context => context,
        };
        let token = PodToken::from_kubelet(held.get(TOKENS).ok_or(TokenError::Missing)?, &pod)?;
        Ok(Self {
            id,
            target,
            pod,
            secret_ref,
            group,
            token,
        })
    }

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

impl Unpublish {
    /// Reads a request. Only what is missing is an error: a pod must be able to end.
    pub fn parse(request: &NodeUnpublishVolumeRequest) -> Result<Self, RequestError> {
        let id = match request.volume_id.parse() {
            Err(VolumeIdError::Missing) => return Err(VolumeIdError::Missing.into()),
            Err(VolumeIdError::Malformed) => None,
            Ok(id) => Some(id),
        };
        Ok(Self {
            id,
            target: target(&request.target_path)?,
        })
    }
}

fn target(path: &str) -> Result<PathBuf, RequestError> {
    let target = PathBuf::from(path);
    let clean = target
        .components()
        .all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    if clean && target.is_absolute() && target.file_name().is_some() {
        Ok(target)
    } else {
        Err(RequestError::Target)
    }
}

fn group(request: &NodePublishVolumeRequest) -> Result<Option<u32>, RequestError> {
    let access = request
        .volume_capability
        .as_ref()
        .and_then(|capability| capability.access_type.as_ref());
    let Some(AccessType::Mount(mount)) = access else {
        return Err(RequestError::Capability);
    };
    match mount.volume_mount_group.as_str() {
        "" => Ok(None),
        number => number.parse().map(Some).map_err(|_| RequestError::Group),
    }
}

fn check_attributes(context: &HashMap<String, String>, tokens: TokenPlace) -> Result<(), RequestError> {
    if tokens == TokenPlace::Secrets && context.contains_key(TOKENS) {
        return Err(RequestError::ReservedAttribute);
    }
    let mut unknown: Vec<_> = context
        .keys()
        .filter(|key| *key != SECRET_REF && !key.starts_with(RESERVED))
        .collect();
    unknown.sort();
    match unknown.first() {
        Some(key) => Err(RequestError::UnknownAttribute(key.chars().take(100).collect())),
        None => Ok(()),
    }
}

fn pod(context: &HashMap<String, String>) -> Result<Pod, RequestError> {
    if context.get(EPHEMERAL).map(String::as_str) != Some("true") {
        return Err(RequestError::NotInline);
    }
    let unread = |key| move |_: NameError| RequestError::PodInfo { key };
    Ok(Pod {
        namespace: part(context, POD_NAMESPACE)?
            .parse()
            .map_err(unread(POD_NAMESPACE))?,
        name: part(context, POD_NAME)?
            .parse()
            .map_err(|_| RequestError::PodInfo { key: POD_NAME })?,
        uid: part(context, POD_UID)?
            .parse()
            .map_err(|_| RequestError::PodInfo { key: POD_UID })?,
        account: part(context, ACCOUNT)?
            .parse()
            .map_err(|_| RequestError::PodInfo { key: ACCOUNT })?,
    })
}

fn part<'a>(context: &'a HashMap<String, String>, key: &'static str) -> Result<&'a str, RequestError> {
    context
        .get(key)
        .map(String::as_str)
        .ok_or(RequestError::MissingPodInfo(key))
}

#[cfg(test)]
mod tests;
