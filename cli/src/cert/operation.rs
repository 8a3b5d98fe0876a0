//! `strongroom cert pending`, and the wait for what makes a version.

use std::time::Duration;

use strongroom_client::vault::{CertificateOperation, OperationStatus, PendingCertificate};
use strongroom_core::{ObjectName, Permission};
use tokio::time::Instant;

use super::{pem, rows};
use crate::{
    Failure,
    arguments::PendingCommand,
    failure::CertFailure,
    output::{CertificateOutput, ObjectOutput, Output},
    printed::Printed,
    session::Session,
    terminal,
};

/// How long to wait before the next look, where the vault does not say.
const USUAL: Duration = Duration::from_secs(2);

/// The shortest and the longest that is waited before the next look, whatever the vault says.
const BETWEEN: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// What is to be done with an operation.
pub(crate) struct PendingRequest {
    command: PendingCommand,
    output: CertificateOutput,
}

impl PendingRequest {
    /// Reads what `command` needs.
    pub(super) fn prepare(command: PendingCommand, output: Option<Output>) -> Result<Self, Failure> {
        Ok(Self {
            command,
            output: CertificateOutput::of(output)?,
        })
    }

    /// Does it, and prints the operation as it is then.
    pub(super) async fn perform(self, session: &Session) -> Result<Printed, Failure> {
        let (vault, token) = (&session.vault, &session.token);
        let (name, pending) = match &self.command {
            PendingCommand::Show { name } => (name, look(session, name, None).await?),
            PendingCommand::Wait { name, timeout } => {
                let pending = look(session, name, None).await?;
                let pending = wait(session, name, pending, Duration::from_secs(*timeout)).await?;
                (name, pending)
            }
            PendingCommand::Cancel { name } => {
                let pending = vault.cancel_certificate_operation(token, name).await;
                let failed = session.failed(Permission::CertificateUpdate, Some(name));
                (name, pending.map_err(failed)?)
            }
            PendingCommand::Delete { name } => {
                let pending = vault.delete_certificate_operation(token, name).await;
                let failed = session.failed(Permission::CertificateUpdate, Some(name));
                (name, pending.map_err(failed)?)
            }
        };
        shown(&pending.operation, name, self.output)
    }
}

async fn look(
    session: &Session,
    name: &ObjectName,
    request_id: Option<&str>,
) -> Result<PendingCertificate, Failure> {
    session
        .vault
        .certificate_operation(&session.token, name, request_id)
        .await
        .map_err(session.failed(Permission::CertificateGet, Some(name)))
}

/// Waits until the operation has made its version; looks at it when the vault says that this is worth while.
pub(super) async fn wait(
    session: &Session,
    name: &ObjectName,
    mut pending: PendingCertificate,
    timeout: Duration,
) -> Result<PendingCertificate, Failure> {
    let end = Instant::now() + timeout;
    let request_id = pending.operation.request_id.clone();
    if pending.is_in_progress() {
        let (issuer, seconds) = (&pending.operation.issuer.name, timeout.as_secs());
        terminal::tell(&format!(
            "Waiting up to {seconds} s until {issuer} issues certificate/{name} ..."
        ));
    }
    while pending.is_in_progress() {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(CertFailure::InTime {
                name: name.clone(),
                seconds: timeout.as_secs(),
                flags: session.flags(),
            }
            .into());
        }
        let (shortest, longest) = BETWEEN;
        let asked = pending.retry_after.unwrap_or(USUAL).clamp(shortest, longest);
        tokio::time::sleep(asked.min(left)).await;
        pending = look(session, name, request_id.as_deref()).await?;
    }
    match pending.operation.status {
        OperationStatus::Completed => Ok(pending),
        status @ (OperationStatus::InProgress | OperationStatus::Cancelled | OperationStatus::Failed) => {
            Err(CertFailure::Ended {
                name: name.clone(),
                status,
                reason: reason(&pending.operation),
            }
            .into())
        }
    }
}

/// Why an operation failed, behind a colon.
fn reason(operation: &CertificateOperation) -> String {
    let error = operation.error.as_ref();
    error.map_or_else(String::new, |error| {
        format!(": {}: {}", error.code, error.message)
    })
}

fn shown(
    operation: &CertificateOperation,
    name: &ObjectName,
    output: CertificateOutput,
) -> Result<Printed, Failure> {
    match output {
        CertificateOutput::Object(ObjectOutput::Text) => Ok(Printed::Text(text(operation, name))),
        CertificateOutput::Object(ObjectOutput::Name) => Ok(Printed::Text(format!("certificate/{name}\n"))),
        CertificateOutput::Object(ObjectOutput::Json) => Printed::json(operation),
        CertificateOutput::Pem => Ok(Printed::Text(pem::request(operation, name)?)),
    }
}

fn text(operation: &CertificateOperation, name: &ObjectName) -> String {
    let error = operation.error.as_ref();
    let error = error.map(|error| format!("{}: {}", error.code, error.message));
    rows::render(&[
        ("Name", name.to_string()),
        ("Status", operation.status.to_string()),
        ("Issuer", rows::field(Some(&operation.issuer.name))),
        (
            "Cancellation wanted",
            operation.cancellation_requested.to_string(),
        ),
        ("Details", rows::field(operation.status_details.as_deref())),
        ("Error", rows::field(error.as_deref())),
        ("Request id", rows::field(operation.request_id.as_deref())),
    ])
}
