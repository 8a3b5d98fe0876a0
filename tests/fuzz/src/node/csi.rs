//! The kubelet's requests to mount and to unmount.

use std::path::{Component, Path};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use prost::Message as _;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use strongroom_csi::{
    driver::request::Publish,
    kubelet::request,
    proto::csi::{
        NodePublishVolumeRequest, NodeUnpublishVolumeRequest, VolumeCapability,
        volume_capability::{AccessType, MountVolume},
    },
};

use super::fixture::{jwt, pod};
use crate::{Seed, Verdict, input::chosen};

/// Where the node driver's own mounts are.
const VOLUMES: &str = "/plugin/volumes";
/// The key under which the kubelet puts its tokens.
const TOKENS: &str = "csi.storage.k8s.io/serviceAccount.tokens";

/// The first byte chooses: a request to mount, or one to unmount.
///
/// - Whatever is mounted lies in the node driver's own directory, directly, and at a target without a way back.
/// - The token is one of the pod that the request names, and from the only place that has tokens.
/// - An error repeats no token, and is a short line.
pub fn csi_request(input: &[u8]) -> Verdict {
    let Some((choice, input)) = input.split_first() else {
        return Verdict::Refused;
    };
    match choice % 2 {
        0 => publish(input),
        _ => unpublish(input),
    }
}

fn publish(input: &[u8]) -> Verdict {
    let Ok(request) = NodePublishVolumeRequest::decode(input) else {
        return Verdict::Refused;
    };
    let published = request::publish(&request);
    match &published {
        Ok(publish) => {
            let in_secrets = request.secrets.get(TOKENS).into_iter();
            let mut held = in_secrets.chain(request.volume_context.get(TOKENS));
            let tokens = held.next().unwrap();
            assert_eq!(held.next(), None, "one of two was chosen");
            judge(publish, tokens);
        }
        Err(error) => {
            let said = error.to_string();
            assert!(
                said.len() <= 2048 && !said.chars().any(char::is_control),
                "{said}"
            );
        }
    }
    Verdict::of(&published)
}

fn judge(publish: &Publish, tokens: &str) {
    let paths = publish.paths(Path::new(VOLUMES));
    assert_eq!(
        paths.own.parent(),
        Some(Path::new(VOLUMES)),
        "{}",
        paths.own.display()
    );
    must_be_plain(&paths.own);
    must_be_plain(&paths.target);
    let tokens: Value = serde_json::from_str(tokens).unwrap();
    let token = publish.token.secret().expose_secret();
    assert_eq!(tokens["strongroom.dev"]["token"], token);
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    let of = &claims["kubernetes.io"];
    assert_eq!(of["namespace"], publish.pod.namespace.as_str());
    assert_eq!(of["pod"]["name"], publish.pod.name.as_str());
    assert_eq!(of["pod"]["uid"], publish.pod.uid.as_str());
    assert_eq!(of["serviceaccount"]["name"], publish.pod.account.as_str());
    assert!(!format!("{publish:?}").contains(token), "a token is printed");
}

fn unpublish(input: &[u8]) -> Verdict {
    let Ok(request) = NodeUnpublishVolumeRequest::decode(input) else {
        return Verdict::Refused;
    };
    let unpublish = request::unpublish(&request);
    if let Ok(unpublish) = &unpublish {
        must_be_plain(&unpublish.target);
        if let Some(id) = &unpublish.id {
            let own = Path::new(VOLUMES).join(id.as_str());
            assert_eq!(own.parent(), Some(Path::new(VOLUMES)));
            must_be_plain(&own);
        }
    }
    Verdict::of(&unpublish)
}

/// An absolute path without a way back, that names something.
fn must_be_plain(path: &Path) {
    assert!(
        path.is_absolute() && path.file_name().is_some(),
        "{}",
        path.display()
    );
    let mut parts = path.components();
    assert!(
        parts.all(|part| matches!(part, Component::RootDir | Component::Normal(_))),
        "{}",
        path.display()
    );
}

/// The kubelet's requests, and some that are refused.
pub fn seeds() -> Vec<Seed> {
    let tokens = json!({"strongroom.dev": {"token": jwt(), "expirationTimestamp": "2033-05-18T03:33:20Z"}})
        .to_string();
    let pod = pod();
    let publish = |change: &dyn Fn(&mut NodePublishVolumeRequest)| {
        // One entry each, since the order of several differs from run to run.
        let mut request = NodePublishVolumeRequest {
            volume_id: "csi-1".into(),
            target_path: "/var/lib/kubelet/pods/u-1/volumes/kubernetes.io~csi/s/mount".into(),
            volume_capability: Some(VolumeCapability {
                access_type: Some(AccessType::Mount(MountVolume {
                    volume_mount_group: "2000".into(),
                    ..Default::default()
                })),
                ..Default::default()
            }),
            ..Default::default()
        };
        change(&mut request);
        let mut bytes = request.encode_to_vec();
        let context = [
            ("secretRef", "db"),
            ("csi.storage.k8s.io/ephemeral", "true"),
            ("csi.storage.k8s.io/pod.name", pod.name.as_str()),
            ("csi.storage.k8s.io/pod.namespace", pod.namespace.as_str()),
            ("csi.storage.k8s.io/pod.uid", pod.uid.as_str()),
            ("csi.storage.k8s.io/serviceAccount.name", pod.account.as_str()),
        ];
        for (key, value) in context {
            let entry = NodePublishVolumeRequest {
                volume_context: [(key.to_owned(), value.to_owned())].into(),
                ..Default::default()
            };
            bytes.extend(entry.encode_to_vec());
        }
        bytes
    };
    let held = || [(TOKENS.to_owned(), tokens.clone())].into();
    let in_secrets = |request: &mut NodePublishVolumeRequest| request.secrets = held();
    let in_context = |request: &mut NodePublishVolumeRequest| request.volume_context = held();
    let in_both = |request: &mut NodePublishVolumeRequest| {
        in_secrets(request);
        in_context(request);
    };
    let unpublish = NodeUnpublishVolumeRequest {
        volume_id: "csi-1".into(),
        target_path: "/var/lib/kubelet/pods/u-1/volumes/kubernetes.io~csi/s/mount".into(),
    };
    let elsewhere = NodeUnpublishVolumeRequest {
        target_path: "/a/../b".into(),
        ..unpublish.clone()
    };
    vec![
        Seed::taken("publish", chosen(0, &publish(&in_secrets))),
        Seed::taken("publish-as-of-old", chosen(0, &publish(&in_context))),
        Seed::refused("no-token", chosen(0, &publish(&|_| ()))),
        Seed::refused("tokens-in-both-places", chosen(0, &publish(&in_both))),
        Seed::refused(
            "way-back",
            chosen(0, &publish(&|r| r.target_path = "/a/../b".into())),
        ),
        Seed::refused(
            "id-with-a-way-back",
            chosen(0, &publish(&|r| r.volume_id = "../x".into())),
        ),
        Seed::taken("unpublish", chosen(1, &unpublish.encode_to_vec())),
        Seed::refused("unpublish-elsewhere", chosen(1, &elsewhere.encode_to_vec())),
    ]
}
