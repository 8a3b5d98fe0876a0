//! What the vault does by itself when it is due: keys that rotate and certificates that are issued and renewed, as their
//! policies say, once each, also where their time came while nobody was there.
//!
//! What is due stays due until the object has its new version, which the store takes only in the place of what was there when
//! it was made. So two that do the same at once make one version.
//!
//! A look goes on along the schedule from where the one before it stopped, and passes over what failed a short while ago.
//! So objects of which nothing can be done stand in the way of no other, however many they are. One that did not come to the
//! end of the schedule is followed by the next at once: how much is done in a second is up to the work, and not to the clock.
//!
//! There are two [kinds of work](Work), each with looks of its own, so that no certificate waits for keys in the making.

mod certificates;
mod failures;
mod work;

use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _};
use strongroom_audit::{Class, Entry, Event};
use strongroom_core::{ObjectKind, ObjectName, Uid, Version};
use strongroom_engine::{
    ObjectError, QueueFull, WriteError,
    format::task::Due,
    object::{answer::Answer, request::WriteRequest, tasks::Tasks},
};
use tokio::{
    sync::oneshot,
    task::yield_now,
    time::{sleep, timeout},
};

use self::failures::Failures;
pub use self::work::Work;
use crate::{
    certificates::error::{CertificateError, CertificateFailure},
    keys::{make::MakeError, successor::SuccessorError},
    service::Service,
};

/// How often what is due is looked for.
const LOOK: Duration = Duration::from_secs(5);

/// How many tasks one look tries.
const AT_ONCE: usize = 16;

/// How many tasks are read at a time.
const PAGE: usize = 64;

/// How many times one look reads.
const PAGES: usize = 16;

/// Whom the making of keys counts for: no account has this UID.
const ITSELF: &str = "strongroom-rotation";

/// Why what is due was not done. It is due still.
#[derive(Debug, thiserror::Error)]
enum DueError {
    #[error(transparent)]
    Successor(#[from] SuccessorError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("too many changes wait for the writer")]
    Full,
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error(transparent)]
    Make(#[from] MakeError),
    #[error("no account can have the name of this vault's own work")]
    Account,
}

impl DueError {
    /// Whether the store failed, as it will for every other object.
    const fn is_of_the_store(&self) -> bool {
        match self {
            Self::Full => true,
            Self::Write(error) => !matches!(error, WriteError::Object(_)),
            Self::Successor(_) | Self::Object(_) | Self::Certificate(_) | Self::Make(_) | Self::Account => {
                false
            }
        }
    }
}

impl From<CertificateFailure> for DueError {
    fn from(error: CertificateFailure) -> Self {
        match error {
            CertificateFailure::Object(error) => error.into(),
            CertificateFailure::Certificate(error) => error.into(),
        }
    }
}

impl From<QueueFull> for DueError {
    fn from(_: QueueFull) -> Self {
        Self::Full
    }
}

/// What came of one task, where nothing failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Done,
    /// Somebody else did it, or changed the object. If it is due still, the next look finds it.
    Overtaken,
}

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looked {
    /// How much was done.
    pub done: usize,
    /// How much could not be done.
    pub failed: usize,
    /// Whether the store took nothing, or more failed than is remembered: then everything waits, and not what failed alone.
    pub is_stopped: bool,
}

/// Does what is due, look by look.
#[derive(Debug)]
pub struct Rotation {
    work: Work,
    failures: Failures,
    /// The task that the last look reached; none where it reached the end.
    reached: Option<Due>,
}

/// Does what is due, for ever: every [`LOOK`], when an operation is to be ended sooner, and at once while there is more than
/// one look does.
pub async fn run(service: Service) {
    tokio::join!(go_on(&service, Work::Endings), go_on(&service, Work::Successions));
}

async fn go_on(service: &Service, work: Work) {
    let mut rotation = Rotation::of(work);
    loop {
        let looked = rotation.look(service).await;
        if rotation.goes_on_after(looked) && is_ready(service) {
            yield_now().await;
        } else if work == Work::Endings {
            let soon = service.soon.notified();
            // Both ends are the same.
            let _ = timeout(LOOK, soon).await;
        } else {
            sleep(LOOK).await;
        }
    }
}

/// Does what is due now, by one look of each kind that knows of none before it.
pub async fn rotate_due(service: &Service) -> Looked {
    let mut sum = Looked::default();
    for work in Work::ALL {
        let looked = Rotation::of(work).look(service).await;
        sum.done += looked.done;
        sum.failed += looked.failed;
        sum.is_stopped |= looked.is_stopped;
    }
    sum
}

fn object_of(due: &Due) -> (ObjectKind, ObjectName) {
    (due.kind, due.name.clone())
}

impl Rotation {
    /// One that has not looked yet.
    pub fn of(work: Work) -> Self {
        Self {
            work,
            failures: Failures::default(),
            reached: None,
        }
    }

    /// Whether the next look is worth while at once, after the last one came to this: there is more behind where it stopped.
    /// What failed waits by itself, so that a thousand renewals that an issuer refuses are passed over and hold up no other.
    pub const fn goes_on_after(&self, looked: Looked) -> bool {
        self.reached.is_some() && !looked.is_stopped
    }

    /// Does what is due now, as far as one look goes.
    pub async fn look(&mut self, service: &Service) -> Looked {
        let turns = stream::iter(self.share(service)).map(|due| async move {
            let turn = turn(service, &due).await;
            (due, turn)
        });
        let mut turns = turns.buffer_unordered(self.work.together());
        let mut looked = Looked::default();
        while let Some((due, turn)) = turns.next().await {
            self.note(&due, turn, &mut looked);
        }
        looked
    }

    /// What one look tries.
    fn share(&mut self, service: &Service) -> Vec<Due> {
        let mut share = Vec::new();
        for _ in 0..PAGES {
            let now = service.timekeeper.now();
            let page = service.objects.due(now, self.reached.as_ref(), PAGE);
            let page = page.unwrap_or_default();
            let is_last = page.len() < PAGE;
            for due in page {
                let is_own = self.work.includes(&due);
                if is_own && !self.failures.waits(&object_of(&due), Instant::now()) {
                    if share.len() >= AT_ONCE || !is_ready(service) {
                        return share;
                    }
                    share.push(due.clone());
                }
                self.reached = Some(due);
            }
            if is_last {
                self.reached = None;
                break;
            }
        }
        share
    }

    fn note(&mut self, due: &Due, turn: Result<Turn, DueError>, looked: &mut Looked) {
        let object = object_of(due);
        match turn {
            Ok(Turn::Done) => looked.done += 1,
            Ok(Turn::Overtaken) => {}
            Err(error) => {
                looked.failed += 1;
                looked.is_stopped |= error.is_of_the_store();
                tracing::warn!(%due.kind, name = due.name.as_str(), %error, "what is due was not done");
                // A key that was made and not stored has cost a processor: what fails is tried less often.
                looked.is_stopped |= !self.failures.note(&object, Instant::now());
                return;
            }
        }
        self.failures.forget(&object);
    }
}

async fn turn(service: &Service, due: &Due) -> Result<Turn, DueError> {
    // The look may have begun long ago.
    if !is_ready(service) {
        return Ok(Turn::Overtaken);
    }
    match due.kind {
        ObjectKind::Certificates => certificates::see_to(service, due).await,
        ObjectKind::Keys | ObjectKind::Secrets => rotate(service, due).await,
    }
}

/// A store that was put back to an older state may have rotated already what is due. What could not be stored is not made.
fn is_ready(service: &Service) -> bool {
    !service.policy.is_in_doubt()
        && service.objects.unwritable().is_none()
        && service.audit.check(Class::Write).is_ok()
}

async fn rotate(service: &Service, due: &Due) -> Result<Turn, DueError> {
    let itself: Uid = ITSELF.parse().map_err(|_| DueError::Account)?;
    let is_due = || service.objects.is_due(due).map_err(SuccessorError::from);
    if !is_due()? {
        return Ok(Turn::Overtaken);
    }
    let (keys, name) = (&service.keys, due.name.clone());
    let successor = keys.succeed(&service.objects, &service.timekeeper, &itself, name.clone());
    let request = successor.await?;
    // What the new version is made from was read before this, and must be there still when the writer decides: then it is
    // due there too.
    if !is_due()? {
        return Ok(Turn::Overtaken);
    }
    let event = move |version| Event::KeyRotateIfDue {
        name: name.clone(),
        version,
    };
    submit(service, request, event).await
}

/// Hands the vault's own change to the writer, with the event that records it.
async fn submit<K: Tasks>(
    service: &Service,
    request: WriteRequest<K>,
    event: impl Fn(Option<Version>) -> Event + Send + 'static,
) -> Result<Turn, DueError> {
    let time = service.timekeeper.request_time();
    let clock = service.clock.clone();
    let audit = Box::new(move |change: &Result<Answer<K>, ObjectError>| {
        let version = match change {
            Ok(Answer::Object(bundle)) => Some(bundle.version),
            Ok(_) | Err(_) => None,
        };
        Entry::event(clock.time(), &event(version))
    });
    let (done, outcome) = oneshot::channel();
    let done = Box::new(move |change| drop(done.send(change)));
    service.objects.submit(request, time, audit, done)?;
    match outcome.await {
        Ok(Ok(_)) => Ok(Turn::Done),
        Ok(Err(WriteError::Object(ObjectError::Superseded { .. }))) => Ok(Turn::Overtaken),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(WriteError::OutcomeUnknown.into()),
    }
}
