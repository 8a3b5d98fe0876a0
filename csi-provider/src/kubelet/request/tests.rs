use std::path::Path;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::*;
use crate::proto::csi::{VolumeCapability, volume_capability::MountVolume};

fn tokens() -> String {
    let claims = json!({"exp": 2_000_000_000, "kubernetes.io": {"namespace": "shop",
        "pod": {"name": "api-0", "uid": "u-1"}, "serviceaccount": {"name": "api", "uid": "u-2"}}});
    let jwt = format!("e30.{}.x", URL_SAFE_NO_PAD.encode(claims.to_string()));
    json!({"strongroom.dev": {"token": jwt, "expirationTimestamp": "2033-05-18T03:33:20Z"}}).to_string()
}

fn request() -> NodePublishVolumeRequest {
    let context = [
        (SECRET_REF, "db"),
        (EPHEMERAL, "true"),
        (POD_NAME, "api-0"),
        (POD_NAMESPACE, "shop"),
        (POD_UID, "u-1"),
        (ACCOUNT, "api"),
    ];
    let mount = MountVolume {
        volume_mount_group: "2000".into(),
        ..Default::default()
    };
    NodePublishVolumeRequest {
        volume_id: "csi-1".into(),
        target_path: "/var/lib/kubelet/pods/u-1/volumes/kubernetes.io~csi/s/mount".into(),
        volume_capability: Some(VolumeCapability {
            access_type: Some(AccessType::Mount(mount)),
            ..Default::default()
        }),
        volume_context: context
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        secrets: [(TOKENS.to_owned(), tokens())].into(),
        ..Default::default()
    }
}

fn refusal(change: impl FnOnce(&mut NodePublishVolumeRequest)) -> RequestError {
    let mut request = request();
    change(&mut request);
    publish(&request).unwrap_err()
}

#[test]
fn a_kubelets_request_is_read() {
    let publish = publish(&request()).unwrap();
    assert_eq!(publish.secret_ref.as_str(), "db");
    assert_eq!(publish.pod.namespace.as_str(), "shop");
    assert_eq!(publish.group, Some(2000));
    assert_eq!(publish.paths(Path::new("/p")).own, Path::new("/p/csi-1"));
}

/// As a kubelet before 1.35 sends it, whatever the `CSIDriver` object asks for.
fn of_an_old_kubelet() -> NodePublishVolumeRequest {
    let mut old = request();
    old.volume_context.extend(old.secrets.drain());
    old
}

#[test]
fn the_token_is_read_from_where_the_kubelet_put_it() {
    for request in [request(), of_an_old_kubelet()] {
        let publish = publish(&request).unwrap();
        assert_eq!(publish.token.expires_at().as_second(), 2_000_000_000);
    }
}

#[test]
fn tokens_in_both_places_are_refused_even_if_they_are_the_same() {
    let refused = refusal(|r| drop(r.volume_context.insert(TOKENS.into(), tokens())));
    assert_eq!(refused, RequestError::TokensTwice);
    assert!(refused.to_string().contains(TOKENS), "{refused}");
}

#[test]
fn a_call_without_any_token_says_that_it_has_none_and_one_without_ours_says_that() {
    let none = refusal(|r| r.secrets.clear());
    assert_eq!(none, TokenError::NotSent.into());
    let others = refusal(|r| {
        r.secrets
            .insert(TOKENS.into(), r#"{"vault":{"token":"x"}}"#.into());
    });
    assert_eq!(others, TokenError::Missing.into());
    assert!(
        others.to_string().contains("none for audience strongroom.dev"),
        "{others}"
    );
}

/// What a pod's author writes among the attributes is no way to another account.
#[test]
fn a_token_of_another_pod_is_refused_from_either_place() {
    for mut request in [request(), of_an_old_kubelet()] {
        request.volume_context.insert(POD_UID.into(), "u-9".into());
        assert_eq!(publish(&request).unwrap_err(), TokenError::OfAnother.into());
    }
}

#[test]
fn an_attribute_that_is_not_known_refuses_the_mount_and_is_named() {
    let refused = refusal(|r| drop(r.volume_context.insert("secretref".into(), "x".into())));
    assert_eq!(
        refused.to_string(),
        "volume attribute \"secretref\" is not known; the only one is secretRef"
    );
}

#[test]
fn each_missing_or_malformed_field_has_its_error() {
    assert_eq!(refusal(|r| r.volume_id.clear()), VolumeIdError::Missing.into());
    assert_eq!(
        refusal(|r| r.volume_id = "../x".into()),
        VolumeIdError::Malformed.into()
    );
    for target in ["", "relative", "/", "/a/../b"] {
        assert_eq!(
            refusal(|r| r.target_path = target.into()),
            RequestError::Target,
            "{target}"
        );
    }
    assert_eq!(refusal(|r| r.volume_capability = None), RequestError::Capability);
    let without = |key: &'static str| refusal(move |r| drop(r.volume_context.remove(key)));
    assert_eq!(without(EPHEMERAL), RequestError::NotInline);
    assert_eq!(without(SECRET_REF), RequestError::MissingSecretRef);
    for key in [POD_NAME, POD_NAMESPACE, POD_UID, ACCOUNT] {
        assert_eq!(without(key), RequestError::MissingPodInfo(key));
    }
    for bad in ["", "../db", "a/b", "DB"] {
        let refused = refusal(|r| drop(r.volume_context.insert(SECRET_REF.into(), bad.into())));
        assert_eq!(refused, RequestError::SecretRef, "{bad}");
    }
}

#[test]
fn taking_a_volume_away_needs_only_its_id_and_place() {
    let parse = |id: &str, target: &str| {
        unpublish(&NodeUnpublishVolumeRequest {
            volume_id: id.into(),
            target_path: target.into(),
        })
    };
    assert_eq!(parse("csi-1", "/a").unwrap().id.unwrap().as_str(), "csi-1");
    assert_eq!(parse("no/such", "/a").unwrap().id, None);
    assert_eq!(parse("", "/a"), Err(VolumeIdError::Missing.into()));
    assert_eq!(parse("csi-1", ""), Err(RequestError::Target));
}
