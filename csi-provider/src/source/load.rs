//! Getting a volume's contents: SecretRef, token, objects.

mod assemble;
mod bundle;
mod failure;
mod public_key;
mod shared;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures::{StreamExt as _, stream};
use secrecy::{ExposeSecret as _, SecretString};
use strongroom_client::{
    identity::{Assertion, ExchangeError, IdentityClient, VaultToken},
    vault::{SECRET_LIMIT, VaultClient},
};
use strongroom_core::{Audience, ObjectKind, VaultRef, Version, limits::VALUE_BYTES};
use strongroom_crds::secret_ref::TrustBundle;
use zeroize::Zeroizing;

use crate::{
    metrics::{Metrics, Outcome},
    pod::PodToken,
    shares::{Holder, Shares},
    volume::{
        Content, Image, Value,
        spec::{Object, VolumeSpec},
    },
};
use assemble::{Answer, assemble};
use bundle::BundleFiles;
pub use failure::{FileFailure, FilesError, Reason};
use public_key::key_files;
pub use public_key::key_files_of_json;
use shared::SharedExchanges;

/// Requests for the objects of one volume at once.
const AT_ONCE: usize = 4;
/// The most that one of them holds: the answer in a buffer that grows.
const ANSWER_BYTES: usize = 2 * SECRET_LIMIT;
/// Exchanges of published volumes within [`EXCHANGE_WINDOW`]: what a vault can spend by refusing tokens is its share of
/// that, and publishes have more than as much again of what the identity service grants a node, which is 50 a second.
const EXCHANGES: usize = 160;
const EXCHANGE_WINDOW: Duration = Duration::from_secs(10);
/// The longest token file that is read.
const MAX_TOKEN: u64 = 16 << 10;

/// Why there is no vault token.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// The node driver's own token.
    #[error("the node driver's own token cannot be read from {path}: {source}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Actor {
        /// Where it should be.
        path: PathBuf,
        source: std::io::Error,
    },
    /// The identity service did not exchange the pod's token.
    #[error("no token for vault {vault}: {source}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Exchange { vault: VaultRef, source: ExchangeError },
}

impl AuthenticateError {
    /// Whether it may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Actor { .. } => true,
            Self::Exchange { source, .. } => source.is_retryable(),
        }
    }
}

/// What the files of a volume are to hold.
#[derive(Debug)]
pub struct Loaded {
    /// The files with their contents, ready to be written.
    pub image: Image,
    /// The version that was read of each object.
    pub versions: BTreeMap<Object, Version>,
}

/// Gets tokens and objects.
#[derive(Debug)]
pub struct Loader {
    identity: IdentityClient,
    actor: PathBuf,
    bundle_files: BundleFiles,
    shared: SharedExchanges,
    again: Shares,
    metrics: Arc<Metrics>,
}

impl Loader {
    /// Exchanges with `identity`, as the node driver whose own token is in the file `actor`; a file's trust bundle is
    /// what the file `trust_bundle` holds.
    pub fn new(
        identity: IdentityClient,
        actor: PathBuf,
        trust_bundle: PathBuf,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            identity,
            actor,
            bundle_files: BundleFiles::new(trust_bundle),
            shared: SharedExchanges::default(),
            again: Shares::new(EXCHANGES),
            metrics,
        }
    }

    /// A token for what `spec` asks for; none where it asks for no object, since the trust bundle is everyone's.
    pub async fn token_for(
        &self,
        token: &PodToken,
        spec: &VolumeSpec,
    ) -> Result<Option<VaultToken>, AuthenticateError> {
        if spec.objects().is_empty() {
            return Ok(None);
        }
        let exchange = self.exchange(token, &spec.vault);
        self.shared
            .get(token, &spec.vault, None, exchange)
            .await
            .map(Some)
    }

    /// A token that `vault` takes, for the token of a published volume's pod: another one than `known`. Waits while the
    /// vault has spent its share of the exchanges.
    pub async fn authenticate_again(
        &self,
        token: &PodToken,
        vault: &VaultRef,
        known: Option<&VaultToken>,
    ) -> Result<VaultToken, AuthenticateError> {
        let exchange = async {
            let spent = self.again.take(&[Holder::Vault(vault.clone())], 1).await;
            let exchanged = self.exchange(token, vault).await;
            tokio::spawn(async move {
                tokio::time::sleep(EXCHANGE_WINDOW).await;
                drop(spent);
            });
            exchanged
        };
        self.shared.get(token, vault, known, exchange).await
    }

    /// Drops the tokens that are kept for a pod's other volumes, once those have had their time.
    pub fn forget_exchanges(&self) {
        self.shared.forget_old();
    }

    async fn exchange(&self, token: &PodToken, vault: &VaultRef) -> Result<VaultToken, AuthenticateError> {
        let actor = self.actor_token()?;
        let assertion = Assertion {
            subject: token.secret(),
            actor: Some(&actor),
        };
        let audience = Audience::Vault(vault.clone());
        let exchanged = self.identity.exchange(assertion, &audience).await;
        self.metrics.exchanges.count(match &exchanged {
            Ok(_) => Outcome::Ok,
            Err(error) if error.is_retryable() => Outcome::Unavailable,
            Err(_) => Outcome::Refused,
        });
        exchanged.map_err(|source| AuthenticateError::Exchange {
            vault: vault.clone(),
            source,
        })
    }

    fn actor_token(&self) -> Result<SecretString, AuthenticateError> {
        let read = read_bounded(&self.actor, MAX_TOKEN).and_then(|bytes| {
            let text = std::str::from_utf8(&bytes).map_err(|_| std::io::ErrorKind::InvalidData)?;
            Ok(SecretString::from(text.trim()))
        });
        read.map_err(|source| AuthenticateError::Actor {
            path: self.actor.clone(),
            source,
        })
    }

    /// Reads every object of `spec` with `token` from `vault`, and names every file that cannot be read.
    pub async fn load(
        &self,
        spec: &VolumeSpec,
        group: Option<u32>,
        vault: &VaultClient,
        token: &VaultToken,
    ) -> Result<Loaded, Vec<FileFailure>> {
        let mut requests = Vec::new();
        for object in spec.objects() {
            requests.push(async move { (object, read(object, &spec.vault, vault, token).await) });
        }
        let answers = stream::iter(requests).buffer_unordered(AT_ONCE).collect().await;
        assemble(spec, group, &answers, |bundle| self.bundle(bundle))
    }

    /// What `load` answers where no vault can be asked, for this reason; where `spec` names no object, none needs to be.
    pub fn load_without_vault(
        &self,
        spec: &VolumeSpec,
        group: Option<u32>,
        reason: &Reason,
    ) -> Result<Loaded, Vec<FileFailure>> {
        let answers = spec
            .objects()
            .into_iter()
            .map(|object| (object, Err(reason.clone())));
        assemble(spec, group, &answers.collect(), |bundle| self.bundle(bundle))
    }

    /// The certificates that verify vaults, as the content of such a file.
    pub fn bundle(&self, wanted: TrustBundle) -> Result<Content, Reason> {
        self.bundle_files
            .get(wanted)
            .map_err(|error| Reason::TrustBundle(error.to_string()))
    }
}

/// The most memory that it takes to load the objects of `spec`.
pub fn room_for(spec: &VolumeSpec) -> usize {
    let objects = spec.objects().len();
    (objects + spec.derived_files()) * VALUE_BYTES + objects.min(AT_ONCE) * ANSWER_BYTES
}

async fn read(object: &Object, name: &VaultRef, vault: &VaultClient, token: &VaultToken) -> Answer {
    let version = object.version.as_ref();
    match object.kind {
        ObjectKind::Secrets => {
            let secret = vault.get_secret(token, &object.name, version).await?;
            let value = secret.value.expose_secret().as_bytes().to_vec();
            Ok((Value::Secret(Content::from(value).into()), secret.id.version))
        }
        ObjectKind::Keys => {
            let key = vault.get_key(token, &object.name, version).await?.key;
            let Some(version) = key.kid.version else {
                return Err(Reason::Refused("the vault gave no version of the key".to_owned()));
            };
            let files = key_files(&key, name, &object.name, version)?;
            Ok((Value::Key(files), Some(version)))
        }
        // No SecretRef asks for one: of a certificate its secret is read.
        ObjectKind::Certificates => Err(Reason::NotFound),
    }
}

fn read_bounded(path: &std::path::Path, limit: u64) -> std::io::Result<Zeroizing<Vec<u8>>> {
    use std::io::Read as _;
    let mut bytes = Zeroizing::new(Vec::with_capacity(8 << 10));
    std::fs::File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    if bytes.is_empty() {
        Err(std::io::ErrorKind::UnexpectedEof.into())
    } else {
        Ok(bytes)
    }
}

/// Whether a token is good for another request.
pub fn is_fresh(token: &VaultToken) -> bool {
    is_fresh_at(token, SystemTime::now())
}

/// Whether a token is good for a request at `now`.
pub fn is_fresh_at(token: &VaultToken, now: SystemTime) -> bool {
    token.is_fresh(now, Duration::from_secs(10))
}
