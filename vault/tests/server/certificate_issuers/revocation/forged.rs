//! Certificates that others issued, or seem to have.

use rcgen::{BasicConstraints, CertificateParams, CrlDistributionPoint, DnType, IsCa, KeyPair};
use reqwest::StatusCode;
use serde_json::json;

use super::{
    super::{
        authority::{import, strongroom, terms, vault},
        set,
        signed::server,
    },
    LISTS, is_version, list, list_of, list_of_authority, revoke, revoked, serial,
};
use crate::certificates::{assert_refused, begin, make, own, version};

/// A certificate of an authority outside, in PEM with its key, that names this place of a list.
fn forged(url: &str) -> String {
    let mut params = CertificateParams::new(vec!["shop.contoso.example".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "Authority");
    params.crl_distribution_points = vec![CrlDistributionPoint {
        uris: vec![url.to_owned()],
    }];
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    format!("{}{}", key.serialize_pem(), certificate.pem())
}

#[tokio::test]
async fn an_imported_certificate_gets_on_no_list_by_naming_it() {
    let (vault, _) = vault(&["shop"]).await;
    let made = make(&vault, "shop", server()).await;
    let (path, missing) = (list_of(&made), "0123456789abcdef0123456789abcdef");
    let cases = [
        (format!("https://prod.team-a.svc{path}"), "which did not sign it"),
        (
            format!("{LISTS}/ca/{missing}"),
            "is not in this vault in that version",
        ),
        (
            format!("{LISTS}/nobody/{missing}"),
            "is not in this vault in that version",
        ),
        // A key that may sign no lists has none.
        (
            format!("{LISTS}/shop/{}", version(&made)),
            "names no list of this vault",
        ),
        (
            format!("https://other.team-a.svc{path}"),
            "names no list of this vault",
        ),
        (
            format!("http://prod.team-a.svc{path}"),
            "names no list of this vault",
        ),
        (
            format!("https://prod.team-a.svc{path}/x"),
            "names no list of this vault",
        ),
    ];
    for (number, (url, why)) in cases.into_iter().enumerate() {
        let name = format!("forged-{number}");
        let imported = import(&vault, &name, &forged(&url), json!({})).await;
        assert_eq!(imported.status, StatusCode::OK, "{imported:?}");
        let refused = revoke(&vault, &name, &imported, json!({})).await;
        assert_refused(&refused, 400, "BadParameter", "");
        assert!(refused.message().contains(why), "{url}: {}", refused.message());
    }
    assert_eq!(list(&vault, &path).await.revoked, []);
}

#[tokio::test]
async fn what_no_authority_of_the_vault_issued_is_not_revoked() {
    let (vault, _) = vault(&["shop"]).await;
    let own = make(&vault, "own", own("CN=own")).await;
    let authority = vault.get("/certificates/ca").await;
    for (name, made) in [("own", &own), ("ca", &authority)] {
        let refused = revoke(&vault, name, made, json!({})).await;
        assert_refused(&refused, 400, "BadParameter", "");
        assert!(
            refused.message().contains("names no list of this vault"),
            "{refused:?}"
        );
    }
    begin(&vault, "shop", server()).await;
    let waits = vault.get("/certificates/shop").await;
    assert!(is_version(&version(&waits)), "{waits:?}");
    let refused = revoke(&vault, "shop", &waits, json!({})).await;
    assert_refused(&refused, 400, "BadParameter", "");
    assert!(refused.message().contains("is not issued"), "{refused:?}");
}

#[tokio::test]
async fn an_issuer_that_signs_with_another_key_of_the_same_name_gets_on_its_own_list() {
    let (vault, _) = vault(&["*"]).await;
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "Authority");
    params.not_after = rcgen::date_time_ymd(2100, 1, 1);
    let key = KeyPair::generate().unwrap();
    let namesake = params.self_signed(&key).unwrap();
    let pem = format!("{}{}", key.serialize_pem(), namesake.pem());
    import(&vault, "namesake", &pem, json!({})).await;
    let mut other = terms();
    other["certificate"] = json!("namesake");
    set(&vault, "other", strongroom(&other)).await;
    let mut policy = server();
    policy["issuer"]["name"] = json!("other");
    let made = make(&vault, "shop", policy).await;
    revoked(&vault, "shop", &made).await;
    assert!(list_of(&made).starts_with("/crl/namesake/"));
    assert_eq!(list(&vault, &list_of(&made)).await.serials(), [serial(&made)]);
    let house = list_of_authority(&vault).await;
    assert_eq!(list(&vault, &house).await.revoked, []);
}
