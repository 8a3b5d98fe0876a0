//! `strongroom cert`: one command, one request; where a certificate is waited for, a request for each look at it.
//!
//! ```text
//!   arguments --prepare--> CertRequest, with everything that is read on this machine
//!     --perform--> the vault --> Outcome --> standard output or a file, exit code
//! ```

mod download;
mod file;
mod import;
mod making;
mod operation;
mod pem;
mod people;
mod policy;
mod revoke;
pub(crate) mod rows;
mod show;

use std::process::ExitCode;

use strongroom_client::vault::{CertificateChange, CertificateImport, CertificateMerge, Certificates};
use strongroom_core::{ObjectName, Permission};

use crate::{
    Failure,
    arguments::{CertArguments, CertCommand, CertVersion, Global},
    life::{self, LifeRequest},
    output::{CertificateOutput, ObjectOutput, Output},
    printed::{Outcome, Printed},
    session::{Destination, Session},
};
use download::DownloadRequest;
use making::MakeRequest;
use operation::PendingRequest;
use people::{ContactsRequest, IssuerRequest};
use policy::PolicyRequest;
use revoke::RevokeRequest;

/// A command that was read with everything it needs from this machine.
pub(crate) enum CertRequest {
    Make(MakeRequest),
    Import {
        name: ObjectName,
        import: CertificateImport,
        output: ObjectOutput,
    },
    Show {
        cert: CertVersion,
        output: CertificateOutput,
    },
    Update {
        cert: CertVersion,
        change: CertificateChange,
        output: ObjectOutput,
    },
    Policy(PolicyRequest),
    Pending(PendingRequest),
    Merge {
        name: ObjectName,
        merge: CertificateMerge,
        output: ObjectOutput,
    },
    Revoke(RevokeRequest),
    Download(DownloadRequest),
    Issuer(IssuerRequest),
    Contacts(ContactsRequest),
    Life(LifeRequest),
}

/// Runs one command. Reads its files before it calls any server.
pub(crate) async fn run(arguments: CertArguments, global: &Global) -> Result<ExitCode, Failure> {
    let destination = Destination::of(arguments.selection, global)?;
    let request = CertRequest::prepare(arguments.command, global.output())?;
    let session = destination.open(global).await?;
    request.perform(&session).await?.conclude(global)
}

impl CertRequest {
    /// Reads what `command` needs.
    pub(crate) fn prepare(command: CertCommand, output: Option<Output>) -> Result<Self, Failure> {
        Ok(match command {
            CertCommand::Create { name, new } => Self::Make(MakeRequest::create(name, &new, output)?),
            CertCommand::Renew { name, wait } => Self::Make(MakeRequest::renew(name, &wait, output)?),
            CertCommand::Import { name, import } => Self::Import {
                name,
                output: ObjectOutput::of(output)?,
                import: import::read(&import)?,
            },
            CertCommand::Show { cert } => Self::Show {
                cert,
                output: CertificateOutput::of(output)?,
            },
            CertCommand::Update { cert, about } => Self::Update {
                cert,
                change: about.change(),
                output: ObjectOutput::of(output)?,
            },
            CertCommand::Policy { command } => Self::Policy(PolicyRequest::prepare(command, output)?),
            CertCommand::Pending { command } => Self::Pending(PendingRequest::prepare(command, output)?),
            CertCommand::Merge { name, merge } => Self::Merge {
                name,
                output: ObjectOutput::of(output)?,
                merge: import::merge(merge)?,
            },
            CertCommand::Revoke(revoke) => Self::Revoke(RevokeRequest::prepare(revoke, output)?),
            CertCommand::Download(download) => Self::Download(DownloadRequest::prepare(download, output)?),
            CertCommand::Issuer { command } => Self::Issuer(IssuerRequest::prepare(command, output)?),
            CertCommand::Contacts { command } => Self::Contacts(ContactsRequest::prepare(command, output)?),
            CertCommand::Life(command) => Self::Life(LifeRequest::prepare(command, output)?),
        })
    }

    /// Has the vault do it.
    pub(crate) async fn perform(self, session: &Session) -> Result<Outcome, Failure> {
        let printed = match self {
            Self::Make(request) => request.perform(session).await,
            Self::Import { name, import, output } => import_cert(session, &name, &import, output).await,
            Self::Show { cert, output } => show(session, &cert, output).await,
            Self::Update { cert, change, output } => update(session, &cert, &change, output).await,
            Self::Policy(request) => request.perform(session).await,
            Self::Pending(request) => request.perform(session).await,
            Self::Merge { name, merge, output } => merge_cert(session, &name, &merge, output).await,
            Self::Revoke(request) => request.perform(session).await,
            Self::Download(request) => request.perform(session).await,
            Self::Issuer(request) => request.perform(session).await,
            Self::Contacts(request) => request.perform(session).await,
            Self::Life(request) => request.perform::<Certificates>(session).await,
        }?;
        Ok(printed.into())
    }
}

async fn import_cert(
    session: &Session,
    name: &ObjectName,
    import: &CertificateImport,
    output: ObjectOutput,
) -> Result<Printed, Failure> {
    let cert = session
        .vault
        .import_certificate(&session.token, name, import)
        .await
        .map_err(session.failed(Permission::CertificateImport, Some(name)))?;
    life::object::<Certificates>(&cert, "imported", output)
}

async fn show(session: &Session, cert: &CertVersion, output: CertificateOutput) -> Result<Printed, Failure> {
    let shown = session
        .vault
        .get_certificate(&session.token, &cert.name, cert.version.as_ref())
        .await
        .map_err(session.failed(Permission::CertificateGet, Some(&cert.name)))?;
    show::certificate(&shown, "", output)
}

async fn update(
    session: &Session,
    cert: &CertVersion,
    change: &CertificateChange,
    output: ObjectOutput,
) -> Result<Printed, Failure> {
    let updated = session
        .vault
        .update_certificate(&session.token, &cert.name, cert.version.as_ref(), change)
        .await
        .map_err(session.failed(Permission::CertificateUpdate, Some(&cert.name)))?;
    life::object::<Certificates>(&updated, "updated", output)
}

async fn merge_cert(
    session: &Session,
    name: &ObjectName,
    merge: &CertificateMerge,
    output: ObjectOutput,
) -> Result<Printed, Failure> {
    let cert = session
        .vault
        .merge_certificate(&session.token, name, merge)
        .await
        .map_err(session.failed(Permission::CertificateCreate, Some(name)))?;
    life::object::<Certificates>(&cert, "merged", output)
}
