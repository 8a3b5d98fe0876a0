//! Who may have an issuer sign with a key of the vault.

use reqwest::{Method, StatusCode};
use serde_json::json;
use strongroom_testing::vault::{CERTIFICATES, allow, deny};

use super::{
    ISSUERS,
    authority::{strongroom, terms, vault},
    set,
};
use crate::certificates::assert_refused;

#[tokio::test]
async fn who_has_an_issuer_sign_with_a_key_of_the_vault_may_sign_with_it_and_learns_else_nothing_of_it() {
    let (vault, _) = vault(&[]).await;
    let managers = || allow("managers", "team-a/admin", &["*"], CERTIFICATES);
    let path = format!("{ISSUERS}/house");
    let before = vault.get(&path).await.body;
    let mut of_missing = terms();
    of_missing["certificate"] = json!("missing");
    let (enable, disable) = (
        json!({"attributes": {"enabled": true}}),
        json!({"attributes": {"enabled": false}}),
    );
    let of_others = json!({"provider": "Strongroom", "strongroom": of_missing.clone()});
    for (number, others) in [
        vec![],
        vec![allow("signers", "team-a/admin", &["cb", "c"], &["keys/sign"])],
        vec![allow(
            "users",
            "team-a/admin",
            &["ca"],
            &["keys/get", "keys/verify"],
        )],
        vec![
            allow("signers", "team-a/admin", &["*"], &["keys/sign"]),
            deny("no", "team-a/admin", &["ca", "missing"], &["keys/sign"]),
        ],
    ]
    .into_iter()
    .enumerate()
    {
        let policies = others.into_iter().chain([managers()]).collect();
        vault.policy(3 + number as u64, policies).await;
        let mut sentences = Vec::new();
        for (method, name, body) in [
            (Method::PUT, "house", strongroom(&terms())),
            (Method::PUT, "another", strongroom(&terms())),
            (Method::PUT, "another", of_others.clone()),
            (Method::PATCH, "house", json!({"strongroom": of_missing.clone()})),
            (Method::PATCH, "house", enable.clone()),
        ] {
            let path = format!("{ISSUERS}/{name}");
            let refused = vault.admin(method, &path, Some(body)).await;
            assert_refused(&refused, 403, "Forbidden", "ForbiddenByPolicy");
            sentences.push(refused.message().to_owned());
        }
        assert!(sentences[0].contains("keys/sign"), "{sentences:?}");
        assert!(
            sentences.iter().all(|sentence| *sentence == sentences[0]),
            "{sentences:?}"
        );
        assert_eq!(vault.get(&path).await.body, before);
        let records = vault.files.audited("CertificateIssuerSet");
        let refused = records.last().unwrap();
        assert_eq!(refused["properties"]["httpStatusCode"], 403, "{refused}");
    }
    // Who may change issuers may have one sign no more, and may set any other.
    let disabled = vault.admin(Method::PATCH, &path, Some(disable)).await;
    assert_eq!(disabled.body["attributes"]["enabled"], false, "{disabled:?}");
    assert_eq!(
        set(&vault, "test", json!({"provider": "Test"})).await.status,
        StatusCode::OK
    );
    let signers = allow("signers", "team-a/admin", &["ca"], &["keys/sign"]);
    vault.policy(10, vec![managers(), signers]).await;
    let enabled = vault.admin(Method::PATCH, &path, Some(enable)).await;
    assert_eq!(enabled.body["attributes"]["enabled"], true, "{enabled:?}");
}

#[tokio::test]
async fn an_issuer_can_be_disabled_whose_authority_is_gone() {
    let (vault, _) = vault(&[]).await;
    vault.admin(Method::DELETE, "/certificates/ca", None).await;
    let change = |enabled: bool| json!({"attributes": {"enabled": enabled}});
    let path = format!("{ISSUERS}/house");
    let disabled = vault.admin(Method::PATCH, &path, Some(change(false))).await;
    assert_eq!(disabled.body["attributes"]["enabled"], false, "{disabled:?}");
    let refused = vault.admin(Method::PATCH, &path, Some(change(true))).await;
    assert_refused(&refused, 400, "BadParameter", "");
}
