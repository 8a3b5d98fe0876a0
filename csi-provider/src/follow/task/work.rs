//! The steps of a volume's task that ask others.

use std::{sync::Arc, time::SystemTime};

use jiff::Timestamp;
use strongroom_client::identity::VaultToken;
use strongroom_wire::watch::{RefName, Renew, Subscribe, client_message::Message};
use tokio::time::Instant;

use super::{Task, Work};
use crate::{
    follow::{
        plan::{self, Wants},
        rewrite,
    },
    metrics::Outcome,
    services::Services,
    source::{
        load::{AuthenticateError, FilesError, Loaded, is_fresh},
        reference::ReferenceError,
    },
    volume::{
        limits::{LimitError, Share},
        spec::{VaultKey, VolumeSpec},
        tree::Written,
    },
};

/// Failures in a row that are not told yet: about two seconds.
const PASSING: u32 = 5;

/// What a step brought.
pub(super) enum Done {
    Exchanged(Result<VaultToken, AuthenticateError>),
    /// `None`: the SecretRef is what it was.
    Reread(Result<Option<Box<Renewed>>, RereadError>),
}

/// A changed SecretRef with everything it asks for.
pub(super) struct Renewed {
    spec: VolumeSpec,
    loaded: Loaded,
    /// `None` where none is needed.
    token: Option<VaultToken>,
}

/// Why a changed SecretRef did not reach the files.
#[derive(Debug, thiserror::Error)]
pub(super) enum RereadError {
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error(transparent)]
    Authenticate(#[from] AuthenticateError),
    #[error(transparent)]
    Files(#[from] FilesError),
}

impl RereadError {
    fn is_retryable(&self) -> bool {
        match self {
            Self::Reference(error) => error.is_retryable(),
            Self::Authenticate(error) => error.is_retryable(),
            Self::Files(error) => error.is_retryable(),
        }
    }
}

impl Task {
    pub(super) fn exchange(&mut self) -> Option<Work> {
        let vault = self.spec.as_ref()?.vault.clone();
        let (services, token) = (Arc::clone(&self.services), self.token.clone());
        let known = self.vault_token.as_ref().map(|(token, _)| token.clone());
        self.due.exchange = false;
        Some(Box::pin(async move {
            let loader = &services.loader;
            Done::Exchanged(loader.authenticate(&token, &vault, known.as_ref()).await)
        }))
    }

    pub(super) fn reread(&mut self) -> Work {
        let (services, facts) = (Arc::clone(&self.services), self.facts.clone());
        let (token, current) = (self.token.clone(), self.spec.clone());
        let vault_token = self.vault_token.as_ref().map(|(token, _)| token.clone());
        self.due.reread = false;
        (self.read_at, self.reread_at) = (Instant::now(), None);
        Box::pin(async move {
            let spec = match services
                .references
                .read(&facts.pod.namespace, &facts.secret_ref)
                .await
            {
                Ok(spec) if current.as_ref() == Some(&spec) => return Done::Reread(Ok(None)),
                Ok(spec) => spec,
                Err(error) => return Done::Reread(Err(error.into())),
            };
            let same_vault = current.is_some_and(|current| current.vault == spec.vault);
            let kept = vault_token.filter(|token| same_vault && is_fresh(token));
            Done::Reread(
                load(&services, &token, kept, spec, facts.group)
                    .await
                    .map(|new| Some(Box::new(new))),
            )
        })
    }

    pub(super) async fn finish(&mut self, done: Done) {
        match done {
            Done::Exchanged(Ok(token)) => self.exchanged(token).await,
            Done::Exchanged(Err(error)) => {
                self.due.exchange = true;
                self.failed("RefreshFailed", &error.to_string(), error.is_retryable());
            }
            Done::Reread(Ok(None)) => {}
            Done::Reread(Ok(Some(renewed))) => {
                if let Err(note) = self.renewed(*renewed) {
                    self.due.reread = true;
                    self.failed("RefreshFailed", &note, false);
                }
            }
            Done::Reread(Err(error)) => {
                self.due.reread = true;
                self.failed("RefreshFailed", &error.to_string(), error.is_retryable());
            }
        }
    }

    /// Says what failed, unless it is likely to pass, and tries again later.
    pub(super) fn failed(&mut self, reason: &'static str, note: &str, retryable: bool) {
        if !retryable || self.backoff.failures() >= PASSING {
            self.warn(reason, note);
        }
        self.try_later(retryable);
    }

    async fn exchanged(&mut self, token: VaultToken) {
        if !is_fresh(&token) {
            return self.failed(
                "RefreshFailed",
                "the pod's token is about to expire and the kubelet brought no newer one",
                false,
            );
        }
        let renew = Renew {
            id: self.facts.id.to_string(),
            token: token.expose().to_owned(),
        };
        self.vault_token = Some((token, SystemTime::now()));
        if self.due.subscribed {
            self.send(Message::Renew(renew)).await;
        }
    }

    pub(super) async fn subscribe(&mut self) {
        let (Some(spec), Some((token, _))) = (&self.spec, &self.vault_token) else {
            self.due.exchange = true;
            return;
        };
        if !is_fresh(token) {
            self.due.exchange = true;
            return;
        }
        let message = Subscribe {
            id: self.facts.id.to_string(),
            token: token.expose().to_owned(),
            r#ref: Some(RefName {
                namespace: self.facts.pod.namespace.to_string(),
                name: self.facts.secret_ref.to_string(),
            }),
            objects: plan::subscription(spec),
        };
        self.due.subscribed = true;
        self.forget_fetches();
        self.send(Message::Subscribe(message)).await;
    }

    /// Sends on the stream; where that is closed, the link is about to say so.
    pub(super) async fn send(&mut self, message: Message) {
        let Some(stream) = &self.stream else { return };
        if stream.send(message).await.is_err() {
            self.stream = None;
            self.due.disconnect();
        }
    }

    fn renewed(&mut self, renewed: Renewed) -> Result<(), String> {
        let Renewed { spec, loaded, token } = renewed;
        self.admit(&spec.vault, loaded.image.size())
            .map_err(|error| error.to_string())?;
        let written = rewrite::replace(&self.facts.places, &loaded.image, Timestamp::now());
        self.count_rewrite(&written);
        written.map_err(|error| error.to_string())?;
        let stays = self
            .spec
            .as_ref()
            .is_some_and(|current| current.vault == spec.vault);
        (self.spec, self.held) = (Some(spec), loaded.versions);
        self.trouble.clear();
        self.backoff.reset();
        self.due.exchange = token.is_none();
        self.vault_token = token.map(|token| (token, SystemTime::now()));
        self.due.subscribed = false;
        if !stays || self.vault.is_none() || self.wants() == Wants::Nothing {
            self.detach();
            self.attach();
        }
        self.save();
        Ok(())
    }

    pub(super) fn admit(&self, vault: &VaultKey, bytes: usize) -> Result<(), LimitError> {
        let share = Share {
            namespace: self.facts.pod.namespace.clone(),
            vault: vault.clone(),
            bytes,
        };
        self.services.ledger().admit(&self.facts.id, share)
    }

    pub(super) fn count_rewrite(&self, written: &Result<Written, rewrite::RewriteError>) {
        match written {
            Ok(Written::Unchanged) => {}
            Ok(Written::Replaced) => self.services.metrics.rewrites.count(Outcome::Ok),
            Err(_) => self.services.metrics.rewrites.count(Outcome::Failed),
        }
    }
}

async fn load(
    services: &Services,
    token: &crate::pod::PodToken,
    kept: Option<VaultToken>,
    spec: VolumeSpec,
    group: Option<u32>,
) -> Result<Renewed, RereadError> {
    let vault = services.vaults.get(&spec.vault);
    let token = match kept {
        Some(kept) => Some(kept),
        None => services.loader.token_for(token, &spec).await?,
    };
    let loaded = services
        .loader
        .load(&spec, group, &vault.client, token.as_ref())
        .await?;
    Ok(Renewed { spec, loaded, token })
}
