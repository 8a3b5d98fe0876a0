//! From a known caller to an answer: decide, ask the engine, record.

use std::sync::Arc;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::request::Parts;
use strongroom_audit::{Class, Entry, Outcome, Record, Resource, Verdict};
use strongroom_core::{NamedObject, ObjectKind, ObjectName, Permission, PolicyIndex, Timestamp, Uid};
use strongroom_engine::{Answer, BackupBlob, ObjectError, ReadRequest, WriteError, WriteRequest};
use tokio::{sync::oneshot, task::spawn_blocking};

use super::{
    answer,
    api::Api,
    command::Command,
    error::ApiError,
    exchange::{Exchange, Trail},
    query::Query,
    respond,
    route::Route,
};

/// What a request came to.
pub(super) struct Done {
    route: Route,
    query: Query,
    answer: Answer,
    /// Whether the record was written with the change.
    is_recorded: bool,
}

/// Why a request is not done, and whether its record was written with the attempt.
pub(super) struct NotDone {
    error: ApiError,
    is_recorded: bool,
}

impl<E: Into<ApiError>> From<E> for NotDone {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            is_recorded: false,
        }
    }
}

impl Api {
    /// Does what the request asks, if policy allows it. `trail` is filled in as things become known.
    pub(super) async fn perform(
        &self,
        exchange: &Exchange,
        trail: &mut Trail,
        parts: &Parts,
        body: &mut Body,
    ) -> Result<Done, NotDone> {
        let route = Route::parse(&parts.method, parts.uri.path()).map_err(ApiError::from)?;
        trail.operation = route.operation();
        trail.resource = route.resource();
        let query = Query::parse(parts.uri.query().unwrap_or_default()).map_err(ApiError::from)?;
        let caller = exchange.origin.principal.id();
        self.decide(caller, &route, trail)?;
        let _restore = match route {
            Route::Restore => Some(self.restores.try_acquire().map_err(|_| ApiError::Busy)?),
            _ => None,
        };
        let command = Command::of(&route, &query.page, body)
            .await
            .map_err(ApiError::from)?;
        match command {
            Command::Read(request) => {
                let policy = self.decide(caller, &route, trail)?;
                let answer = self.read(request, policy, caller.clone()).await?;
                Ok(Done {
                    route,
                    query,
                    answer,
                    is_recorded: false,
                })
            }
            Command::Write(request) => {
                self.decide_write(caller, &route, &request, trail)?;
                let answer = self.write(exchange, trail, request).await?;
                Ok(Done {
                    route,
                    query,
                    answer,
                    is_recorded: true,
                })
            }
        }
    }

    /// Asks policy for the route's own object, or for any where it names none.
    fn decide(&self, caller: &Uid, route: &Route, trail: &mut Trail) -> Result<Arc<PolicyIndex>, ApiError> {
        let policy = self.service.policy.in_force()?;
        let permission = route.permission();
        trail.verdict = match route.name() {
            Some(name) => policy.decide(caller, permission, name).into(),
            None => policy.decide_any(caller, permission).into(),
        };
        allowed(&trail.verdict, permission)?;
        Ok(policy)
    }

    /// Decides a write as policy is once its body has come; a restore by the name inside its blob.
    fn decide_write(
        &self,
        caller: &Uid,
        route: &Route,
        request: &WriteRequest,
        trail: &mut Trail,
    ) -> Result<(), ApiError> {
        let policy = self.decide(caller, route, trail)?;
        let WriteRequest::Restore { blob } = request else {
            return Ok(());
        };
        let name = self.name_of(blob)?;
        trail.verdict = policy.decide(caller, Permission::SecretRestore, &name).into();
        trail.resource = Resource::Object(NamedObject {
            kind: ObjectKind::Secrets,
            name,
            version: None,
        });
        allowed(&trail.verdict, Permission::SecretRestore)
    }

    fn name_of(&self, blob: &BackupBlob) -> Result<ObjectName, ApiError> {
        Ok(self.service.objects.peek_backup(blob)?)
    }

    async fn read(
        &self,
        request: ReadRequest,
        policy: Arc<PolicyIndex>,
        caller: Uid,
    ) -> Result<Answer, ApiError> {
        // A backup opens and seals up to five hundred versions, a page looks at up to a thousand heads.
        let is_quick = matches!(request, ReadRequest::Get { .. } | ReadRequest::GetDeleted { .. });
        let (now, objects) = (self.now(), self.service.objects.clone());
        let read = move || {
            let listed =
                |name: &ObjectName| policy.decide(&caller, Permission::SecretList, name).is_allowed();
            objects.read(&request, now, &listed)
        };
        let answer = if is_quick {
            read()
        } else {
            spawn_blocking(read).await.map_err(|_| ApiError::Storage)?
        };
        Ok(answer?)
    }

    /// Hands the change to the writer, with a function that makes its audit record once its outcome is known.
    async fn write(
        &self,
        exchange: &Exchange,
        trail: &Trail,
        request: WriteRequest,
    ) -> Result<Answer, NotDone> {
        let (answered, answer) = oneshot::channel();
        let (exchange, trail) = (exchange.clone(), trail.clone());
        let audit = Box::new(move |outcome: &Result<Answer, ObjectError>| {
            Entry::new(&record_of(&exchange, &trail, outcome))
        });
        let done = Box::new(move |outcome| drop(answered.send(outcome)));
        self.service
            .objects
            .submit(request, self.now(), audit, done)
            .map_err(|_full| {
                self.service.metrics.throttled("queue");
                ApiError::Busy
            })?;
        match answer.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(not_done(error)),
            // The writer is gone: the process is ending.
            Err(_) => Err(ApiError::Unknown.into()),
        }
    }

    /// Records what the request came to, and only then answers it.
    pub(super) async fn conclude(
        &self,
        exchange: &Exchange,
        trail: &Trail,
        outcome: Result<Done, NotDone>,
    ) -> Response {
        let (record, is_recorded) = match &outcome {
            Ok(done) => (exchange.record(trail, success_of(&done.answer)), done.is_recorded),
            Err(not) => (exchange.record(trail, not.error.outcome()), not.is_recorded),
        };
        if !is_recorded && !self.append(record).await {
            return ApiError::Audit.into_response();
        }
        match outcome {
            Ok(Done {
                route, query, answer, ..
            }) => respond::success(answer::json(
                &answer,
                &exchange.host,
                &query,
                route.list().as_ref(),
            )),
            Err(not) => not.error.into_response(),
        }
    }

    /// Appends a record; false when it cannot be kept.
    async fn append(&self, record: Record) -> bool {
        let class = if matches!(record.verdict, Verdict::Allow(_)) {
            Class::Read
        } else {
            Class::Refusal
        };
        let kept = self.recorder.append(class, Entry::new(&record)).await;
        if !kept {
            self.service.metrics.audit_failure();
        }
        kept
    }

    fn now(&self) -> Timestamp {
        Timestamp::from(self.service.clock.time())
    }
}

/// What became of a write that was not answered with success. A refusal that was decided by the writer has its record
/// in the log already.
fn not_done(error: WriteError) -> NotDone {
    match error {
        WriteError::Object(error) => NotDone {
            error: error.into(),
            is_recorded: true,
        },
        WriteError::AuditUnavailable => ApiError::Audit.into(),
        WriteError::StoreFull | WriteError::Unavailable => ApiError::Storage.into(),
        WriteError::OutcomeUnknown => ApiError::Unknown.into(),
    }
}

fn allowed(verdict: &Verdict, permission: Permission) -> Result<(), ApiError> {
    match verdict {
        Verdict::Allow(_) => Ok(()),
        Verdict::Deny(_) | Verdict::NoPolicy | Verdict::NotAsked => Err(ApiError::Forbidden(permission)),
    }
}

fn success_of(answer: &Answer) -> Outcome {
    match answer {
        Answer::Purged => Outcome::success(204),
        Answer::Secret(_) | Answer::Page(_) | Answer::Backup(_) => Outcome::success(200),
    }
}

/// The record of a write, with the version it made.
fn record_of(exchange: &Exchange, trail: &Trail, outcome: &Result<Answer, ObjectError>) -> Record {
    let mut trail = trail.clone();
    if let (Ok(Answer::Secret(bundle)), Resource::Object(object)) = (outcome, &mut trail.resource) {
        object.version = Some(bundle.version);
    }
    let outcome = match outcome {
        Ok(answer) => success_of(answer),
        Err(error) => ApiError::from(error.clone()).outcome(),
    };
    exchange.record(&trail, outcome)
}
