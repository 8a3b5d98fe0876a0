//! One exchange, from the form to the signed token.

use kube::Client;
use secrecy::{ExposeSecret, SecretString};
use strongroom_core::ServiceAccount;
use uuid::Uuid;

use crate::{
    clock::Clock,
    cluster_keys::ClusterKeys,
    form::TokenRequest,
    grant::{self, Minter, Validity},
    metrics::Metrics,
    presented::{self, PresentedError, PresentedRules, PresentedToken, read_header},
    refusal::ExchangeRefusal,
    review::{self, ReviewError},
    settings::Settings,
    signing_key::SigningKey,
};

/// Everything an exchange needs.
pub(crate) struct Exchange {
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    pub(crate) client: Client,
    pub(crate) cluster_keys: ClusterKeys,
    pub(crate) signing_key: SigningKey,
    pub(crate) metrics: Metrics,
}

/// A vault token and its lifetime in seconds.
#[derive(Debug)]
pub(crate) struct MintedToken {
    pub(crate) token: SecretString,
    pub(crate) lifetime_seconds: i64,
}

/// A token that the cluster vouches for.
struct ReviewedToken {
    account: ServiceAccount,
    expires_at: i64,
}

/// The one of the two presented tokens that an error is about.
#[derive(Clone, Copy)]
enum TokenRole {
    Subject,
    Actor,
}

impl TokenRole {
    fn presented(self, error: PresentedError) -> ExchangeRefusal {
        match self {
            Self::Subject => ExchangeRefusal::Subject(error),
            Self::Actor => ExchangeRefusal::ActorToken(error),
        }
    }

    fn review(self, error: ReviewError) -> ExchangeRefusal {
        match self {
            Self::Subject => ExchangeRefusal::SubjectReview(error),
            Self::Actor => ExchangeRefusal::ActorReview(error),
        }
    }
}

impl Exchange {
    /// Mints a vault token. Checks that cost nothing come first, the calls of the API server last.
    pub(crate) async fn mint(&self, request: TokenRequest) -> Result<MintedToken, ExchangeRefusal> {
        let audience = self.settings.resources.audience_of(&request.scope)?;
        let subject = self.verify(TokenRole::Subject, &request.subject).await?;
        let actor = match &request.actor {
            Some(token) => Some((token, self.verify(TokenRole::Actor, token).await?)),
            None => None,
        };
        // At the same time: a pod that starts waits for both.
        let reviews = tokio::join!(
            self.review(TokenRole::Subject, &request.subject, subject),
            async {
                match actor {
                    Some((token, presented)) => {
                        self.review(TokenRole::Actor, token, presented).await.map(Some)
                    }
                    None => Ok(None),
                }
            }
        );
        let (subject, actor) = (reviews.0?, reviews.1?);
        if let Some(actor) = actor {
            grant::check_actor(&actor.account, &self.settings.node_driver, &subject.account)?;
        }
        self.sign(subject, audience, request.client_id, request.actor.is_some())
    }

    async fn verify(&self, role: TokenRole, token: &SecretString) -> Result<PresentedToken, ExchangeRefusal> {
        let refused = |error| role.presented(error);
        let token = token.expose_secret();
        let header = read_header(token).map_err(refused)?;
        let trusted = self.cluster_keys.with(&header.key_id).await?;
        let key = trusted.keys.find(&header).map_err(refused)?;
        let rules = PresentedRules {
            issuers: &trusted.issuers,
            audiences: &self.settings.audiences,
        };
        presented::verify(token, &header, key, rules, self.clock.now()).map_err(refused)
    }

    async fn review(
        &self,
        role: TokenRole,
        token: &SecretString,
        presented: PresentedToken,
    ) -> Result<ReviewedToken, ExchangeRefusal> {
        let audiences = &self.settings.audiences;
        let reviewed = match review::review(&self.client, token.expose_secret(), audiences).await {
            Ok(status) => review::account_of(status, audiences, &presented),
            Err(error) => Err(error),
        };
        self.metrics.count_review(&reviewed);
        let account = reviewed.map_err(|error| role.review(error))?;
        Ok(ReviewedToken {
            account,
            expires_at: presented.expires_at,
        })
    }

    fn sign(
        &self,
        subject: ReviewedToken,
        audience: String,
        client_id: Option<String>,
        by_driver: bool,
    ) -> Result<MintedToken, ExchangeRefusal> {
        // The reviews took time: the token may have expired meanwhile.
        let now = self.clock.now();
        let expires_at = grant::expiry(now, subject.expires_at, by_driver)
            .ok_or(ExchangeRefusal::Subject(PresentedError::Expired))?;
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
        Ok(MintedToken {
            token,
            lifetime_seconds: expires_at - now,
        })
    }
}
