//! Errors as gRPC codes. The kubelet takes `CANCELLED`, `DEADLINE_EXCEEDED`, `UNAVAILABLE`, `RESOURCE_EXHAUSTED` and
//! `ABORTED` as "perhaps mounted, ask again", and every other code as "certainly not mounted".

use tonic::{Code, Status};

use crate::{
    driver::{PublishError, request::RequestError},
    pod::TokenError,
    source::{
        load::{AuthenticateError, FilesError},
        reference::ReferenceError,
    },
};

/// Of a failed publish. Each leaves nothing mounted, so most codes are final; what may mend itself is not.
pub fn of_publish(error: &PublishError) -> Status {
    let code = match error {
        PublishError::Request(error) => return of_request(error),
        PublishError::Busy | PublishError::Cancelled => Code::Aborted,
        PublishError::NotShared(_) | PublishError::Foreign(_) => Code::FailedPrecondition,
        PublishError::MountTable(_) | PublishError::Mount(_) | PublishError::Tree(_) => Code::Internal,
        PublishError::Reference(error) => of_reference(error),
        PublishError::Authenticate(error) => of_authentication(error),
        PublishError::Files { source, .. } => of_files(source),
        PublishError::Limit(_) => Code::ResourceExhausted,
        PublishError::Deadline(_) => Code::Unavailable,
    };
    Status::new(code, error.to_string())
}

/// Of a request that is refused before anything is done.
pub fn of_request(error: &RequestError) -> Status {
    let code = match error {
        RequestError::Id(_)
        | RequestError::Target
        | RequestError::Capability
        | RequestError::Group
        | RequestError::NotInline
        | RequestError::UnknownAttribute(_)
        | RequestError::TokensTwice
        | RequestError::PodInfo { .. }
        | RequestError::MissingSecretRef
        | RequestError::SecretRef => Code::InvalidArgument,
        RequestError::Token(TokenError::OfAnother) => Code::PermissionDenied,
        RequestError::MissingPodInfo(_)
        | RequestError::Token(
            TokenError::NotSent | TokenError::Missing | TokenError::Malformed | TokenError::NotOfAPod,
        ) => Code::FailedPrecondition,
    };
    Status::new(code, error.to_string())
}

fn of_reference(error: &ReferenceError) -> Code {
    match error {
        ReferenceError::NotFound { .. } => Code::NotFound,
        ReferenceError::Slow { .. } => Code::Unavailable,
        ReferenceError::Api { .. } if error.is_retryable() => Code::Unavailable,
        ReferenceError::Api { .. } => Code::Internal,
        ReferenceError::Shape { .. } | ReferenceError::Spec { .. } => Code::FailedPrecondition,
    }
}

fn of_authentication(error: &AuthenticateError) -> Code {
    match error {
        AuthenticateError::Actor { .. } => Code::FailedPrecondition,
        AuthenticateError::Exchange { .. } if error.is_retryable() => Code::Unavailable,
        AuthenticateError::Exchange { .. } => Code::PermissionDenied,
    }
}

fn of_files(error: &FilesError) -> Code {
    if error.is_retryable() {
        Code::Unavailable
    } else if error.is_forbidden() {
        Code::PermissionDenied
    } else {
        Code::FailedPrecondition
    }
}
