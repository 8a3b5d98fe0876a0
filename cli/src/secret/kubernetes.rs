//! Values of a Kubernetes Secret.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;
use secrecy::SecretString;
use strongroom_client::vault::{NewSecret, SecretChange};
use zeroize::Zeroizing;

use super::{
    ReadyRequest,
    many::{ManyRequest, NamedSecret},
    new_version::Valueless,
    source,
};
use crate::{
    Failure,
    arguments::{Global, KubernetesKey, KubernetesSecret},
    cluster::Cluster,
    failure::SecretFailure,
    output::ObjectOutput,
    value,
};

/// A command that needs a Kubernetes Secret.
pub(crate) struct KubernetesRequest {
    secret: KubernetesSecret,
    wanted: Wanted,
}

enum Wanted {
    /// One of its values.
    Value {
        key: Option<String>,
        valueless: Box<Valueless>,
    },
    /// All of them.
    Import { dry_run: bool, output: ObjectOutput },
}

/// What a Kubernetes Secret holds, by its keys.
pub(super) type Data = BTreeMap<String, Zeroizing<Vec<u8>>>;

/// Reads a Secret as the user of the kubeconfig.
pub(super) async fn read(secret: &KubernetesSecret, global: &Global) -> Result<Data, Failure> {
    let cluster = Cluster::connect(global).await?;
    let found = cluster
        .namespaced::<Secret>(&secret.namespace)
        .get(&secret.name)
        .await
        .map_err(Failure::cluster("get", "secrets", &secret.namespace))?;
    let data = found.data.unwrap_or_default();
    Ok(data
        .into_iter()
        .map(|(key, bytes)| (key, Zeroizing::new(bytes.0)))
        .collect())
}

impl KubernetesRequest {
    /// One value of it, as the value of a new version.
    pub(super) fn value(key: KubernetesKey, valueless: Valueless) -> Self {
        Self {
            secret: key.secret,
            wanted: Wanted::Value {
                key: key.key,
                valueless: Box::new(valueless),
            },
        }
    }

    /// All of it, a secret for each key.
    pub(super) const fn import(secret: KubernetesSecret, dry_run: bool, output: ObjectOutput) -> Self {
        Self {
            secret,
            wanted: Wanted::Import { dry_run, output },
        }
    }

    /// The Secret that it needs.
    pub(super) const fn secret(&self) -> &KubernetesSecret {
        &self.secret
    }

    /// The command with what the Secret holds.
    pub(super) fn complete(self, data: &Data) -> Result<ReadyRequest, Failure> {
        let path = format!("{}/{}", self.secret.namespace, self.secret.name);
        match self.wanted {
            Wanted::Value { key, valueless } => {
                let key = one_key(&path, key, data)?;
                let bytes = data.get(&key).map(|bytes| bytes.as_slice()).unwrap_or_default();
                let value = text(&path, &key, bytes, valueless.trim_newline)?;
                source::warn_of_newline(&value);
                Ok(valueless.with(value))
            }
            Wanted::Import { dry_run, output } => {
                if data.is_empty() {
                    return Err(SecretFailure::NoSecrets(format!("the Kubernetes Secret {path}")).into());
                }
                let named = data.iter().map(|(key, bytes)| named(&path, key, bytes));
                let secrets = named.collect::<Result<Vec<_>, _>>()?;
                Ok(ReadyRequest::Many(ManyRequest::new(secrets, dry_run, output)?))
            }
        }
    }
}

/// The key that is meant.
fn one_key(path: &str, key: Option<String>, data: &Data) -> Result<String, SecretFailure> {
    let keys = || {
        let keys: Vec<_> = data.keys().map(String::as_str).collect();
        if keys.is_empty() {
            "no key".to_owned()
        } else {
            keys.join(", ")
        }
    };
    match key {
        Some(key) if data.contains_key(&key) => Ok(key),
        Some(key) => Err(SecretFailure::NoKey {
            secret: path.to_owned(),
            key,
            keys: keys(),
        }),
        None => {
            let only = data.keys().next().filter(|_| data.len() == 1);
            only.cloned().ok_or_else(|| SecretFailure::WhichKey {
                secret: path.to_owned(),
                keys: keys(),
            })
        }
    }
}

fn named(path: &str, key: &str, bytes: &[u8]) -> Result<NamedSecret, SecretFailure> {
    let name = key
        .replace(['_', '.'], "-")
        .parse()
        .map_err(|_| SecretFailure::KeyName {
            secret: path.to_owned(),
            key: key.to_owned(),
        })?;
    let new = NewSecret {
        value: text(path, key, bytes, false)?,
        about: SecretChange::default(),
    };
    Ok(NamedSecret { name, new })
}

fn text(path: &str, key: &str, bytes: &[u8], trim_newline: bool) -> Result<SecretString, SecretFailure> {
    value::text(bytes, trim_newline).map_err(|_| SecretFailure::KeyValue {
        secret: path.to_owned(),
        key: key.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(pairs: &[(&str, &[u8])]) -> Data {
        let own = |(key, bytes): &(&str, &[u8])| ((*key).to_owned(), Zeroizing::new(bytes.to_vec()));
        pairs.iter().map(own).collect()
    }

    fn import(pairs: &[(&str, &[u8])]) -> Result<String, String> {
        let secret = "shop/db".parse().unwrap();
        let request = KubernetesRequest::import(secret, true, ObjectOutput::Name);
        let request = request
            .complete(&data(pairs))
            .map_err(|failure| format!("{failure} {failure:?}"))?;
        match request.without_vault().unwrap().unwrap() {
            crate::printed::Printed::Text(text) => Ok(text),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_key_becomes_a_secret() {
        let names = import(&[("DB_PASSWORD", b"x"), ("tls.crt", b"y")]).unwrap();
        assert_eq!(names, "secret/db-password\nsecret/tls-crt\n");
    }

    #[test]
    fn what_no_secret_can_be_is_refused_by_its_key_and_without_its_value() {
        for (pairs, said) in [
            (&[][..], "the Kubernetes Secret shop/db holds no secret"),
            (
                &[("a", &b"CANARY\xff"[..])],
                "key a of the Kubernetes Secret shop/db is not UTF-8 text",
            ),
            (
                &[("a_b", &b"CANARY"[..]), ("a.b", b"CANARY")],
                "two of the secrets are called a-b",
            ),
        ] {
            let refused = import(pairs).unwrap_err();
            assert!(refused.contains(said), "{refused}");
            assert!(!refused.contains("CANARY"), "{refused}");
        }
    }

    #[test]
    fn a_key_may_be_left_out_where_there_is_one() {
        let (one, two) = (data(&[("a", b"x")]), data(&[("a", b"x"), ("b", b"y")]));
        assert_eq!(one_key("shop/db", None, &one).unwrap(), "a");
        assert_eq!(one_key("shop/db", Some("b".to_owned()), &two).unwrap(), "b");
        for (key, data, said) in [
            (None, &two, "Give shop/db:KEY; the Kubernetes Secret has a, b"),
            (None, &Data::new(), "has no key"),
            (Some("c".to_owned()), &two, "has no key c; it has a, b"),
        ] {
            let refused = one_key("shop/db", key, data).unwrap_err().to_string();
            assert!(refused.contains(said), "{refused}");
        }
    }
}
