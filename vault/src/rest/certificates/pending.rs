//! The operation that makes a version of a certificate (Certificates/models.tsp, `CertificateOperation`).

use axum::response::Response;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Serialize;
use strongroom_certificates::policy::IssuerKind;
use strongroom_core::ObjectName;
use strongroom_engine::{
    Certificate, CertificateBundle, ObjectError,
    certificate::{
        CertificateRequest,
        object::{Operation, OperationId, OperationState},
    },
    object::{answer::Answer, error::OperationError},
};

use super::{
    super::{
        answer::{self as common, serialise},
        api_version::ApiVersion,
        body::MAX_BODY,
        call::{Call, CommandError},
        error::Problem,
        host::Host,
        respond,
    },
    body::{CancelBody, MAX_IMPORT, MergeBody},
    url,
};
use crate::{
    access::{Failure, Refused},
    certificates::{begin::ISSUE_AFTER, merge::Merge},
};

/// What is said of an operation that somebody works on. Both sentences are Azure's.
const REQUESTED: &str = "Pending certificate created. Certificate request is in progress. This may take some time based on the issuer provider. Please check again later.";

/// What is said of one that waits for a merge.
const TO_MERGE: &str = "Pending certificate created. Please Perform Merge to complete the request.";

/// Answers the operation.
pub(super) async fn get(call: Call<'_>) -> Result<Response, Problem> {
    let wanted = wanted(&call);
    let (call, (name, wanted)) = call.or_refuse(wanted).await?;
    let host = call.host;
    let answer = call.admitted.read_operation(name, wanted).await?;
    let certificate = certificate(&answer)?;
    let (operation, mut response) = answered(certificate, host)?;
    if let OperationState::InProgress(_) = operation.state {
        respond::defer(&mut response, ISSUE_AFTER.as_secs());
    }
    Ok(response)
}

/// The certificate that the path names, and the operation where the query names one.
fn wanted(call: &Call<'_>) -> Result<(ObjectName, Option<OperationId>), CommandError> {
    let name = call.name()?;
    let Some(id) = &call.query.request_id else {
        return Ok((name, None));
    };
    let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u128::from_str_radix(id, 16).ok().filter(|_| is_id);
    match number {
        Some(number) => Ok((name, Some(OperationId(number.to_be_bytes())))),
        // No operation has it.
        None => Err(CommandError::Refused(
            ObjectError::from(OperationError::NotFound(name)).into(),
        )),
    }
}

/// Asks for the operation to be cancelled.
pub(super) async fn cancel(mut call: Call<'_>) -> Result<Response, Problem> {
    let asked = cancellation(&mut call).await;
    let (call, (name, is_wanted)) = call.or_refuse(asked).await?;
    let host = call.host;
    let answer = if is_wanted {
        call.admitted.own(CertificateRequest::Cancel { name }).await?
    } else {
        call.admitted.read_operation(name, None).await?
    };
    Ok(answered(certificate(&answer)?, host)?.1)
}

async fn cancellation(call: &mut Call<'_>) -> Result<(ObjectName, bool), CommandError> {
    let name = call.name()?;
    let (_charge, bytes) = call.receive(MAX_BODY).await?;
    Ok((name, CancelBody::parse(&bytes)?))
}

/// Has the operation forgotten, and answers what it was.
pub(super) async fn forget(call: Call<'_>) -> Result<Response, Problem> {
    let name = call.name();
    let (call, name) = call.or_refuse(name).await?;
    let host = call.host;
    let answer = call.admitted.own(CertificateRequest::Forget { name }).await?;
    Ok(answered(certificate(&answer)?, host)?.1)
}

/// Completes the operation with a certificate that was issued elsewhere.
pub(super) async fn merge(mut call: Call<'_>) -> Result<Response, Problem> {
    let given = given(&mut call).await;
    let (call, given) = call.or_refuse(given).await?;
    let (host, query, route) = (call.host, call.query, call.route);
    let answer = call.admitted.merge_certificate(given).await.map_err(not_merged)?;
    let json = common::json(&answer, host, query, route)?;
    let mut response = respond::success(json, None);
    *response.status_mut() = respond::status(route.operation);
    let made = url(certificate(&answer)?, host, "");
    respond::locate(
        &mut response,
        &format!("{made}?api-version={}", query.api_version),
    );
    Ok(response)
}

async fn given(call: &mut Call<'_>) -> Result<Merge, CommandError> {
    let name = call.name()?;
    let (_charge, bytes) = call.receive(MAX_IMPORT).await?;
    Ok(MergeBody::parse(&bytes, name)?)
}

/// The refusal of a merge. Azure writes one of its sentences otherwise than for other requests.
fn not_merged(refused: Refused) -> Problem {
    let sentence = match refused.failure() {
        Failure::Object(ObjectError::Operation(OperationError::NotFound(name))) => {
            Some(format!("Pending Certificate not found: {}", name.spelling()))
        }
        _ => None,
    };
    let problem = Problem::from(refused);
    match sentence {
        Some(sentence) => problem.saying(sentence),
        None => problem,
    }
}

/// The answer to a request for a version: the operation that makes it has begun.
pub(super) fn begun(
    answer: &Answer<Certificate>,
    host: &Host,
    (asked, version): (strongroom_core::Operation, ApiVersion),
) -> Result<Response, Problem> {
    let certificate = certificate(answer)?;
    let (operation, mut response) = answered(certificate, host)?;
    *response.status_mut() = respond::status(asked);
    let pending = url(certificate, host, "/pending");
    let id = request_id(operation);
    respond::locate(
        &mut response,
        &format!("{pending}?api-version={version}&request_id={id}"),
    );
    respond::defer(&mut response, ISSUE_AFTER.as_secs());
    Ok(response)
}

fn answered<'c>(
    certificate: &'c CertificateBundle,
    host: &Host,
) -> Result<(&'c Operation, Response), Problem> {
    let operation = certificate.object.operation.as_ref();
    // What is asked about an operation is answered about one.
    let operation = operation.ok_or_else(|| Problem::from(&Failure::Storage))?;
    let json = OperationJson::of(certificate, operation, host);
    let json = serialise(&json, 4096 + 2 * operation.csr.len())?;
    Ok((operation, respond::success(Some(json), None)))
}

fn certificate(answer: &Answer<Certificate>) -> Result<&CertificateBundle, Problem> {
    match answer {
        Answer::Object(certificate) => Ok(certificate),
        // What is asked about one certificate is answered about one.
        Answer::Page(_) | Answer::Backup(_) | Answer::Purged => Err((&Failure::Storage).into()),
    }
}

fn request_id(operation: &Operation) -> String {
    format!("{:032x}", u128::from_be_bytes(operation.id.0))
}

/// An operation as JSON.
#[derive(Serialize)]
struct OperationJson<'a> {
    id: String,
    issuer: IssuerJson<'a>,
    csr: String,
    cancellation_requested: bool,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_details: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    request_id: String,
    #[serde(rename = "preserveCertOrder", skip_serializing_if = "Option::is_none")]
    preserve_order: Option<bool>,
}

#[derive(Serialize)]
struct IssuerJson<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct ErrorJson<'a> {
    code: &'a str,
    message: &'a str,
}

impl<'a> OperationJson<'a> {
    fn of(certificate: &CertificateBundle, operation: &'a Operation, host: &Host) -> Self {
        let json = Self {
            id: url(certificate, host, "/pending"),
            issuer: IssuerJson {
                name: &operation.issuer,
            },
            csr: BASE64_STANDARD.encode(&operation.csr),
            cancellation_requested: operation.cancellation_requested,
            status: "inProgress",
            status_details: None,
            error: None,
            target: None,
            request_id: request_id(operation),
            preserve_order: operation.preserve_order,
        };
        match &operation.state {
            OperationState::InProgress(_) => Self {
                status_details: Some(match IssuerKind::of(&operation.issuer) {
                    IssuerKind::Unknown => TO_MERGE,
                    IssuerKind::Own | IssuerKind::Named(_) => REQUESTED,
                }),
                ..json
            },
            OperationState::Completed => Self {
                status: "completed",
                target: Some(url(certificate, host, "")),
                ..json
            },
            OperationState::Cancelled => Self {
                status: "cancelled",
                ..json
            },
            OperationState::Failed { code, message } => Self {
                status: "failed",
                error: Some(ErrorJson { code, message }),
                ..json
            },
        }
    }
}
