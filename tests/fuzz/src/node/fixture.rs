//! A pod, and its token.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use strongroom_csi::pod::{Pod, PodToken};

/// The pod.
pub(super) fn pod() -> Pod {
    Pod {
        namespace: "shop".parse().unwrap(),
        name: "api-0".parse().unwrap(),
        uid: "u-1".parse().unwrap(),
        account: "api".parse().unwrap(),
    }
}

/// Its token as the kubelet has it; the signature is the identity service's to judge.
pub(super) fn jwt() -> String {
    let claims = json!({"exp": 4_000_000_000_u64, "kubernetes.io": {"namespace": "shop",
        "pod": {"name": "api-0", "uid": "u-1"}, "serviceaccount": {"name": "api", "uid": "u-2"}}});
    format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// Its token as the node driver has it.
pub(super) fn pod_token() -> PodToken {
    PodToken::checked(jwt().into(), &pod()).unwrap()
}
