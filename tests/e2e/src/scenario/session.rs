//! The identity service and the vault by the client library: for what the command line does not do.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use futures::future::BoxFuture;
use k8s_openapi::api::{
    authentication::v1::{BoundObjectReference, TokenRequest, TokenRequestSpec},
    core::v1::{ConfigMap, Pod, ServiceAccount},
};
use kube::{
    Api, ResourceExt,
    api::{ListParams, PostParams},
};
use secrecy::SecretString;
use strongroom_client::{
    Dial, Route, Server, Trust,
    identity::{Assertion, ExchangeError, IdentityClient, VaultToken},
    server::Stream,
    vault::{VaultClient, VaultRefusal},
};
use strongroom_core::{Audience, NamespaceName, VaultRef, ports};

use super::{PATIENCE, Scenario};
use strongroom_harness::installation::NAMESPACE;

/// Connections to one pod through the API server.
struct Forward {
    pods: Api<Pod>,
    pod: String,
}

impl Dial for Forward {
    fn dial(&self) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> {
        let (pods, pod) = (self.pods.clone(), self.pod.clone());
        Box::pin(async move {
            let mut forwarder = pods
                .portforward(&pod, &[ports::VAULT])
                .await
                .map_err(io::Error::other)?;
            let stream = forwarder.take_stream(ports::VAULT);
            stream
                .map(|stream| Box::new(stream) as Box<dyn Stream>)
                .ok_or_else(|| io::ErrorKind::Other.into())
        })
    }
}

/// What policy says of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the variants say it")]
pub enum Access {
    Allowed,
    Forbidden,
}

impl Scenario {
    /// A token of an account of the app for the identity service, bound to a pod as the kubelet binds it.
    pub async fn presented(&self, account: &str, pod: Option<&Pod>) -> Result<SecretString> {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client(), &self.app.name);
        let bound_object_ref = pod.map(|pod| BoundObjectReference {
            api_version: Some("v1".to_owned()),
            kind: Some("Pod".to_owned()),
            name: Some(pod.name_any()),
            uid: pod.uid(),
        });
        let request = TokenRequest {
            spec: Some(TokenRequestSpec {
                audiences: Some(vec!["strongroom.dev".to_owned()]),
                expiration_seconds: Some(600),
                bound_object_ref,
            }),
            ..TokenRequest::default()
        };
        let answer = accounts
            .create_token_request(account, &PostParams::default(), &request)
            .await?;
        let status = answer.status.context("no token")?;
        status.token.map(SecretString::from).context("no token")
    }

    /// Exchanges a token for one that the vault takes.
    pub async fn exchange(&self, presented: &SecretString) -> Result<Result<VaultToken, ExchangeError>> {
        self.exchange_trusting(presented, self.trust().await?).await
    }

    /// The same, with trust in other authorities than those that the installation publishes.
    pub async fn exchange_trusting(
        &self,
        presented: &SecretString,
        trust: Trust,
    ) -> Result<Result<VaultToken, ExchangeError>> {
        let pods: Api<Pod> = Api::namespaced(self.client(), NAMESPACE);
        let identity = ListParams::default().labels("app.kubernetes.io/component=identity");
        let pod = pods.list(&identity).await?.items.into_iter().find(is_ready);
        let pod = pod.context("no identity pod is ready")?.name_any();
        let server = Server::identity(&NAMESPACE.parse::<NamespaceName>()?);
        let server = server.by(Route::Dial(Arc::new(Forward { pods, pod })));
        let audience = Audience::Vault(self.vault_ref()?);
        let assertion = Assertion {
            subject: presented,
            actor: None,
        };
        let client = IdentityClient::new(&server, "adfs", trust);
        Ok(client.exchange(assertion, &audience).await)
    }

    fn vault_ref(&self) -> Result<VaultRef> {
        Ok(VaultRef::new(self.vault.name.parse()?, "prod".parse()?))
    }

    /// The vault, asked at its pod whether that is ready or not.
    pub async fn client_of_vault(&self) -> Result<VaultClient> {
        self.vault_trusting(self.trust().await?)
    }

    /// The same, with trust in other authorities than those that the installation publishes.
    pub fn vault_trusting(&self, trust: Trust) -> Result<VaultClient> {
        let pods: Api<Pod> = Api::namespaced(self.client(), &self.vault.name);
        let route = Route::Dial(Arc::new(Forward {
            pods,
            pod: "prod-0".to_owned(),
        }));
        let server = Server::vault(&self.vault_ref()?).by(route);
        Ok(VaultClient::new(&server, trust))
    }

    /// The vault and a token of an account of the app.
    pub async fn session(&self, account: &str) -> Result<(VaultClient, VaultToken)> {
        let presented = self.presented(account, None).await?;
        let token = self.exchange(&presented).await??;
        Ok((self.client_of_vault().await?, token))
    }

    /// Asks for a secret until it is answered, or until policy forbids it; returns how long that took. Fails on every other
    /// refusal, and after [`PATIENCE`].
    pub async fn bites(
        &self,
        (vault, token): &(VaultClient, VaultToken),
        secret: &str,
        wanted: Access,
    ) -> Result<Duration> {
        let name = secret.parse()?;
        let changed = Instant::now();
        loop {
            let answer = vault.get_secret(token, &name, None).await;
            // As of the answer: a request that a slow machine holds up is not counted twice.
            let after = changed.elapsed();
            let access = match &answer {
                Ok(_) => Access::Allowed,
                Err(error) if error.refusal().is_some_and(VaultRefusal::is_forbidden) => Access::Forbidden,
                Err(error) => bail!("{secret}: {error}"),
            };
            if access == wanted {
                return Ok(after);
            }
            ensure!(after < PATIENCE, "{secret} is still {access:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Whom clients of this installation trust.
    pub async fn trust(&self) -> Result<Trust> {
        let maps: Api<ConfigMap> = Api::namespaced(self.client(), NAMESPACE);
        let map = maps.get("strongroom-trust-bundle").await?;
        let bundle = map.data.and_then(|mut data| data.remove("ca.crt"));
        Ok(Trust::from_pem(
            bundle.context("the trust bundle is empty")?.as_bytes(),
        )?)
    }
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod
        .status
        .as_ref()
        .and_then(|status| status.conditions.as_deref());
    pod.metadata.deletion_timestamp.is_none()
        && conditions
            .unwrap_or_default()
            .iter()
            .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}
