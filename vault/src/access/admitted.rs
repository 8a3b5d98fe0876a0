//! A request that policy allows, until it is performed.

pub mod certificates;
pub mod issuers;
pub mod keys;
mod operation;
mod revocation;
mod secrets;
mod settings;

use std::{sync::Arc, time::Duration};

use strongroom_audit::{Class, Entry};
use strongroom_core::{NamedObject, ObjectName, Uid};
use strongroom_engine::{
    BackupBlob, BoundedBackup, ObjectError, ReadRequest, WriteError, no_name,
    object::{answer::Answer, kind::Kind, request::WriteRequest, tasks::Tasks},
};
use tokio::{sync::oneshot, task::spawn_blocking, time::timeout};

use super::{
    Access, Refused,
    action::AuditedAction,
    intake::Charge,
    outcome::{Failure, outcome_of, success},
    room,
};
use crate::{policy::InForce, pool::Share};

/// How long a change waits for the writer: longer than a disk that answers takes for a full queue.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request that policy allows. Performing it consumes it; so does refusing it, and each records it.
#[derive(Debug)]
#[must_use = "an admitted request is performed or refused, so that it has its record"]
pub struct Admitted<'a> {
    access: &'a Access,
    action: AuditedAction,
    /// The policy that allowed it.
    policy: Arc<InForce>,
    /// Room for the work that a large body makes.
    share: Option<Share<Uid>>,
}

/// What a read answers.
#[derive(Debug)]
pub struct ReadAnswer<K: Kind> {
    /// The answer.
    pub answer: Answer<K>,
    /// Room for a large one: to be dropped when the client has taken it.
    pub room: Option<Share<Uid>>,
}

impl<K: Kind> From<Answer<K>> for ReadAnswer<K> {
    fn from(answer: Answer<K>) -> Self {
        Self { answer, room: None }
    }
}

impl<'a> Admitted<'a> {
    pub(super) const fn new(access: &'a Access, action: AuditedAction, policy: Arc<InForce>) -> Self {
        Self {
            access,
            action,
            policy,
            share: None,
        }
    }

    /// Begins the charge of a large body, before any of it has arrived.
    pub fn charge(&self) -> Charge {
        self.access.intake.begin()
    }

    /// Takes room for the work on a body of so many bytes, which has arrived. Without it, the work takes its room when
    /// it begins.
    ///
    /// # Errors
    /// [`Failure::Busy`] while other work takes the room. The face refuses the request then.
    pub async fn reserve(&mut self, body_bytes: usize) -> Result<(), Failure> {
        let account = self.action.principal().id();
        let share = self.access.work.share(account, room::of_restore(body_bytes));
        self.share = Some(share.await?);
        Ok(())
    }

    /// Records that the vault refuses the request after all, as when its body is malformed.
    pub async fn refuse(self, failure: Failure) -> Refused {
        self.access.refuse_action(self.action, failure).await
    }

    /// Performs a request about objects of kind `K` that changes nothing.
    ///
    /// # Errors
    /// What the objects refuse, and what policy does not allow any more. Every end is recorded.
    pub async fn read<K: Tasks>(mut self, request: ReadRequest) -> Result<ReadAnswer<K>, Refused> {
        let done = match self.decide_again() {
            Ok(()) => self.perform_read(request).await,
            Err(failure) => Err(failure),
        };
        let (done, room) = match done {
            Ok(ReadAnswer { answer, room }) => (Ok(answer), room),
            Err(failure) => (Err(failure), None),
        };
        let answer = self.access.conclude(self.action, done).await?;
        Ok(ReadAnswer { answer, room })
    }

    /// Performs a change of an object of kind `K`. Policy decides a restore by the name inside its blob.
    ///
    /// # Errors
    /// What the objects refuse, what policy does not allow any more, and a change that cannot be stored. Every end is
    /// recorded; the record of a stored change is stored with it.
    pub async fn write<K: Tasks>(mut self, request: WriteRequest<K>) -> Result<Answer<K>, Refused> {
        match self.decide_write(request).await {
            Ok(request) if self.access.service.audit.check(Class::Write).is_ok() => {
                self.perform_write(request).await
            }
            // The writer would find the same, if it does not hang in it.
            Ok(_) => Err(self.refuse(Failure::Audit).await),
            Err(failure) => Err(self.refuse(failure).await),
        }
    }

    /// Decides again if policy has changed since the request was admitted, as it may while a body comes.
    fn decide_again(&mut self) -> Result<(), Failure> {
        let policy = self.access.service.policy.in_force()?;
        if !Arc::ptr_eq(&policy, &self.policy) {
            self.action.decide(&policy)?;
            self.policy = policy;
        }
        Ok(())
    }

    async fn decide_write<K: Kind>(&mut self, request: WriteRequest<K>) -> Result<WriteRequest<K>, Failure> {
        self.decide_again()?;
        let WriteRequest::Restore { blob } = request else {
            return Ok(request);
        };
        if self.share.is_none() {
            self.reserve(blob.as_bytes().len()).await?;
        }
        let blob = self.decide_restore::<K>(blob).await?;
        Ok(WriteRequest::Restore { blob })
    }

    async fn decide_restore<K: Kind>(&mut self, blob: BackupBlob) -> Result<BackupBlob, Failure> {
        let objects = self.access.service.objects.clone();
        // It opens the whole blob.
        let peek = move || objects.peek_backup::<K>(&blob).map(|name| (blob, name));
        let (blob, name) = spawn_blocking(peek).await.map_err(|_| Failure::Storage)??;
        self.action.set_object(NamedObject {
            kind: K::KIND,
            name,
            version: None,
        });
        self.policy = self.access.decide(&mut self.action)?;
        Ok(blob)
    }

    async fn perform_read<K: Tasks>(&self, request: ReadRequest) -> Result<ReadAnswer<K>, Failure> {
        let (now, objects) = (self.access.now(), self.access.service.objects.clone());
        let Some(bytes) = room::of_read(&request) else {
            return Ok(objects.read(&request, now, &no_name)?.into());
        };
        if let ReadRequest::Backup { name } = request {
            return self.perform_backup(&name, bytes).await;
        }
        let share = self.access.work.share(self.account(), bytes).await?;
        let sees = self.action.sees(Arc::clone(&self.policy));
        let read = move || {
            let answer = objects.read(&request, now, &sees);
            drop(share);
            answer
        };
        let answer = spawn_blocking(read).await.map_err(|_| Failure::Storage)??;
        Ok(answer.into())
    }

    fn account(&self) -> &Uid {
        self.action.principal().id()
    }

    /// Makes a backup with a share of `room` bytes or, where that is too little, with as much as it needs. It holds no
    /// share while it waits for a larger one. An object that grows meanwhile needs more again. The room for the answer is
    /// taken before that for the work is given back.
    async fn perform_backup<K: Tasks>(
        &self,
        name: &ObjectName,
        mut room: usize,
    ) -> Result<ReadAnswer<K>, Failure> {
        loop {
            let share = self.access.work.share(self.account(), room).await?;
            let (objects, name) = (self.access.service.objects.clone(), name.clone());
            let make = move || {
                let made = objects.backup_within::<K>(&name, room);
                made.map(|made| (made, share))
            };
            let (backup, share) = spawn_blocking(make).await.map_err(|_| Failure::Storage)??;
            match backup {
                BoundedBackup::Made(blob) => {
                    let answer = room::of_answer(blob.as_bytes().len());
                    let room = self.access.answers.share(self.account(), answer).await?;
                    drop(share);
                    return Ok(ReadAnswer {
                        answer: Answer::Backup(blob),
                        room: Some(room),
                    });
                }
                BoundedBackup::Needs(bytes) => room = bytes,
            }
        }
    }

    /// Hands the change to the writer, with a function that makes its audit record once its outcome is known.
    async fn perform_write<K: Tasks>(self, request: WriteRequest<K>) -> Result<Answer<K>, Refused> {
        let Self {
            access,
            action,
            share,
            ..
        } = self;
        let (answered, answer) = oneshot::channel();
        let action = Arc::new(action);
        let audit = {
            let (action, vault, clock, shares) = (
                Arc::clone(&action),
                Arc::clone(&access.service.resource),
                access.service.clock.clone(),
                Arc::clone(&access.shares),
            );
            Box::new(move |change: &Result<Answer<K>, ObjectError>| {
                let entry = Entry::new(&action.record_of_change(Arc::clone(&vault), clock.time(), change));
                shares.charge(action.principal(), entry.as_bytes().len());
                entry
            })
        };
        let done = Box::new(move |change| {
            drop(share);
            // The client may have gone away.
            drop(answered.send(change));
        });
        let time = access.service.timekeeper.request_time();
        let submitted = access.service.objects.submit(request, time, audit, done);
        let change = match submitted {
            Ok(()) => match timeout(PATIENCE, answer).await {
                Ok(Ok(change)) => change,
                // The writer is gone, as when the process ends; or the disk does not answer it.
                Ok(Err(_)) | Err(_) => Err(WriteError::OutcomeUnknown),
            },
            Err(_full) => {
                access.service.metrics.throttled("queue");
                let action = Arc::unwrap_or_clone(action);
                return Err(access.refuse_action(action, Failure::QueueFull).await);
            }
        };
        let failure = match change {
            Ok(answer) => {
                access.count(action.counted_as(), success(action.operation()));
                return Ok(answer);
            }
            // The writer recorded its refusal.
            Err(WriteError::Object(error)) => {
                let done = Err(error);
                access.count(action.counted_as(), outcome_of(action.operation(), &done));
                return done.map_err(|error| Refused(error.into()));
            }
            Err(WriteError::AuditUnavailable) => Failure::Audit,
            Err(WriteError::StoreFull | WriteError::Unavailable) => Failure::Storage,
            Err(WriteError::OutcomeUnknown) => Failure::OutcomeUnknown,
        };
        Err(access.refuse_action(Arc::unwrap_or_clone(action), failure).await)
    }
}
