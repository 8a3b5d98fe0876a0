//! A vault with an authority that is signed by another, and an issuer that signs with it.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::{Answer, CERTIFICATES, Vault, allow};

use super::set;

/// The permission to have an authority of the vault sign.
pub(super) const USE: &str = "certificates/strongroom/issuers/use";

/// An authority as it is imported, and the certificate of the one that signed it.
pub(super) struct Imported {
    pub(super) root: String,
    pub(super) authority: String,
    key: String,
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_after = rcgen::date_time_ymd(2100, 1, 1);
    params
}

impl Imported {
    pub(super) fn new() -> Self {
        Self::for_usages(vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign])
    }

    /// The same, whose key is for these usages.
    pub(super) fn for_usages(usages: Vec<KeyUsagePurpose>) -> Self {
        let key = || KeyPair::generate().unwrap();
        let root = CertifiedIssuer::self_signed(params("Root"), key()).unwrap();
        let own = key();
        let mut authority = params("Authority");
        authority.key_usages = usages;
        authority.use_authority_key_identifier_extension = true;
        let authority = authority.signed_by(&own, &root).unwrap();
        Self {
            root: root.pem(),
            authority: authority.pem(),
            key: own.serialize_pem(),
        }
    }

    /// The key, and the certificates in the wrong order.
    pub(super) fn pem(&self) -> String {
        format!("{}{}{}", self.key, self.root, self.authority)
    }
}

/// What the issuer permits.
pub(super) fn terms() -> Value {
    json!({
        "certificate": "Ca",
        "dnsSuffixes": ["contoso.example"],
        "ipRanges": ["10.0.0.0/8"],
        "ekus": ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"],
        "maxValidityMonths": 12,
    })
}

pub(super) fn strongroom(terms: &Value) -> Value {
    json!({"provider": "Strongroom", "strongroom": terms})
}

/// A vault whose administrator may have the authority sign for these names alone.
pub(super) async fn vault(names: &[&str]) -> (Vault, Imported) {
    let vault = Vault::start().await;
    let policies = vec![
        allow("managers", "team-a/admin", &["*"], CERTIFICATES),
        allow("readers", "team-a/admin", &["*"], &["get", "keys/get"]),
        allow("signers", "team-a/admin", &["*"], &["keys/sign"]),
        allow("users", "team-a/admin", names, &[USE]),
    ];
    vault.policy(2, policies).await;
    let imported = Imported::new();
    let answer = import(&vault, "Ca", &imported.pem(), json!({})).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let made = set(&vault, "house", strongroom(&terms())).await;
    assert_eq!(made.status, StatusCode::OK, "{made:?}");
    assert_eq!(made.body["strongroom"]["certificate"], "Ca");
    (vault, imported)
}

/// Imports PEM.
pub(super) async fn import(vault: &Vault, name: &str, pem: &str, policy: Value) -> Answer {
    let mut policy = policy;
    policy["secret_props"] = json!({"contentType": "application/x-pem-file"});
    let body = json!({"value": pem, "policy": policy});
    let path = format!("/certificates/{name}/import");
    vault.admin(Method::POST, &path, Some(body)).await
}
