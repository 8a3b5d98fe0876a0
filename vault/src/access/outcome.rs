//! What a request comes to: one table from failure to status and word, for every face.

use strongroom_audit::{Class, Outcome, Verdict};
use strongroom_core::{ObjectKind, Operation, Permission};
use strongroom_engine::{
    ObjectError,
    object::{answer::Answer, error::OperationError, kind::Kind},
};
use strongroom_keys::KeyError;

use crate::{
    certificates::{
        error::{CertificateError, CertificateFailure},
        revocation_list::ListError,
    },
    keys::{make::MakeError, release::NotReleased, successor::SuccessorError, usable::Unusable},
    policy::Closed,
    pool::NoRoom,
};

/// How many seconds a caller should wait before it asks again, where nothing says otherwise.
pub const RETRY_AFTER: u32 = 1;

/// Why a request of a known caller does not get what it asks for. Faces add the sentence where the form of a request
/// is theirs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No operation has this path.
    #[error("This vault has no such operation.")]
    NoSuchOperation,
    /// The path has operations, but none with this method.
    #[error("This path does not have this method.")]
    NoSuchMethod,
    /// The path, the query, the message or the body breaks a rule.
    #[error("The request is malformed.")]
    Malformed,
    /// The body is longer than any of its operation.
    #[error("The body is too long.")]
    BodyTooLong,
    /// The body did not arrive in time.
    #[error("The body did not arrive in time.")]
    BodyTooSlow,
    /// The token is of another account or pod than the subscription that it should renew.
    #[error("The token is of another account or pod.")]
    OtherHolder,
    /// The account sends more requests than it may; it may send one after so many seconds.
    #[error("Too many requests. Try again after {0} s.")]
    Throttled(u32),
    /// The caller asks for more at once than a limit allows.
    #[error("The request exceeds a limit of this vault.")]
    Limit,
    /// Too many changes wait for the writer.
    #[error("The vault has too many writes waiting. Try again after {RETRY_AFTER} s.")]
    QueueFull,
    /// Work that needs as much memory as this waits already.
    #[error("The vault is busy with other large requests. Try again after {RETRY_AFTER} s.")]
    Busy,
    /// Policy does not allow it.
    #[error("The caller does not have {0} permission on this object of this vault, or it does not exist.")]
    Forbidden(Permission),
    /// The subscription does not hold the object that it asks for.
    #[error("The subscription does not hold this object.")]
    NotSubscribed,
    /// Policy cannot be asked.
    #[error("The vault answers no data now: {0}.")]
    Closed(#[from] Closed),
    /// The engine refuses the request.
    #[error("{0}")]
    Object(#[from] ObjectError),
    /// The version of the key may not be used so.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// The key cannot be made, or not do what is asked.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key does not leave the vault so.
    #[error(transparent)]
    NotReleased(#[from] NotReleased),
    /// The certificate cannot be made, imported or merged.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The log does not take the record of the request, so the vault does not answer it.
    #[error("The vault cannot write its audit log now.")]
    Audit,
    /// The store takes no changes.
    #[error("The vault cannot store changes now.")]
    Storage,
    /// Whether the store kept a change is not known.
    #[error("The vault does not know whether the change was stored.")]
    OutcomeUnknown,
}

impl Failure {
    /// The status and the word that faces answer and the audit log shows. A word is more exact than its status where
    /// both could say it.
    pub const fn outcome(&self) -> Outcome {
        let (status, word) = match self {
            Self::Malformed => (400, "BadParameter"),
            Self::OtherHolder => (401, "Unauthorized"),
            Self::Forbidden(_) => (403, "ForbiddenByPolicy"),
            Self::NotSubscribed => (403, "Forbidden"),
            Self::NoSuchOperation => (404, "NotFound"),
            Self::NoSuchMethod => (405, "MethodNotAllowed"),
            Self::BodyTooSlow => (408, "BadParameter"),
            Self::BodyTooLong => (413, "BadParameter"),
            Self::Throttled(_) | Self::Limit | Self::QueueFull | Self::Busy => (429, "Throttled"),
            Self::Closed(_) => (503, "PolicyUnavailable"),
            Self::Audit => (503, "AuditUnavailable"),
            Self::Storage => (503, "StorageUnavailable"),
            Self::OutcomeUnknown => (503, "OutcomeUnknown"),
            Self::Object(error) => return outcome_of_error(error),
            Self::Unusable(why) => (403, why.word()),
            Self::NotReleased(why) => why.outcome(),
            Self::Certificate(why) => return why.outcome(),
            Self::Key(error) if error.is_bad_parameter() => (400, "BadParameter"),
            Self::Key(_) => (500, "InternalServerError"),
        };
        Outcome::failure(status, word)
    }

    /// After how many seconds the same request may succeed, where waiting may help.
    pub const fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Throttled(seconds) => Some(*seconds),
            Self::Limit
            | Self::QueueFull
            | Self::Busy
            | Self::Closed(_)
            | Self::Audit
            | Self::Storage
            | Self::OutcomeUnknown
            | Self::Object(ObjectError::Store(_)) => Some(RETRY_AFTER),
            Self::NoSuchOperation
            | Self::NoSuchMethod
            | Self::Malformed
            | Self::BodyTooLong
            | Self::BodyTooSlow
            | Self::OtherHolder
            | Self::Forbidden(_)
            | Self::NotSubscribed
            | Self::Object(_)
            | Self::Unusable(_)
            | Self::NotReleased(_)
            | Self::Certificate(_)
            | Self::Key(_) => None,
        }
    }
}

impl From<CertificateFailure> for Failure {
    fn from(error: CertificateFailure) -> Self {
        match error {
            CertificateFailure::Object(error) => error.into(),
            CertificateFailure::Certificate(error) => error.into(),
        }
    }
}

impl From<ListError> for Failure {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Busy => Self::Busy,
            ListError::Number(_) => Self::Storage,
            ListError::Certificate(error) => error.into(),
        }
    }
}

impl From<SuccessorError> for Failure {
    fn from(error: SuccessorError) -> Self {
        match error {
            SuccessorError::Object(error) => error.into(),
            SuccessorError::Make(error) => error.into(),
        }
    }
}

impl From<MakeError> for Failure {
    fn from(error: MakeError) -> Self {
        match error {
            MakeError::NoRoom(error) => error.into(),
            MakeError::Key(error) => error.into(),
        }
    }
}

impl From<NoRoom> for Failure {
    fn from(_: NoRoom) -> Self {
        Self::Busy
    }
}

/// Azure's word for an object that is not there.
const fn not_found(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Secrets => "SecretNotFound",
        ObjectKind::Keys => "KeyNotFound",
        ObjectKind::Certificates => "CertificateNotFound",
    }
}

/// Azure's word for an object that may not be read while it is disabled.
const fn disabled(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Secrets => "SecretDisabled",
        ObjectKind::Keys => "KeyDisabled",
        ObjectKind::Certificates => "CertificateDisabled",
    }
}

/// Azure's word for an object that is part of a certificate.
const fn managed(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Secrets => "SecretManagedByKeyVault",
        ObjectKind::Keys => "KeyManagedByKeyVault",
        ObjectKind::Certificates => "Forbidden",
    }
}

const fn outcome_of_error(error: &ObjectError) -> Outcome {
    let (status, word) = match error {
        ObjectError::BadParameter(_) => (400, "BadParameter"),
        // Azure's code, with its blanks.
        ObjectError::MalformedBackup(_) => (400, "Malformed backup blob"),
        ObjectError::Disabled { kind, .. } => (403, disabled(*kind)),
        // As Azure answers, which has no inner code for them: policy allows them.
        ObjectError::PurgeProtected { .. } | ObjectError::Operation(OperationError::Ended) => {
            (403, "Forbidden")
        }
        // Azure's clients try again after 408, 429 and what begins with 5, and take 409 for a name that is in use. Nothing
        // but the vault's owner, or a purge, changes these.
        ObjectError::TooManyVersions { .. } => (403, "VersionLimitReached"),
        ObjectError::VaultFull { .. } => (403, "StorageLimitReached"),
        ObjectError::NotFound { kind, .. } | ObjectError::DeletedNotFound { kind, .. } => {
            (404, not_found(*kind))
        }
        ObjectError::DeletedButRecoverable { .. } => (409, "ObjectIsDeletedButRecoverable"),
        ObjectError::Managed { kind, .. } => (403, managed(*kind)),
        ObjectError::Operation(OperationError::NotFound(_)) => (404, "PendingCertificateNotFound"),
        // Azure's code, which is that of another status.
        ObjectError::Operation(OperationError::InProgress) => (409, "Forbidden"),
        ObjectError::NameOfAnother { .. }
        | ObjectError::NameInUse { .. }
        | ObjectError::Superseded { .. } => (409, "Conflict"),
        ObjectError::Corrupt { .. } => (500, "InternalServerError"),
        ObjectError::Store(_) => (503, "StorageUnavailable"),
    };
    Outcome::failure(status, word)
}

/// What the objects made of a request for `operation`.
pub(super) const fn outcome_of<K: Kind>(
    operation: Operation,
    done: &Result<Answer<K>, ObjectError>,
) -> Outcome {
    match done {
        Ok(_) => success(operation),
        Err(error) => outcome_of_error(error),
    }
}

/// What an operation comes to that is done: the status that faces answer and the audit log shows.
pub const fn success(operation: Operation) -> Outcome {
    Outcome::success(match operation {
        // The certificate is issued later.
        Operation::CertificateCreate => 202,
        // The answer says where to find what it made.
        Operation::CertificatePendingMerge => 201,
        // There is nothing to say.
        Operation::SecretPurge | Operation::KeyPurge | Operation::CertificatePurge => 204,
        _ => 200,
    })
}

/// The share of the log's quota for the record of a request that was not a change: refusals keep a reserve, which
/// no allowed request can use up.
pub(super) const fn class_of(verdict: &Verdict) -> Class {
    match verdict {
        Verdict::Allow(_) => Class::Read,
        Verdict::Deny(_) | Verdict::NoPolicy | Verdict::NotAsked => Class::Refusal,
    }
}

#[cfg(test)]
mod tests {
    use strongroom_audit::PolicyName;
    use strongroom_engine::{BadParameter, MalformedBackup, Secret, store::StoreError};

    use super::*;

    /// A failure, its status, its word, and whether waiting may help.
    type Row = (Failure, u16, &'static str, Option<u32>);

    const fn closed(closed: Closed) -> Row {
        (Failure::Closed(closed), 503, "PolicyUnavailable", Some(1))
    }

    /// The rows of what comes before the objects.
    fn rows() -> Vec<Row> {
        vec![
            (Failure::Malformed, 400, "BadParameter", None),
            (Failure::OtherHolder, 401, "Unauthorized", None),
            (
                Failure::Forbidden(Permission::SecretGet),
                403,
                "ForbiddenByPolicy",
                None,
            ),
            (Failure::NotSubscribed, 403, "Forbidden", None),
            (Failure::NoSuchOperation, 404, "NotFound", None),
            (Failure::NoSuchMethod, 405, "MethodNotAllowed", None),
            (Failure::BodyTooSlow, 408, "BadParameter", None),
            (Failure::BodyTooLong, 413, "BadParameter", None),
            (Failure::Throttled(7), 429, "Throttled", Some(7)),
            (Failure::Limit, 429, "Throttled", Some(1)),
            (Failure::QueueFull, 429, "Throttled", Some(1)),
            (Failure::Busy, 429, "Throttled", Some(1)),
            closed(Closed::NoBundle),
            closed(Closed::Stale),
            closed(Closed::NotCompared),
            closed(Closed::RolledBack),
            (Failure::Audit, 503, "AuditUnavailable", Some(1)),
            (Failure::Storage, 503, "StorageUnavailable", Some(1)),
            (Failure::OutcomeUnknown, 503, "OutcomeUnknown", Some(1)),
        ]
    }

    /// The rows of what the objects refuse.
    fn object_rows() -> Vec<Row> {
        let kind = ObjectKind::Secrets;
        let name: strongroom_core::ObjectName = "a".parse().unwrap();
        let object = |error| Failure::Object(error);
        vec![
            (object(BadParameter::SkipToken.into()), 400, "BadParameter", None),
            (
                object(MalformedBackup::Corrupt.into()),
                400,
                "Malformed backup blob",
                None,
            ),
            (
                object(ObjectError::Disabled {
                    kind,
                    name: name.clone(),
                }),
                403,
                "SecretDisabled",
                None,
            ),
            (
                object(ObjectError::PurgeProtected {
                    kind,
                    name: name.clone(),
                }),
                403,
                "Forbidden",
                None,
            ),
            (
                object(ObjectError::NotFound {
                    kind,
                    name: name.clone(),
                    version: None,
                }),
                404,
                "SecretNotFound",
                None,
            ),
            (
                object(ObjectError::DeletedNotFound {
                    kind,
                    name: name.clone(),
                }),
                404,
                "SecretNotFound",
                None,
            ),
            (
                object(ObjectError::DeletedButRecoverable {
                    kind,
                    name: name.clone(),
                }),
                409,
                "ObjectIsDeletedButRecoverable",
                None,
            ),
            (
                object(ObjectError::NameInUse {
                    kind,
                    name: name.clone(),
                }),
                409,
                "Conflict",
                None,
            ),
            (
                object(ObjectError::TooManyVersions {
                    kind,
                    name,
                    limit: 500,
                }),
                403,
                "VersionLimitReached",
                None,
            ),
            (
                object(ObjectError::VaultFull { limit: 1 }),
                403,
                "StorageLimitReached",
                None,
            ),
            (
                object(ObjectError::Corrupt { what: "a".into() }),
                500,
                "InternalServerError",
                None,
            ),
            (
                object(StoreError::Unavailable("a".into()).into()),
                503,
                "StorageUnavailable",
                Some(1),
            ),
        ]
    }

    #[test]
    fn each_failure_has_its_status_its_word_and_its_time_to_wait() {
        for (failure, status, word, wait) in rows().into_iter().chain(object_rows()) {
            assert_eq!(failure.outcome(), Outcome::failure(status, word), "{failure:?}");
            assert_eq!(failure.retry_after(), wait, "{failure:?}");
        }
    }

    #[test]
    fn what_was_not_done_comes_to_its_failure_whatever_the_operation() {
        let refused: Result<Answer<Secret>, _> = Err(BadParameter::SkipToken.into());
        for operation in [Operation::CertificateCreate, Operation::SecretPurge] {
            assert_eq!(
                outcome_of(operation, &refused),
                Outcome::failure(400, "BadParameter")
            );
        }
    }

    #[test]
    fn an_allowed_request_uses_no_bytes_that_are_kept_for_refusals() {
        let policy = || PolicyName::new("p");
        assert_eq!(class_of(&Verdict::Allow(policy())), Class::Read);
        for verdict in [Verdict::Deny(policy()), Verdict::NoPolicy, Verdict::NotAsked] {
            assert_eq!(class_of(&verdict), Class::Refusal, "{verdict:?}");
        }
    }
}
