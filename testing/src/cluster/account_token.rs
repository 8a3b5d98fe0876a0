//! Service-account tokens as an API server signs them, and as it would not.

use aws_lc_rs::{
    encoding::AsDer,
    hmac,
    rand::SystemRandom,
    rsa::KeyPair,
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Cluster, ISSUER};

/// What a token says.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct AccountToken {
    pub namespace: String,
    pub name: String,
    pub node: String,
    pub issuer: String,
    pub audiences: Value,
    pub nbf: i64,
    pub exp: i64,
}

/// How it is signed.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the names say what is wrong with it")]
pub enum Signature {
    Right,
    None,
    HmacWithPublicKey,
    OtherKey,
    UnknownKeyId,
    Tampered,
}

impl AccountToken {
    /// An hour's token of the pod NAME-1.
    pub fn of_pod(namespace: &str, name: &str, node: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            node: node.to_owned(),
            issuer: ISSUER.to_owned(),
            audiences: json!(["strongroom.dev"]),
            nbf: now() - 5,
            exp: now() + 3600,
        }
    }

    /// The token as the cluster signs it.
    pub fn sign(&self, cluster: &Cluster) -> String {
        self.sign_as(cluster, Signature::Right)
    }

    /// The token, signed so.
    pub fn sign_as(&self, cluster: &Cluster, signature: Signature) -> String {
        let key = cluster.key();
        let (alg, kid) = match signature {
            Signature::Right | Signature::OtherKey | Signature::Tampered => ("RS256", key.id.clone()),
            Signature::None => ("none", key.id.clone()),
            Signature::HmacWithPublicKey => ("HS256", key.id.clone()),
            Signature::UnknownKeyId => ("RS256", "unknown".to_owned()),
        };
        let mut message = format!(
            "{}.{}",
            part(&json!({ "alg": alg, "kid": kid })),
            part(&self.claims())
        );
        let signed = match signature {
            Signature::Right | Signature::UnknownKeyId | Signature::Tampered => rs256(&key.pair, &message),
            Signature::None => Vec::new(),
            Signature::HmacWithPublicKey => {
                let public = key.pair.public_key().as_der().unwrap();
                hmac::sign(
                    &hmac::Key::new(hmac::HMAC_SHA256, public.as_ref()),
                    message.as_bytes(),
                )
                .as_ref()
                .to_vec()
            }
            Signature::OtherKey => rs256(&super::other_key(), &message),
        };
        if matches!(signature, Signature::Tampered) {
            let other = Self {
                name: "admin".to_owned(),
                ..self.clone()
            };
            message = format!(
                "{}.{}",
                part(&json!({ "alg": alg, "kid": kid })),
                part(&other.claims())
            );
        }
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signed))
    }

    fn claims(&self) -> Value {
        json!({
            "iss": self.issuer,
            "sub": format!("system:serviceaccount:{}:{}", self.namespace, self.name),
            "aud": self.audiences,
            "iat": self.nbf,
            "nbf": self.nbf,
            "exp": self.exp,
            "jti": "5f3c",
            "kubernetes.io": {
                "namespace": self.namespace,
                "serviceaccount": { "name": self.name, "uid": format!("uid-of-{}", self.name) },
                "pod": { "name": format!("{}-1", self.name), "uid": format!("pod-uid-of-{}", self.name) },
                "node": { "name": self.node, "uid": format!("uid-of-{}", self.node) },
            },
        })
    }
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_secs().try_into().unwrap()
}

fn part(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

fn rs256(pair: &KeyPair, message: &str) -> Vec<u8> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        message.as_bytes(),
        &mut signature,
    )
    .unwrap();
    signature
}
