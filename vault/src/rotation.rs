//! Keys that rotate by themselves: as their policies say, once each, also where their time came while nobody was there.
//!
//! What is due stays due until the key has its new version, which the store takes only in the place of what was there when
//! it was made. So two that rotate the same key at once make one version of it.
//!
//! A look goes on along the schedule from where the one before it stopped, and passes over what failed a short while ago.
//! So keys that cannot be rotated stand in the way of no other, however many they are.

mod failures;

use std::time::{Duration, Instant};

use strongroom_audit::{Class, Entry, Event};
use strongroom_core::Uid;
use strongroom_engine::{
    CryptoKey, ObjectError, QueueFull, WriteError, format::task::Due, object::answer::Answer,
};
use tokio::{sync::oneshot, time::sleep};

use self::failures::Failures;
use crate::{keys::successor::SuccessorError, service::Service};

/// How often what is due is looked for.
const LOOK: Duration = Duration::from_secs(5);

/// How many keys one look tries to rotate.
const AT_ONCE: usize = 16;

/// How many tasks are read at a time.
const PAGE: usize = 64;

/// How many times one look reads.
const PAGES: usize = 16;

/// Whom the making of keys counts for: no account has this UID.
const ITSELF: &str = "strongroom-rotation";

/// Why a key was not rotated. It is due still.
#[derive(Debug, thiserror::Error)]
enum RotationError {
    #[error(transparent)]
    Successor(#[from] SuccessorError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("too many changes wait for the writer")]
    Full,
    #[error("no account can have the name of this vault's own work")]
    Account,
}

impl From<QueueFull> for RotationError {
    fn from(_: QueueFull) -> Self {
        Self::Full
    }
}

/// What came of one key, where nothing failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Rotated,
    /// Somebody else rotated or changed it. If it is due still, the next look finds it.
    Overtaken,
}

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looked {
    /// How many keys were rotated.
    pub rotated: usize,
    /// How many could not be rotated.
    pub failed: usize,
}

/// Rotates what is due, look by look.
#[derive(Debug, Default)]
pub struct Rotation {
    failures: Failures,
    /// The task that the last look reached; none where it reached the end.
    reached: Option<Due>,
}

/// Rotates what is due, for ever.
pub async fn run(service: Service) {
    let mut rotation = Rotation::default();
    loop {
        rotation.look(&service).await;
        sleep(LOOK).await;
    }
}

/// Rotates what is due now, by one look that knows of none before it.
pub async fn rotate_due(service: &Service) -> Looked {
    Rotation::default().look(service).await
}

impl Rotation {
    /// Rotates what is due now, as far as one look goes.
    pub async fn look(&mut self, service: &Service) -> Looked {
        let mut looked = Looked::default();
        let mut tried = 0;
        for _ in 0..PAGES {
            let now = service.timekeeper.now();
            let page = service.objects.due(now, self.reached.as_ref(), PAGE);
            let page = page.unwrap_or_default();
            let is_last = page.len() < PAGE;
            for due in page {
                if !self.failures.waits(&due.name, Instant::now()) {
                    if tried >= AT_ONCE || !is_ready(service) {
                        return looked;
                    }
                    tried += 1;
                    self.turn(service, &due, &mut looked).await;
                }
                self.reached = Some(due);
            }
            if is_last {
                self.reached = None;
                break;
            }
        }
        looked
    }

    async fn turn(&mut self, service: &Service, due: &Due, looked: &mut Looked) {
        let turn = rotate(service, due).await;
        match turn {
            Ok(Turn::Rotated) => looked.rotated += 1,
            Ok(Turn::Overtaken) => {}
            Err(error) => {
                looked.failed += 1;
                tracing::warn!(key = due.name.as_str(), %error, "a key that is due was not rotated");
                // A key that was made and not stored has cost a processor: what fails is tried less often.
                return self.failures.note(&due.name, Instant::now());
            }
        }
        self.failures.forget(&due.name);
    }
}

/// A store that was put back to an older state may have rotated already what is due. What could not be stored is not made.
fn is_ready(service: &Service) -> bool {
    !service.policy.is_in_doubt()
        && service.objects.unwritable().is_none()
        && service.audit.check(Class::Write).is_ok()
}

async fn rotate(service: &Service, due: &Due) -> Result<Turn, RotationError> {
    let itself: Uid = ITSELF.parse().map_err(|_| RotationError::Account)?;
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
    let time = service.timekeeper.request_time();
    let clock = service.clock.clone();
    let audit = Box::new(move |change: &Result<Answer<CryptoKey>, ObjectError>| {
        let version = match change {
            Ok(Answer::Object(bundle)) => Some(bundle.version),
            Ok(_) | Err(_) => None,
        };
        let name = name.clone();
        Entry::event(clock.time(), &Event::KeyRotateIfDue { name, version })
    });
    let (done, outcome) = oneshot::channel();
    let done = Box::new(move |change| drop(done.send(change)));
    service.objects.submit(request, time, audit, done)?;
    match outcome.await {
        Ok(Ok(_)) => Ok(Turn::Rotated),
        Ok(Err(WriteError::Object(ObjectError::Superseded { .. }))) => Ok(Turn::Overtaken),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(WriteError::OutcomeUnknown.into()),
    }
}
