//! What may be done with the issuers and the contacts of a vault's certificates (Key Vault API, Certificates/routes.tsp).

use http::Method;
use serde::Serialize;
use serde_json::Value;
use strongroom_core::ObjectName;

use super::{
    Call, VaultClient, VaultError,
    issuer::{CertificateContact, CertificateContacts, CertificateIssuer},
    written,
};
use crate::identity::VaultToken;

const ISSUERS: &str = "/certificates/issuers";
const CONTACTS: &str = "/certificates/contacts";

/// The room for what is written of an issuer, or of all contacts.
const ROOM: usize = 96 << 10;

#[derive(Serialize)]
struct ContactsBody<'a> {
    contacts: &'a [CertificateContact],
}

impl VaultClient {
    /// Every issuer, with its provider alone; at most `most`.
    pub async fn list_certificate_issuers(
        &self,
        token: &VaultToken,
        most: usize,
    ) -> Result<Vec<CertificateIssuer>, VaultError> {
        self.pages(token, ISSUERS, most).await
    }

    /// Reads an issuer.
    pub async fn certificate_issuer(
        &self,
        token: &VaultToken,
        name: &ObjectName,
    ) -> Result<CertificateIssuer, VaultError> {
        self.json(token, Call::new(Method::GET, issuer_path(name))).await
    }

    /// Makes an issuer, or puts another one in its place.
    pub async fn set_certificate_issuer(
        &self,
        token: &VaultToken,
        name: &ObjectName,
        issuer: &Value,
    ) -> Result<CertificateIssuer, VaultError> {
        let call = Call::new(Method::PUT, issuer_path(name)).body(written(issuer, ROOM)?);
        self.json(token, call).await
    }

    /// Deletes an issuer; returns what it was.
    pub async fn delete_certificate_issuer(
        &self,
        token: &VaultToken,
        name: &ObjectName,
    ) -> Result<CertificateIssuer, VaultError> {
        self.json(token, Call::new(Method::DELETE, issuer_path(name)))
            .await
    }

    /// Reads the contacts.
    pub async fn certificate_contacts(&self, token: &VaultToken) -> Result<CertificateContacts, VaultError> {
        self.json(token, Call::new(Method::GET, CONTACTS.to_owned()))
            .await
    }

    /// Puts these contacts in the place of those that there are.
    pub async fn set_certificate_contacts(
        &self,
        token: &VaultToken,
        contacts: &[CertificateContact],
    ) -> Result<CertificateContacts, VaultError> {
        let body = written(&ContactsBody { contacts }, ROOM)?;
        let call = Call::new(Method::PUT, CONTACTS.to_owned()).body(body);
        self.json(token, call).await
    }

    /// Deletes the contacts; returns who they were.
    pub async fn delete_certificate_contacts(
        &self,
        token: &VaultToken,
    ) -> Result<CertificateContacts, VaultError> {
        self.json(token, Call::new(Method::DELETE, CONTACTS.to_owned()))
            .await
    }
}

fn issuer_path(name: &ObjectName) -> String {
    format!("{ISSUERS}/{name}")
}
