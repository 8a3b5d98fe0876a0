//! What of a volume's own definition, or of the cluster's set-up, keeps it from being mounted.

use strongroom_core::{Advice, advise};

use super::Row;
use crate::{driver::request::RequestError, pod::TokenError, volume::id::VolumeIdError};

pub(super) fn rows() -> Vec<Row> {
    let ids = ids().into_iter().map(|(error, advice)| (error.into(), advice));
    let tokens = tokens().into_iter().map(|(error, advice)| (error.into(), advice));
    let all = requests().into_iter().chain(ids).chain(tokens);
    all.map(|(error, advice): (RequestError, _)| (error.into(), advice))
        .collect()
}

/// Of what no kubelet sends.
const NO_KUBELET: Advice = Advice {
    cause: "Something other than a kubelet calls the node driver.",
    cure: "Find out what calls the driver's socket.",
};

/// Of what a kubelet leaves out that was not told to send it.
const DRIVER_OBJECT: Advice = Advice {
    cause: "The CSIDriver object `csi.strongroom.dev` was changed.",
    cure: "Install the chart's: `helm upgrade`.",
};

advise! { requests(): RequestError;
    RequestError::Id(_) | RequestError::Token(_), [], "", "";
    RequestError::Target | RequestError::Group | RequestError::PodInfo { .. },
        [RequestError::Target, RequestError::Group, RequestError::PodInfo { key: "csi.storage.k8s.io/pod.uid" }],
        NO_KUBELET.cause, NO_KUBELET.cure;
    RequestError::Capability, [RequestError::Capability],
        "The volume is asked for as a block device.",
        "Mount it as a directory: `volumeMounts`, not `volumeDevices`.";
    RequestError::NotInline, [RequestError::NotInline],
        "A PersistentVolume names the driver.",
        "Write the volume into the pod: `volumes: [{name: …, csi: {driver: csi.strongroom.dev, …}}]`.";
    RequestError::UnknownAttribute(_), [RequestError::UnknownAttribute("secretref".to_owned())],
        "The pod's `volumeAttributes` have a misspelled word, or one of another driver.",
        "Leave `secretRef` alone in `volumeAttributes`.";
    RequestError::TokensTwice, [RequestError::TokensTwice],
        "The pod's `volumeAttributes` have what only the kubelet may say.",
        "Take it out of the pod.";
    RequestError::MissingPodInfo(_), [RequestError::MissingPodInfo("csi.storage.k8s.io/pod.name")],
        DRIVER_OBJECT.cause, DRIVER_OBJECT.cure;
    RequestError::MissingSecretRef, [RequestError::MissingSecretRef],
        "The pod's `volumeAttributes` do not say which SecretRef to mount.",
        "Add `volumeAttributes: {secretRef: NAME}`.";
    RequestError::SecretRef, [RequestError::SecretRef],
        "The attribute holds a path or a namespace.",
        "Give the name alone: a pod mounts SecretRefs of its own namespace.";
}

advise! { ids(): VolumeIdError;
    VolumeIdError::Missing | VolumeIdError::Malformed, [VolumeIdError::Missing, VolumeIdError::Malformed],
        NO_KUBELET.cause, NO_KUBELET.cure;
}

advise! { tokens(): TokenError;
    TokenError::NotSent | TokenError::Missing, [TokenError::NotSent, TokenError::Missing],
        DRIVER_OBJECT.cause, DRIVER_OBJECT.cure;
    TokenError::Malformed, [TokenError::Malformed], NO_KUBELET.cause, NO_KUBELET.cure;
    TokenError::NotOfAPod, [TokenError::NotOfAPod],
        "The cluster's tokens are of another form than Kubernetes' own.",
        "Use the API server's own service-account tokens.";
    TokenError::OfAnother, [TokenError::OfAnother],
        "Something poses as the kubelet, or a pod of the same name was made again this moment.",
        "Delete the pod. If it stays, find out what calls the driver's socket.";
}
