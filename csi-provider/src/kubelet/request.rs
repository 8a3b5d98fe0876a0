//! The kubelet's requests as the node driver's own, parsed once.

use std::{
    collections::HashMap,
    path::{Component, PathBuf},
};

use strongroom_core::name::NameError;

use crate::{
    driver::request::{Publish, RequestError, Unpublish},
    pod::{Pod, PodToken, TokenError},
    proto::csi::{NodePublishVolumeRequest, NodeUnpublishVolumeRequest, volume_capability::AccessType},
    volume::id::VolumeIdError,
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

/// Reads a request.
pub fn publish(request: &NodePublishVolumeRequest) -> Result<Publish, RequestError> {
    let id = request.volume_id.parse()?;
    let target = target(&request.target_path)?;
    let group = group(request)?;
    let context = &request.volume_context;
    check_attributes(context)?;
    let pod = pod(context)?;
    let secret_ref = context.get(SECRET_REF).ok_or(RequestError::MissingSecretRef)?;
    let secret_ref = secret_ref.parse().map_err(|_| RequestError::SecretRef)?;
    let token = PodToken::from_kubelet(tokens(request)?, &pod)?;
    Ok(Publish {
        id,
        target,
        pod,
        secret_ref,
        group,
        token,
    })
}

/// Reads a request. Only what is missing is an error: a pod must be able to end.
pub fn unpublish(request: &NodeUnpublishVolumeRequest) -> Result<Unpublish, RequestError> {
    let id = match request.volume_id.parse() {
        Err(VolumeIdError::Missing) => return Err(VolumeIdError::Missing.into()),
        Err(VolumeIdError::Malformed) => None,
        Ok(id) => Some(id),
    };
    Ok(Unpublish {
        id,
        target: target(&request.target_path)?,
    })
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

/// The kubelet's tokens: among the secrets where the `CSIDriver` object asks for that and the kubelet knows it (from 1.35
/// on), else among the attributes. Each request shows which, so that nodes of several releases may stand beside each
/// other. A pod's author can write either place too, and gains nothing: a token counts only if it is the pod's own.
fn tokens(request: &NodePublishVolumeRequest) -> Result<&str, RequestError> {
    match (request.secrets.get(TOKENS), request.volume_context.get(TOKENS)) {
        (Some(tokens), None) | (None, Some(tokens)) => Ok(tokens),
        (Some(_), Some(_)) => Err(RequestError::TokensTwice),
        (None, None) => Err(TokenError::NotSent.into()),
    }
}

fn check_attributes(context: &HashMap<String, String>) -> Result<(), RequestError> {
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
