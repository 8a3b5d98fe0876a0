//! Keys that rotate by themselves: as their policies say, once each, also where their time came while nobody was there.
//!
//! What is due stays due until the key has its new version, which the store takes only in the place of the version that
//! was current when it was made. So two that rotate the same key at once make one version of it.

use std::time::Duration;

use strongroom_audit::{Class, Entry, Event};
use strongroom_core::{
    ObjectName, Uid,
    backoff::{Backoff, Delays},
};
use strongroom_engine::{CryptoKey, ObjectError, QueueFull, WriteError, object::answer::Answer};
use tokio::{sync::oneshot, time::sleep};

use crate::{keys::successor::SuccessorError, service::Service};

/// How often what is due is looked for.
const LOOK: Duration = Duration::from_secs(5);

/// How long it waits after looks at which a key could not be rotated.
const AFTER_FAILURE: Delays = Delays {
    first: LOOK,
    longest: Duration::from_mins(10),
};

/// How many keys are rotated at one look.
const AT_ONCE: usize = 16;

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

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looked {
    /// How many keys were rotated.
    pub rotated: usize,
    /// How many are due still.
    pub failed: usize,
}

/// Rotates what is due, for ever.
pub async fn run(service: Service) {
    let mut failures = Backoff::new(AFTER_FAILURE);
    loop {
        let looked = rotate_due(&service).await;
        // A key that was made and not stored has cost a processor: what fails is tried less often.
        let wait = if looked.failed == 0 {
            failures.reset();
            LOOK
        } else {
            failures.after_failure(1.0)
        };
        sleep(wait).await;
    }
}

/// Rotates what is due now.
pub async fn rotate_due(service: &Service) -> Looked {
    let mut looked = Looked::default();
    // A store that was put back to an older state may have rotated these already. What could not be stored is not made.
    let is_ready = !service.policy.is_in_doubt()
        && service.objects.unwritable().is_none()
        && service.audit.check(Class::Write).is_ok();
    if !is_ready {
        return looked;
    }
    let due = service.objects.due(service.timekeeper.now(), AT_ONCE);
    for due in due.unwrap_or_default() {
        match rotate(service, due.name.clone()).await {
            Ok(()) => looked.rotated += 1,
            Err(error) => {
                looked.failed += 1;
                tracing::warn!(key = due.name.as_str(), %error, "a key that is due was not rotated");
            }
        }
    }
    looked
}

async fn rotate(service: &Service, name: ObjectName) -> Result<(), RotationError> {
    let itself: Uid = ITSELF.parse().map_err(|_| RotationError::Account)?;
    let keys = &service.keys;
    let successor = keys.succeed(&service.objects, &service.timekeeper, &itself, name.clone());
    let request = successor.await?;
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
        // Somebody else may have been first: what was due is done.
        Ok(Ok(_) | Err(WriteError::Object(ObjectError::Superseded { .. }))) => Ok(()),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(WriteError::OutcomeUnknown.into()),
    }
}
