//! The pod's service-account token, as the kubelet hands it over.
//!
//! Its claims are read here without its signature: only the identity service decides whether it is genuine. They are
//! compared with what the kubelet says of the pod, so that one pod's volume is never filled with another's token.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use strongroom_wire::token::SERVICE_ACCOUNT_AUDIENCE;
use zeroize::Zeroizing;

use super::Pod;

/// The longest token that is looked at: the kubelet's have about 1 KiB.
const MAX_LENGTH: usize = 16 * 1024;

/// A service-account token bound to a pod. Never printed.
#[derive(Clone)]
pub struct PodToken {
    token: SecretString,
    expires_at: Timestamp,
}

/// Why the kubelet's token cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The kubelet sent no tokens at all.
    #[error(
        "the kubelet sent no service-account tokens, neither among the secrets of the call nor among the volume's attributes: the CSIDriver object csi.strongroom.dev has no tokenRequests"
    )]
    NotSent,
    /// It sent tokens, and none of them is ours.
    #[error(
        "the kubelet sent service-account tokens, but none for audience strongroom.dev: the CSIDriver object csi.strongroom.dev lacks it in tokenRequests"
    )]
    Missing,
    /// The kubelet's JSON cannot be read.
    #[error("the kubelet's service-account tokens cannot be read")]
    Malformed,
    /// It is no JWT of a pod.
    #[error("the service-account token is not one that is bound to a pod")]
    NotOfAPod,
    /// It belongs to another pod or account than the volume.
    #[error("the service-account token belongs to another pod or service account than the volume")]
    OfAnother,
}

/// The kubelet's tokens: an object from audience to token.
#[derive(Deserialize)]
struct Tokens {
    #[serde(rename = "strongroom.dev")]
    ours: Option<Issued>,
}

#[derive(Deserialize)]
struct Issued {
    token: SecretString,
}

#[derive(Deserialize)]
struct Claims {
    exp: i64,
    #[serde(rename = "kubernetes.io")]
    kubernetes: Kubernetes,
}

#[derive(Deserialize)]
struct Kubernetes {
    namespace: String,
    pod: Named,
    serviceaccount: Named,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    uid: String,
}

impl PodToken {
    /// Reads the kubelet's tokens, picks ours, and checks that it is `pod`'s.
    pub fn from_kubelet(json: &str, pod: &Pod) -> Result<Self, TokenError> {
        debug_assert_eq!(SERVICE_ACCOUNT_AUDIENCE, "strongroom.dev");
        if json.len() > 4 * MAX_LENGTH {
            return Err(TokenError::Malformed);
        }
        let tokens: Tokens = serde_json::from_str(json).map_err(|_| TokenError::Malformed)?;
        Self::checked(tokens.ours.ok_or(TokenError::Missing)?.token, pod)
    }

    /// Checks that `token` is `pod`'s.
    pub fn checked(token: SecretString, pod: &Pod) -> Result<Self, TokenError> {
        let claims = claims(&token).ok_or(TokenError::NotOfAPod)?;
        let account = &claims.kubernetes;
        let same = account.namespace == pod.namespace.as_str()
            && account.pod.uid == pod.uid.as_str()
            && account.pod.name == pod.name.as_str()
            && account.serviceaccount.name == pod.account.as_str();
        let expires_at = Timestamp::from_second(claims.exp).map_err(|_| TokenError::NotOfAPod)?;
        if same {
            Ok(Self { token, expires_at })
        } else {
            Err(TokenError::OfAnother)
        }
    }

    /// The token, for the exchange and for the node driver's own state.
    pub const fn secret(&self) -> &SecretString {
        &self.token
    }

    /// When it expires.
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Whether this is the same token.
    pub fn is(&self, other: &Self) -> bool {
        self.token.expose_secret() == other.token.expose_secret()
    }
}

fn claims(token: &SecretString) -> Option<Claims> {
    let token = token.expose_secret();
    if token.len() > MAX_LENGTH {
        return None;
    }
    let mut parts = token.split('.');
    let (_, payload, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    let json = Zeroizing::new(URL_SAFE_NO_PAD.decode(payload).ok()?);
    serde_json::from_slice(&json).ok()
}

impl fmt::Debug for PodToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PodToken")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod() -> Pod {
        Pod {
            namespace: "shop".parse().unwrap(),
            name: "api-0".parse().unwrap(),
            uid: "7f0c7a2e-0b5d-4f7e-9d2c-3a5b8c9d0e1f".parse().unwrap(),
            account: "api".parse().unwrap(),
        }
    }

    fn jwt(claims: &serde_json::Value) -> String {
        format!(
            "{}.{}.sig",
            URL_SAFE_NO_PAD.encode("{}"),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        )
    }

    fn claims_of(pod: &Pod) -> serde_json::Value {
        json!({"exp": 2_000_000_000, "kubernetes.io": {
            "namespace": pod.namespace.as_str(),
            "pod": {"name": pod.name.as_str(), "uid": pod.uid.as_str()},
            "serviceaccount": {"name": pod.account.as_str(), "uid": "u"},
        }})
    }

    fn kubelets(token: &str) -> String {
        json!({"strongroom.dev": {"token": token, "expirationTimestamp": "2033-05-18T03:33:20Z"}, "other": {"token": "x"}})
            .to_string()
    }

    #[test]
    fn the_token_of_the_volumes_pod_is_taken() {
        let token = PodToken::from_kubelet(&kubelets(&jwt(&claims_of(&pod()))), &pod()).unwrap();
        assert_eq!(token.expires_at().as_second(), 2_000_000_000);
        assert!(!format!("{token:?}").contains(token.secret().expose_secret()));
    }

    #[test]
    fn the_token_of_another_pod_account_or_namespace_is_refused() {
        for pointer in [
            "/kubernetes.io/namespace",
            "/kubernetes.io/pod/uid",
            "/kubernetes.io/pod/name",
            "/kubernetes.io/serviceaccount/name",
        ] {
            let mut claims = claims_of(&pod());
            *claims.pointer_mut(pointer).unwrap() = json!("other");
            let refused = PodToken::from_kubelet(&kubelets(&jwt(&claims)), &pod());
            assert_eq!(refused.err(), Some(TokenError::OfAnother), "{pointer}");
        }
    }

    #[test]
    fn a_missing_a_malformed_and_a_foreign_token_have_errors_of_their_own() {
        let read = |json: &str| PodToken::from_kubelet(json, &pod()).err();
        assert_eq!(read(r#"{"api":{"token":"x"}}"#), Some(TokenError::Missing));
        assert_eq!(read("{"), Some(TokenError::Malformed));
        for bad in [
            "",
            "a.b",
            "a.b.c.d",
            "a.!.c",
            &"x".repeat(MAX_LENGTH + 1),
            &jwt(&json!({"exp": 1})),
        ] {
            assert_eq!(read(&kubelets(bad)), Some(TokenError::NotOfAPod), "{bad}");
        }
    }
}
