//! Making purged seeds unreadable for good: live seeds are wrapped under a new term, and the old term's key is
//! destroyed.
//!
//! 1. A new term is added to the keyring's file.
//! 2. Every head whose seed is under an old term gets it wrapped anew, some heads at a time, until a walk over all heads
//!    meets none.
//! 3. The old terms are taken out of the keyring's file.
//!
//! A crash between any two steps leaves heads under both terms and both terms in the file; it is begun again.

use std::{sync::Arc, time::Duration};

use strongroom_core::Timestamp;

use crate::{
    crypt::{
        entropy::random,
        keyring::{Keyring, KeyringError, KeyringFile, Slots},
    },
    object::{
        error::ObjectError,
        system::{HeadStretch, SystemRequest, outdated_heads},
        transaction,
        view::View,
    },
    store::{Key, Limits},
};

/// How many heads are looked at in one step at most; each may be rewritten in one commit.
const STRETCH: usize = 512;

/// One part of these of a batch is the number of heads that one step looks at.
const PARTS: usize = 4;

/// How many such steps are taken at once while none of them finds anything to do.
const STRETCHES: usize = 16;

/// Carries out erasures.
pub(super) struct Eraser {
    file: KeyringFile,
    slots: Slots,
    delay: Duration,
    /// How many heads are looked at in one step.
    stretch: usize,
    running: Option<Running>,
}

/// An erasure under way.
#[derive(Debug, Clone)]
struct Running {
    /// The last term to be destroyed.
    last: u32,
    /// The head looked at last.
    seen: Option<Key>,
    /// Whether this walk has met no seed under an old term.
    clean: bool,
}

impl Running {
    const fn new(last: u32) -> Self {
        Self {
            last,
            seen: None,
            clean: true,
        }
    }
}

/// What is to be done next.
pub(super) enum Step {
    /// Nothing.
    None,
    /// Publish this keyring, then go on.
    Publish(Arc<Keyring>),
    /// Commit this, then say [`Eraser::committed`].
    Commit(SystemRequest),
}

impl Eraser {
    pub(super) fn new(file: KeyringFile, slots: Slots, delay: Duration, limits: Limits) -> Self {
        Self {
            file,
            slots,
            delay,
            stretch: limits.share(PARTS, STRETCH),
            running: None,
        }
    }

    /// Finds the next step.
    pub(super) fn step(&mut self, view: View<'_>, now: Timestamp) -> Result<Step, ObjectError> {
        let Some(running) = &mut self.running else {
            return self.begin(view, now);
        };
        for _ in 0..STRETCHES {
            let stretch = outdated_heads(view, running.seen.as_ref(), running.last, self.stretch)?;
            let Some(HeadStretch { outdated, seen }) = stretch else {
                return self.end_of_walk(view);
            };
            running.seen = Some(seen);
            if !outdated.is_empty() {
                running.clean = false;
                return Ok(Step::Commit(SystemRequest::Rewrap {
                    heads: outdated,
                    last: running.last,
                }));
            }
        }
        Ok(Step::None)
    }

    /// Only after a walk that met nothing outdated are keys destroyed: a head that was missed would be lost.
    fn end_of_walk(&mut self, view: View<'_>) -> Result<Step, ObjectError> {
        let Some(Running { last, clean, .. }) = self.running.clone() else {
            return Ok(Step::None);
        };
        if !clean {
            self.running = Some(Running::new(last));
            return Ok(Step::None);
        }
        if view.keyring.oldest_term() <= last {
            return self.replace(view.keyring.without_terms(last));
        }
        Ok(Step::Commit(SystemRequest::Erased { last }))
    }

    /// The last step was not committed: begin again.
    pub(super) fn failed(&mut self) {
        self.running = None;
    }

    /// The erasure is over.
    pub(super) fn finished(&mut self) {
        self.running = None;
    }

    fn begin(&mut self, view: View<'_>, now: Timestamp) -> Result<Step, ObjectError> {
        let Some(pending) = transaction::erasure(view)? else {
            return Ok(Step::None);
        };
        if now < pending.since.after(self.delay) {
            return Ok(Step::None);
        }
        if view.keyring.current_term().0 > pending.term {
            self.running = Some(Running::new(pending.term));
            return self.step(view, now);
        }
        let key = random().map_err(|_| unwritten())?;
        self.replace(view.keyring.with_term(key))
    }

    fn replace(&self, keyring: Result<Keyring, KeyringError>) -> Result<Step, ObjectError> {
        let keyring = keyring.map_err(|_| unwritten())?;
        let salt = random().map_err(|_| unwritten())?;
        let sealed = self.slots.seal(&keyring, &salt).map_err(|_| unwritten())?;
        self.file.replace(&sealed).map_err(|_| unwritten())?;
        Ok(Step::Publish(Arc::new(keyring)))
    }
}

/// The keyring's file was not replaced; the next sweep tries again.
fn unwritten() -> ObjectError {
    ObjectError::Store(crate::store::StoreError::Unavailable(
        "the keyring cannot be written".into(),
    ))
}
