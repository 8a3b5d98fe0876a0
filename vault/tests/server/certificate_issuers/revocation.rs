//! Certificates of the vault's own authorities that are revoked, and the lists that say so.

mod forged;
mod judges;
mod lists;
mod restarts;
mod revoking;

use std::str::FromStr as _;

use reqwest::{Method, Response, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use strongroom_core::Version;
use strongroom_testing::vault::{Answer, HOST, Vault, answer};
use x509_cert::{
    crl::CertificateList,
    der::{Decode as _, asn1::ObjectIdentifier},
};

use crate::certificates::{certificate, version};

/// What the id of a list begins with: the vault's own name, whatever name or port it was called by.
const LISTS: &str = "https://prod.team-a.svc/crl";

const NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.20");
const REASON: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.21");

/// A list, as anybody gets it.
#[derive(Debug)]
struct List {
    headers: HeaderMap,
    der: Vec<u8>,
    /// The serial numbers, each with its reason as RFC 5280 numbers them.
    revoked: Vec<(String, Option<u8>)>,
    number: u64,
    /// From when and until when it is valid.
    times: (u64, u64),
}

/// What somebody without a token gets, by a path without a query.
async fn stranger(vault: &Vault, method: Method, path: &str) -> Response {
    let port = vault.running.addresses().data.port();
    let url = format!("https://{HOST}:{port}{path}");
    vault.client.request(method, url).send().await.unwrap()
}

/// The list at this path.
async fn list(vault: &Vault, path: &str) -> List {
    let response = stranger(vault, Method::GET, path).await;
    let (status, headers) = (response.status(), response.headers().clone());
    let der = response.bytes().await.unwrap().to_vec();
    assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&der));
    List::read(headers, der)
}

impl List {
    fn read(headers: HeaderMap, der: Vec<u8>) -> Self {
        let content = CertificateList::<x509_cert::certificate::Rfc5280>::from_der(&der)
            .unwrap()
            .tbs_cert_list;
        let seconds = |time: x509_cert::time::Time| time.to_unix_duration().as_secs();
        let number = content.crl_extensions.unwrap();
        let number = number
            .iter()
            .find(|extension| extension.extn_id == NUMBER)
            .unwrap();
        let revoked = content.revoked_certificates.unwrap_or_default().into_iter();
        let revoked = revoked.map(|entry| {
            let bytes = entry.serial_number.as_bytes().iter();
            let digits: Vec<_> = bytes.map(|byte| format!("{byte:02X}")).collect();
            let reasons = entry.crl_entry_extensions.unwrap_or_default();
            let reason = reasons.iter().find(|extension| extension.extn_id == REASON);
            (
                digits.concat(),
                reason.map(|reason| *reason.extn_value.as_bytes().last().unwrap()),
            )
        });
        Self {
            revoked: revoked.collect(),
            number: u64::from_der(number.extn_value.as_bytes()).unwrap(),
            times: (
                seconds(content.this_update),
                seconds(content.next_update.unwrap()),
            ),
            headers,
            der,
        }
    }

    fn serials(&self) -> Vec<&str> {
        self.revoked.iter().map(|(serial, _)| serial.as_str()).collect()
    }
}

/// The path of the list that a certificate names.
fn list_of(made: &Answer) -> String {
    let urls = certificate(made).revocation_list_urls();
    let [url] = urls.as_slice() else {
        panic!("{urls:?} is not one place");
    };
    let path = url.strip_prefix("https://prod.team-a.svc").unwrap();
    path.to_owned()
}

/// The path of the list of the current version of the authority.
async fn list_of_authority(vault: &Vault) -> String {
    let authority = vault.get("/certificates/ca").await;
    format!("/crl/Ca/{}", version(&authority))
}

fn serial(made: &Answer) -> String {
    certificate(made).serial().to_string()
}

/// Revokes the version that was answered.
async fn revoke(vault: &Vault, name: &str, made: &Answer, body: Value) -> Answer {
    let path = format!("/certificates/{name}/{}/revoke", version(made));
    vault.admin(Method::POST, &path, Some(body)).await
}

/// The same, which is done.
async fn revoked(vault: &Vault, name: &str, made: &Answer) -> Answer {
    let revoked = revoke(vault, name, made, json!({"reason": "keyCompromise"})).await;
    assert_eq!(revoked.status, StatusCode::OK, "{revoked:?}");
    revoked
}

/// What a stranger gets where no list is.
async fn refused(vault: &Vault, method: Method, path: &str) -> Answer {
    answer(stranger(vault, method, path).await).await
}

fn is_version(text: &str) -> bool {
    Version::from_str(text).is_ok()
}
