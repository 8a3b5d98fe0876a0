//! One exchange, from the form to the signed token.

use std::time::{SystemTime, UNIX_EPOCH};

use kube::Client;
use secrecy::{ExposeSecret, SecretString};
use strongroom_core::ServiceAccount;
use uuid::Uuid;

use crate::{
    cluster_keys::ClusterKeys,
    form::TokenRequest,
    grant::{self, Minter, Validity},
    metrics::Metrics,
    presented::{self, Presented, PresentedError, Rules, header_of},
    refusal::Refusal,
    review::{self, ReviewError},
    settings::Settings,
    signing_key::SigningKey,
};

/// Everything an exchange needs.
pub(crate) struct Exchange {
    pub(crate) settings: Settings,
    pub(crate) client: Client,
    pub(crate) cluster_keys: ClusterKeys,
    pub(crate) signing_key: SigningKey,
    pub(crate) metrics: Metrics,
}

/// A vault token and how many seconds it lives.
#[derive(Debug)]
pub(crate) struct Minted {
    pub(crate) token: SecretString,
    pub(crate) lives: i64,
}

/// A token that the cluster vouches for.
struct Vouched {
    account: ServiceAccount,
    expires_at: i64,
}

/// Which of the two presented tokens an error is about.
#[derive(Clone, Copy)]
enum Role {
    Subject,
    Actor,
}

impl Role {
    fn presented(self, error: PresentedError) -> Refusal {
        match self {
            Self::Subject => Refusal::Subject(error),
            Self::Actor => Refusal::ActorToken(error),
        }
    }

    fn review(self, error: ReviewError) -> Refusal {
        match self {
            Self::Subject => Refusal::SubjectReview(error),
            Self::Actor => Refusal::ActorReview(error),
        }
    }
}

impl Exchange {
    /// Mints a vault token. What costs nothing is checked first, the API server is asked last.
    pub(crate) async fn mint(&self, request: TokenRequest) -> Result<Minted, Refusal> {
        let audience = self.settings.resources.audience_of(&request.scope)?;
        let subject = self.verify(Role::Subject, &request.subject).await?;
        let actor = match &request.actor {
            Some(token) => Some((token, self.verify(Role::Actor, token).await?)),
            None => None,
        };
        // Side by side: a pod that starts waits for both.
        let reviews = tokio::join!(self.review(Role::Subject, &request.subject, subject), async {
            match actor {
                Some((token, presented)) => self.review(Role::Actor, token, presented).await.map(Some),
                None => Ok(None),
            }
        });
        let (subject, actor) = (reviews.0?, reviews.1?);
        if let Some(actor) = actor {
            grant::check_actor(&actor.account, &self.settings.node_driver, &subject.account)?;
        }
        self.sign(subject, audience, request.client_id, request.actor.is_some())
    }

    async fn verify(&self, role: Role, token: &SecretString) -> Result<Presented, Refusal> {
        let refused = |error| role.presented(error);
        let token = token.expose_secret();
        let header = header_of(token).map_err(refused)?;
        let trusted = self.cluster_keys.with(&header.key_id).await?;
        let key = trusted.keys.find(&header).map_err(refused)?;
        let rules = Rules {
            issuers: &trusted.issuers,
            audiences: &self.settings.audiences,
        };
        presented::verify(token, &header, key, rules, now()).map_err(refused)
    }

    async fn review(
        &self,
        role: Role,
        token: &SecretString,
        presented: Presented,
    ) -> Result<Vouched, Refusal> {
        let audiences = &self.settings.audiences;
        let reviewed = match review::review(&self.client, token.expose_secret(), audiences).await {
            Ok(status) => review::account_of(status, audiences, &presented),
            Err(error) => Err(error),
        };
        self.metrics.reviewed(&reviewed);
        let account = reviewed.map_err(|error| role.review(error))?;
        Ok(Vouched {
            account,
            expires_at: presented.expires_at,
        })
    }

    fn sign(
        &self,
        subject: Vouched,
        audience: String,
        client_id: Option<String>,
        by_driver: bool,
    ) -> Result<Minted, Refusal> {
        // The reviews took time: the token may have expired meanwhile.
        let now = now();
        let expires_at = grant::expiry(now, subject.expires_at, by_driver)
            .ok_or(Refusal::Subject(PresentedError::Expired))?;
        let minter = Minter {
            issuer: &self.settings.issuer,
            tenant: &self.settings.tenant,
        };
        let id = Uuid::new_v4().to_string();
        let validity = Validity { now, expires_at };
        let claims = grant::claims(minter, subject.account, audience, client_id, validity, id);
        let token = self.signing_key.sign(&claims)?.into();
        tracing::info!(
            sub = claims.sub,
            aud = claims.aud,
            jti = claims.jti,
            expires_at,
            by_driver,
            "token minted"
        );
        Ok(Minted {
            token,
            lives: expires_at - now,
        })
    }
}

/// Seconds since 1970.
fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX)
}
