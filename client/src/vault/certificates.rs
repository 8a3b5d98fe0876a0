//! What may be done with certificates alone (Key Vault API, Certificates/routes.tsp).

use std::time::Duration;

use http::Method;
use serde_json::Value;
use strongroom_core::{ObjectName, Version};

use super::{
    Call, Certificate, CertificateChange, CertificateImport, CertificateMerge, CertificateOperation,
    NewCertificate, Secret, VaultClient, VaultError,
    certificate::OperationStatus,
    collection::{Certificates, Secrets},
    path, read, written,
};
use crate::identity::VaultToken;

/// How long the making of a certificate's key may take: as that of any key.
const MAKING: Duration = Duration::from_secs(45);

/// The room for what is written about a certificate: the longest policy, and tags.
const ROOM: usize = 64 << 10;

/// The most that is read of an answer about one certificate, or of the secret that holds its chain.
const LIMIT: usize = 1 << 20;

/// An operation, and when it is worth asking about it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingCertificate {
    /// The operation.
    pub operation: CertificateOperation,
    /// After how long something may have changed, where the vault says so.
    pub retry_after: Option<Duration>,
}

impl PendingCertificate {
    /// Whether somebody has still to do something.
    pub fn is_in_progress(&self) -> bool {
        self.operation.status == OperationStatus::InProgress
    }
}

impl VaultClient {
    /// Begins to make a version. Never repeated once it may have been carried out.
    pub async fn create_certificate(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        new: &NewCertificate,
    ) -> Result<PendingCertificate, VaultError> {
        let path = format!("{}/create", path::<Certificates>(name, None));
        let call = Call::new(Method::POST, path).body(written(new, ROOM)?);
        self.pending(token, call.within(MAKING), name).await
    }

    /// Makes a version of a certificate that was issued elsewhere. Never repeated once it may have been carried out.
    pub async fn import_certificate(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        import: &CertificateImport,
    ) -> Result<Certificate, VaultError> {
        let path = format!("{}/import", path::<Certificates>(name, None));
        let call = Call::new(Method::POST, path).body(written(import, import.room() + ROOM)?);
        self.certificate(token, call.within(MAKING), name, None).await
    }

    /// Reads a version; the current one without `version`.
    pub async fn get_certificate(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        version: Option<&Version>,
    ) -> Result<Certificate, VaultError> {
        let call = Call::new(Method::GET, path::<Certificates>(name, version));
        self.certificate(token, call, name, version).await
    }

    /// Changes what is known about a version; the current one without `version`.
    pub async fn update_certificate(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        version: Option<&Version>,
        change: &CertificateChange,
    ) -> Result<Certificate, VaultError> {
        let call = Call::new(Method::PATCH, path::<Certificates>(name, version)).body(written(change, ROOM)?);
        self.certificate(token, call, name, version).await
    }

    /// Reads the policy.
    pub async fn certificate_policy(
        &self,
        token: &VaultToken,
        name: &ObjectName,
    ) -> Result<Value, VaultError> {
        self.json(token, Call::new(Method::GET, policy_path(name))).await
    }

    /// Changes what `change` names of the policy; returns the whole of it.
    pub async fn update_certificate_policy(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        change: &Value,
    ) -> Result<Value, VaultError> {
        let call = Call::new(Method::PATCH, policy_path(name)).body(written(change, ROOM)?);
        self.json(token, call).await
    }

    /// Reads the operation: the one with `request_id`, or the only one that there is.
    pub async fn certificate_operation(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        request_id: Option<&str>,
    ) -> Result<PendingCertificate, VaultError> {
        let is_id = |id: &&str| id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let query = request_id
            .filter(is_id)
            .map(|id| format!("&request_id={id}"))
            .unwrap_or_default();
        let call = Call::new(Method::GET, pending_path(name));
        self.pending(token, call.query(&query), name).await
    }

    /// Asks for the operation to be cancelled; a vault does that a moment later.
    pub async fn cancel_certificate_operation(
        &self,
        token: &VaultToken,
        name: &ObjectName,
    ) -> Result<PendingCertificate, VaultError> {
        let body = r#"{"cancellation_requested":true}"#;
        let call = Call::new(Method::PATCH, pending_path(name)).body(body);
        self.pending(token, call, name).await
    }

    /// Has the operation forgotten; returns what it was.
    pub async fn delete_certificate_operation(
        &self,
        token: &VaultToken,
        name: &ObjectName,
    ) -> Result<PendingCertificate, VaultError> {
        self.pending(token, Call::new(Method::DELETE, pending_path(name)), name)
            .await
    }

    /// Completes the operation with what somebody issued. Never repeated once it may have been carried out.
    pub async fn merge_certificate(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        merge: &CertificateMerge,
    ) -> Result<Certificate, VaultError> {
        let path = format!("{}/merge", pending_path(name));
        let certificates: usize = merge.chain.iter().map(|text| text.len() + 8).sum();
        let call = Call::new(Method::POST, path).body(written(merge, certificates + ROOM)?);
        self.certificate(token, call, name, None).await
    }

    /// Reads the secret that holds the chain of a version, and its private key where that may leave the vault: as PEM, or in
    /// the form that the policy says.
    pub async fn certificate_secret(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        version: Option<&Version>,
        as_pem: bool,
    ) -> Result<Secret, VaultError> {
        let call = Call::new(Method::GET, path::<Secrets>(name, version)).limit(LIMIT);
        let query = if as_pem {
            "&outContentType=application/x-pem-file"
        } else {
            ""
        };
        let secret: Secret = self.json(token, call.query(query)).await?;
        if secret.id.is_of(name, version) {
            Ok(secret)
        } else {
            Err(VaultError::OtherObject)
        }
    }

    /// Sends `call`, whose answer is the certificate that it is about.
    async fn certificate(
        &self,
        token: &VaultToken,
        call: Call<'_>,
        name: &ObjectName,
        version: Option<&Version>,
    ) -> Result<Certificate, VaultError> {
        let certificate: Certificate = self.json(token, call.limit(LIMIT)).await?;
        if certificate.id.is_of(name, version) {
            Ok(certificate)
        } else {
            Err(VaultError::OtherObject)
        }
    }

    /// Sends `call`, whose answer is the operation on the certificate that it is about.
    async fn pending(
        &self,
        token: &VaultToken,
        call: Call<'_>,
        name: &ObjectName,
    ) -> Result<PendingCertificate, VaultError> {
        let answer = self.send(token, call).await?;
        let operation: CertificateOperation = read(&answer)?;
        if !is_path(&operation.id, &pending_path(name)) {
            return Err(VaultError::OtherObject);
        }
        Ok(PendingCertificate {
            operation,
            retry_after: answer.retry_after(),
        })
    }
}

/// Whether the path of an id is this one. Names compare in any case.
fn is_path(id: &str, path: &str) -> bool {
    let rest = id
        .strip_prefix("https://")
        .and_then(|rest| rest.find('/').and_then(|at| rest.get(at..)));
    rest.is_some_and(|rest| rest.eq_ignore_ascii_case(path))
}

fn policy_path(name: &ObjectName) -> String {
    format!("{}/policy", path::<Certificates>(name, None))
}

fn pending_path(name: &ObjectName) -> String {
    format!("{}/pending", path::<Certificates>(name, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_of_the_certificate_that_its_id_names() {
        let path = pending_path(&"shop-tls".parse().unwrap());
        for (id, is_of) in [
            ("https://prod.team-a.svc/certificates/shop-tls/pending", true),
            ("https://prod.team-a.svc:8443/certificates/Shop-TLS/pending", true),
            ("https://prod.team-a.svc/certificates/other/pending", false),
            ("https://prod.team-a.svc/x/certificates/shop-tls/pending", false),
            ("https://prod.team-a.svc", false),
            ("", false),
        ] {
            assert_eq!(is_path(id, &path), is_of, "{id}");
        }
    }
}
