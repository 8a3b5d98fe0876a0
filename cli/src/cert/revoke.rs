//! `strongroom cert revoke`.

use strongroom_certificates::revocation::RevocationReason;
use strongroom_client::vault::CertificateRevocation;
use strongroom_core::{ObjectName, Permission, Version};

use super::rows;
use crate::{
    Failure,
    arguments::RevokeArguments,
    failure::CertFailure,
    output::{ObjectOutput, Output},
    printed::Printed,
    session::Session,
    table,
};

/// Which certificate is to be revoked, and why.
pub(crate) struct RevokeRequest {
    revoke: RevokeArguments,
    output: ObjectOutput,
}

impl RevokeRequest {
    /// Reads what the command needs.
    pub(super) fn prepare(revoke: RevokeArguments, output: Option<Output>) -> Result<Self, Failure> {
        Ok(Self {
            revoke,
            output: ObjectOutput::of(output)?,
        })
    }

    /// Does it.
    pub(super) async fn perform(self, session: &Session) -> Result<Printed, Failure> {
        let RevokeArguments {
            name,
            version,
            reason,
        } = &self.revoke;
        let version = match version {
            Some(version) => *version,
            None => current(session, name).await?,
        };
        let reason = reason.map(RevocationReason::name);
        let revocation = session
            .vault
            .revoke_certificate(&session.token, name, &version, reason)
            .await
            .map_err(session.failed(Permission::CertificateRevoke, Some(name)))?;
        match self.output {
            ObjectOutput::Text => Ok(Printed::Text(text(&revocation, name, &version))),
            ObjectOutput::Name => Ok(Printed::Text(format!("certificate/{name}\n"))),
            ObjectOutput::Json => Printed::json(&revocation),
        }
    }
}

/// The current version, which the vault is told: a renewal meanwhile must not have another one revoked.
async fn current(session: &Session, name: &ObjectName) -> Result<Version, Failure> {
    let shown = session
        .vault
        .get_certificate(&session.token, name, None)
        .await
        .map_err(session.failed(Permission::CertificateGet, Some(name)))?;
    let version = shown.id.version.filter(|_| shown.cer.is_some());
    Ok(version.ok_or_else(|| CertFailure::NotIssued(name.clone()))?)
}

fn text(revocation: &CertificateRevocation, name: &ObjectName, version: &Version) -> String {
    format!(
        "certificate/{name} revoked, version {version}, serial {}, since {}, reason {}\n",
        rows::field(Some(&revocation.serial)),
        table::time(revocation.revoked),
        rows::field(Some(&revocation.reason)),
    )
}
