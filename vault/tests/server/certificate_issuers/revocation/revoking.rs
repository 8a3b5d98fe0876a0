//! The operation that revokes.

use rcgen::KeyUsagePurpose;
use reqwest::{Method, StatusCode};
use serde_json::json;
use strongroom_testing::vault::{CERTIFICATES, allow};

use super::{
    super::{
        authority::{Imported, import, vault},
        signed::{renewed, server},
    },
    list, list_of, list_of_authority, refused, revoke, revoked, serial,
};
use crate::certificates::{assert_refused, id, make, version};

#[tokio::test]
async fn a_revoked_certificate_is_in_the_list_from_the_answer_on_and_stays_readable() {
    let (vault, _) = vault(&["shop"]).await;
    let made = make(&vault, "shop", server()).await;
    let secret = vault.get("/secrets/shop").await;
    let path = list_of(&made);
    let before = list(&vault, &path).await;
    assert_eq!(before.revoked, []);
    vault.files.clock.advance(5);
    let answer = revoked(&vault, "shop", &made).await;
    let expected = json!({
        "id": id(&vault, &format!("/certificates/shop/{}", version(&made))),
        "serial": serial(&made),
        "revoked": answer.body["revoked"],
        "reason": "keyCompromise",
    });
    assert_eq!(answer.body, expected);
    let since = answer.body["revoked"].as_i64().unwrap();
    assert!((vault.files.clock.now() - since).abs() < 60, "{since}");
    let after = list(&vault, &path).await;
    assert_eq!(after.revoked, [(serial(&made), Some(1))]);
    assert!(after.number > before.number, "{after:?} after {before:?}");
    assert_ne!(after.headers["etag"], before.headers["etag"]);
    assert_eq!(vault.get("/certificates/shop").await.body, made.body);
    assert_eq!(vault.get("/secrets/shop").await.body, secret.body);
}

#[tokio::test]
async fn a_second_revocation_answers_what_the_first_said_and_changes_nothing() {
    let (vault, _) = vault(&["shop"]).await;
    let made = make(&vault, "shop", server()).await;
    let first = revoke(&vault, "shop", &made, json!({"reason": "superseded"})).await;
    vault.files.clock.advance(60);
    let second = revoked(&vault, "shop", &made).await;
    assert_eq!(second.body, first.body);
    let list = list(&vault, &list_of(&made)).await;
    assert_eq!(list.revoked, [(serial(&made), Some(4))]);
    let records = vault.files.audited("CertificateRevoke");
    let statuses: Vec<_> = records
        .iter()
        .map(|record| &record["properties"]["httpStatusCode"])
        .collect();
    assert_eq!(statuses, [200, 200]);
    for record in &records {
        let id = record["properties"]["id"].as_str().unwrap();
        assert!(
            id.ends_with(&format!("/certificates/shop/{}", version(&made))),
            "{id}"
        );
    }
}

#[tokio::test]
async fn of_certificates_that_are_revoked_at_once_none_is_lost() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let (vault, _) = vault(&names).await;
    let mut made = Vec::new();
    for name in names {
        made.push(make(&vault, name, server()).await);
    }
    let path = list_of(&made[0]);
    let all = names.iter().zip(&made).map(async |(name, made)| {
        revoked(&vault, name, made).await;
        let listed = list(&vault, &path).await;
        // While the others are revoked, which has the list forgotten and made again.
        assert!(listed.serials().contains(&serial(made).as_str()), "{listed:?}");
    });
    futures::future::join_all(all).await;
    assert_eq!(list(&vault, &path).await.revoked.len(), names.len());
}

#[tokio::test]
async fn a_reason_may_be_left_out_and_a_hold_is_none() {
    let (vault, _) = vault(&["shop"]).await;
    let made = make(&vault, "shop", server()).await;
    for reason in [
        json!("certificateHold"),
        json!("removeFromCRL"),
        json!("CANARY"),
        json!(""),
        json!(1),
    ] {
        let refused = revoke(&vault, "shop", &made, json!({ "reason": reason })).await;
        assert_refused(&refused, 400, "BadParameter", "");
        let message = refused.message();
        assert!(
            message.starts_with("The member reason must be keyCompromise, "),
            "{message}"
        );
        assert!(!message.contains("CANARY"), "{message}");
    }
    assert_eq!(list(&vault, &list_of(&made)).await.revoked, []);
    let path = format!("/certificates/shop/{}/revoke", version(&made));
    let answer = vault.admin(Method::POST, &path, None).await;
    assert_eq!(
        (answer.status, &answer.body["reason"]),
        (StatusCode::OK, &json!("unspecified"))
    );
    assert_eq!(
        list(&vault, &list_of(&made)).await.revoked,
        [(serial(&made), None)]
    );
}

#[tokio::test]
async fn a_version_is_named_and_is_there() {
    let (vault, _) = vault(&["shop"]).await;
    let made = make(&vault, "shop", server()).await;
    for path in ["/certificates/shop//revoke", "/certificates/shop/revoke"] {
        let refused = vault.admin(Method::POST, path, Some(json!({}))).await;
        assert!(
            [404, 405].contains(&refused.status.as_u16()),
            "{path}: {refused:?}"
        );
    }
    let other = "/certificates/shop/0123456789abcdef0123456789abcdef/revoke";
    let missing = vault.admin(Method::POST, other, Some(json!({}))).await;
    assert_refused(&missing, 404, "CertificateNotFound", "");
    vault.admin(Method::DELETE, "/certificates/shop", None).await;
    let deleted = revoke(&vault, "shop", &made, json!({})).await;
    assert_refused(&deleted, 404, "CertificateNotFound", "");
    assert_eq!(list(&vault, &list_of(&made)).await.revoked, []);
}

#[tokio::test]
async fn who_may_not_revoke_that_certificate_may_not_and_learns_nothing_of_it() {
    let (vault, _) = vault(&["*"]).await;
    let made = make(&vault, "shop", server()).await;
    let all_but_that: Vec<&str> = CERTIFICATES
        .iter()
        .copied()
        .filter(|permission| !permission.ends_with("/revoke"))
        .chain(["certificates/strongroom/issuers/use"])
        .collect();
    let policies = vec![
        allow("managers", "team-a/admin", &["*"], CERTIFICATES),
        allow("rest", "shop/api", &["*"], &all_but_that),
        allow(
            "others",
            "shop/api",
            &["other"],
            &["certificates/strongroom/revoke"],
        ),
    ];
    vault.policy(3, policies).await;
    let missing = "0123456789abcdef0123456789abcdef";
    for version in [version(&made).as_str(), missing] {
        let path = format!("/certificates/shop/{version}/revoke");
        let refused = vault
            .request("shop/api", Method::POST, &path, Some(json!({})))
            .await;
        assert_refused(&refused, 403, "Forbidden", "ForbiddenByPolicy");
        let needed = "certificates/strongroom/revoke";
        assert!(refused.message().contains(needed), "{refused:?}");
    }
    assert_eq!(list(&vault, &list_of(&made)).await.revoked, []);
}

#[tokio::test]
async fn each_version_of_an_authority_has_its_own_list_and_that_of_the_old_one_is_still_kept() {
    let (vault, _) = vault(&["shop"]).await;
    let first = make(&vault, "shop", server()).await;
    let renewal = import(&vault, "Ca", &Imported::new().pem(), json!({})).await;
    assert_eq!(renewal.status, StatusCode::OK, "{renewal:?}");
    let second = renewed(&vault, "shop", 11).await;
    let (old, new) = (list_of(&first), list_of(&second));
    assert_eq!(new, list_of_authority(&vault).await);
    assert_ne!(old, new);
    assert_eq!(list(&vault, &old).await.revoked, []);
    revoked(&vault, "shop", &first).await;
    assert_eq!(list(&vault, &old).await.serials(), [serial(&first)]);
    assert_eq!(list(&vault, &new).await.revoked, []);
    revoked(&vault, "shop", &second).await;
    assert_eq!(list(&vault, &old).await.serials(), [serial(&first)]);
    assert_eq!(list(&vault, &new).await.serials(), [serial(&second)]);
}

#[tokio::test]
async fn an_authority_that_may_sign_no_lists_has_none_and_its_certificates_name_none() {
    let (vault, _) = vault(&["shop"]).await;
    for usages in [vec![KeyUsagePurpose::KeyCertSign], vec![]] {
        let may = usages.is_empty();
        let imported = import(&vault, "Ca", &Imported::for_usages(usages).pem(), json!({})).await;
        assert_eq!(imported.status, StatusCode::OK, "{imported:?}");
        let made = make(&vault, "shop", server()).await;
        let path = list_of_authority(&vault).await;
        if may {
            assert_eq!(
                list_of(&made),
                path,
                "a certificate that does not say what its key is for"
            );
            assert_eq!(list(&vault, &path).await.revoked, []);
            continue;
        }
        let urls = crate::certificates::certificate(&made).revocation_list_urls();
        assert_eq!(urls, [""; 0]);
        assert_refused(&refused(&vault, Method::GET, &path).await, 404, "NotFound", "");
        let refused = revoke(&vault, "shop", &made, json!({})).await;
        assert_refused(&refused, 400, "BadParameter", "");
    }
}

#[tokio::test]
async fn the_certificates_of_an_authority_that_is_gone_are_not_revoked() {
    let (vault, _) = vault(&["shop"]).await;
    let made = make(&vault, "shop", server()).await;
    let disable = json!({"attributes": {"enabled": false}});
    vault
        .admin(Method::PATCH, "/certificates/ca", Some(disable))
        .await;
    // A disabled authority issues nothing, and still says what is revoked.
    revoked(&vault, "shop", &made).await;
    assert_eq!(list(&vault, &list_of(&made)).await.serials(), [serial(&made)]);
    vault.admin(Method::DELETE, "/certificates/ca", None).await;
    let refused = revoke(&vault, "shop", &made, json!({})).await;
    assert_refused(&refused, 400, "BadParameter", "");
    assert!(refused.message().contains("The authority Ca "), "{refused:?}");
}

#[tokio::test]
async fn an_authority_that_no_issuer_names_any_more_keeps_the_list_of_what_it_revoked() {
    let (vault, _) = vault(&["shop"]).await;
    let made = make(&vault, "shop", server()).await;
    revoked(&vault, "shop", &made).await;
    vault
        .admin(Method::DELETE, "/certificates/issuers/house", None)
        .await;
    vault.files.clock.advance(3600);
    assert_eq!(list(&vault, &list_of(&made)).await.serials(), [serial(&made)]);
}
