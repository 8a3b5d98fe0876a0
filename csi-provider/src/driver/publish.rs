//! Publishing a volume: everything is fetched before anything is mounted, and nothing is shown before it is whole.

use std::{path::PathBuf, time::Duration};

use jiff::Timestamp;
use tokio::time::{Instant, sleep, timeout_at};

use super::Driver;
use crate::{
    driver::request::{Publish, RequestError},
    follow::Start,
    metrics::{Metrics, Outcome},
    shares::Share,
    source::{
        load::{AuthenticateError, FilesError, Loaded},
        obtain::{ObtainError, ObtainRequest, Obtained},
        reference::ReferenceError,
    },
    volume::{
        Facts,
        limits::{self, LimitError},
        mount::MountError,
        mountinfo,
        saved::VolumeRecord,
        spec::VolumeSpec,
        tree::{Tree, TreeError},
    },
};

/// The delay before what failed is tried again; doubled up to [`LONGEST_DELAY`].
const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(2);

/// Why a volume was not published. Nothing of it is left behind.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The kubelet's request cannot be served.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Another call works on the volume.
    #[error("another operation on this volume is under way")]
    Busy,
    /// The pod is going away.
    #[error("the volume is being taken away")]
    Cancelled,
    /// The node driver's container was set up wrongly: pods would see an empty directory.
    #[error(
        "mounts below {0} do not reach the host: the node driver's volume of the kubelet directory needs mountPropagation Bidirectional"
    )]
    NotShared(PathBuf),
    /// The node driver's own mount table.
    #[error("the mount table cannot be read: {0}")]
    MountTable(std::io::Error),
    /// Something else is mounted there.
    #[error("something that is no volume of the node driver is mounted on {0}")]
    Foreign(PathBuf),
    /// The SecretRef cannot be read or mounted.
    #[error(transparent)]
    Reference(ReferenceError),
    /// The driver got no vault token for the pod.
    #[error(transparent)]
    Authenticate(AuthenticateError),
    /// The driver did not obtain every file.
    #[error("SecretRef {namespace}/{name}: {source}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Files {
        namespace: strongroom_core::NamespaceName,
        name: strongroom_core::ResourceName,
        /// Every file and why.
        source: Box<FilesError>,
    },
    /// What volumes may take of the node.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The volume cannot be mounted.
    #[error(transparent)]
    Mount(#[from] MountError),
    /// The files cannot be written.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// No server answered in time, and none said why.
    #[error("no answer within {} s", .0.as_secs())]
    Deadline(Duration),
}

impl PublishError {
    fn of(error: ObtainError, request: &Publish) -> Self {
        match error {
            ObtainError::Reference(error) => Self::Reference(error),
            ObtainError::Limit(error) => Self::Limit(error),
            ObtainError::Authenticate(error) => Self::Authenticate(error),
            ObtainError::Files(source) => Self::Files {
                namespace: request.pod.namespace.clone(),
                name: request.secret_ref.clone(),
                source: Box::new(source),
            },
        }
    }

    /// Whether holding the call a little longer may help.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Reference(error) => error.is_retryable(),
            Self::Authenticate(error) => error.is_retryable(),
            Self::Files { source, .. } => source.is_retryable(),
            Self::Deadline(_) => true,
            Self::Request(_)
            | Self::Busy
            | Self::Cancelled
            | Self::NotShared(_)
            | Self::MountTable(_)
            | Self::Foreign(_)
            | Self::Limit(_)
            | Self::Mount(_)
            | Self::Tree(_) => false,
        }
    }

    fn outcome(&self) -> Outcome {
        match self {
            Self::Request(_) | Self::Limit(_) => Outcome::Refused,
            Self::Reference(_) | Self::Authenticate(_) | Self::Files { .. } if !self.is_retryable() => {
                Outcome::Refused
            }
            Self::Reference(_) | Self::Authenticate(_) | Self::Files { .. } | Self::Deadline(_) => {
                Outcome::Unavailable
            }
            Self::Busy
            | Self::Cancelled
            | Self::NotShared(_)
            | Self::MountTable(_)
            | Self::Foreign(_)
            | Self::Mount(_)
            | Self::Tree(_) => Outcome::Failed,
        }
    }
}

impl Driver {
    /// Publishes a volume, or hands the kubelet's token on to a published one.
    pub async fn publish(&self, request: Publish) -> Result<(), PublishError> {
        let Some(lock) = self.locks.try_lock(&request.id) else {
            return Err(PublishError::Busy);
        };
        if self.is_published(&request)? {
            self.refresh(&request);
            return Ok(());
        }
        let began = Instant::now();
        let published = tokio::select! {
            published = self.publish_first(request) => published,
            () = lock.cancelled.cancelled() => Err(PublishError::Cancelled),
        };
        Metrics::observe(&self.services.metrics.publish_seconds, began.elapsed());
        let outcome = published
            .as_ref()
            .map_or_else(PublishError::outcome, |()| Outcome::Ok);
        self.services.metrics.publishes.count(outcome);
        published
    }

    pub(super) fn facts(&self, request: &Publish) -> Facts {
        Facts {
            id: request.id.clone(),
            paths: request.paths(&self.settings.volumes),
            pod: request.pod.clone(),
            secret_ref: request.secret_ref.clone(),
            group: request.group,
        }
    }

    async fn publish_first(&self, request: Publish) -> Result<(), PublishError> {
        self.check_shared(&request)?;
        let deadline = Instant::now() + self.settings.patience;
        let (obtained, _room) = self.obtain(&request, deadline).await?;
        let Obtained {
            spec,
            loaded,
            token: vault_token,
        } = obtained;
        // Nothing waits from here on, so that the call cannot be cancelled in the middle.
        self.services
            .ledger()
            .admit(&request.id, share(&request, &spec, loaded.image.size()))?;
        if let Err(error) = self.show(&request, &loaded) {
            self.clear(&request);
            return Err(error);
        }
        let facts = self.facts(&request);
        if let Some(saved) = &self.services.saved {
            let record = VolumeRecord::new(&facts, &request.token, &spec, &loaded.versions);
            if let Err(error) = saved.write(&record) {
                tracing::warn!(volume = %facts.id, %error, "cannot keep the volume's state");
            }
        }
        let (held, token) = (loaded.versions, request.token);
        let start = Start {
            token,
            spec: Some(spec),
            held,
            vault_token,
            reread: false,
        };
        self.follow(facts, start);
        Ok(())
    }

    fn check_shared(&self, request: &Publish) -> Result<(), PublishError> {
        for path in [&self.settings.volumes, &request.target] {
            if !mountinfo::is_shared(path).map_err(PublishError::MountTable)? {
                return Err(PublishError::NotShared(path.clone()));
            }
        }
        Ok(())
    }

    /// Obtains everything that the volume is to hold. Holds the call while a server
    /// that it needs may still start.
    async fn obtain(
        &self,
        request: &Publish,
        deadline: Instant,
    ) -> Result<(Obtained, Option<Share>), PublishError> {
        let mut delay = FIRST_DELAY;
        let mut last = None;
        loop {
            match timeout_at(deadline, self.obtain_once(request)).await {
                Ok(Ok(obtained)) => return Ok(obtained),
                Ok(Err(error)) if !error.is_retryable() => return Err(PublishError::of(error, request)),
                Ok(Err(error)) => last = Some(error),
                Err(_) => break,
            }
            if Instant::now() + delay >= deadline {
                break;
            }
            tracing::debug!(volume = %request.id, error = last.as_ref().map(tracing::field::display), "holding the call");
            sleep(delay).await;
            delay = (delay * 2).min(LONGEST_DELAY);
        }
        let Some(last) = last else {
            return Err(PublishError::Deadline(self.settings.patience));
        };
        let sources = &self.services.sources;
        Err(PublishError::of(
            sources.conceal(contents(request), last).await,
            request,
        ))
    }

    async fn obtain_once(&self, request: &Publish) -> Result<(Obtained, Option<Share>), ObtainError> {
        let check = |spec: &VolumeSpec| {
            let share = share(request, spec, 0);
            self.services.ledger().check(&request.id, &share)
        };
        self.services.sources.obtain(contents(request), check).await
    }

    fn show(&self, request: &Publish, loaded: &Loaded) -> Result<(), PublishError> {
        let paths = request.paths(&self.settings.volumes);
        let prepared = paths.prepare(self.capacity(), request.group)?;
        Tree::open(&paths.own)?.write(&loaded.image, Timestamp::now())?;
        Ok(paths.publish(&prepared)?)
    }

    fn clear(&self, request: &Publish) {
        self.services.ledger().release(&request.id);
        if let Err(error) = request.paths(&self.settings.volumes).remove() {
            tracing::warn!(volume = %request.id, %error, "cannot clear a failed publish away");
        }
    }
}

const fn contents(request: &Publish) -> ObtainRequest<'_> {
    ObtainRequest {
        pod: &request.pod,
        secret_ref: &request.secret_ref,
        group: request.group,
        token: &request.token,
    }
}

fn share(request: &Publish, spec: &VolumeSpec, bytes: usize) -> limits::Share {
    limits::Share {
        namespace: request.pod.namespace.clone(),
        vault: spec.connected_vault().cloned(),
        bytes,
    }
}
