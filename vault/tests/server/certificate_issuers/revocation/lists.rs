//! The lists, as whoever asks for them gets them.

use std::time::SystemTime;

use reqwest::{Method, StatusCode, header::IF_NONE_MATCH};
use serde_json::json;
use strongroom_audit::{Entry, Event};
use strongroom_certificates::{revocation::RevocationReason, serial::Serial};
use strongroom_core::Timestamp;
use strongroom_testing::vault::{HOST, Vault};
use strongroom_vault::certificates::revoked::{AuthorityVersion, MOST, RevokedCertificates, ToRevoke};

use super::{
    super::{
        authority::{Imported, import, vault},
        signed::{renewed, server},
    },
    LISTS, list, list_of, list_of_authority, refused, revoke, revoked, serial, stranger,
};
use crate::{
    certificates::{assert_refused, certificate, make, own, version},
    key_rotation::{DAY, advance},
};

#[tokio::test]
async fn a_certificate_names_its_list_under_the_vaults_own_name_also_when_the_clock_renews_it() {
    let (vault, _) = vault(&["shop"]).await;
    let first = make(&vault, "shop", server()).await;
    let second = renewed(&vault, "shop", 11).await;
    assert_ne!(version(&first), version(&second));
    let authority = version(&vault.get("/certificates/ca").await);
    for made in [first, second] {
        let urls = certificate(&made).revocation_list_urls();
        assert_eq!(urls, [format!("{LISTS}/Ca/{authority}")]);
    }
}

#[tokio::test]
async fn a_list_is_for_everybody_and_who_has_it_gets_none() {
    let (vault, _) = vault(&["shop"]).await;
    let path = list_of_authority(&vault).await;
    let got = list(&vault, &path).await;
    assert_eq!(got.headers["content-type"], "application/pkix-crl");
    assert_eq!(got.headers["content-length"], got.der.len().to_string().as_str());
    assert!(got.headers.contains_key("x-ms-request-id"), "{:?}", got.headers);
    let head = stranger(&vault, Method::HEAD, &path).await;
    assert_eq!(head.status(), StatusCode::OK);
    for name in ["content-type", "content-length", "etag", "last-modified"] {
        assert_eq!(head.headers()[name], got.headers[name], "{name}");
    }
    assert!(head.bytes().await.unwrap().is_empty());
    let port = vault.running.addresses().data.port();
    // Any spelling of the path, any name of the vault, any query, and a token that is worth nothing.
    for (host, path) in [
        (HOST, path.to_uppercase()),
        (HOST, format!("/{path}?api-version=1")),
        ("prod.team-a.svc.cluster.local", path.clone()),
    ] {
        let url = format!("https://{host}:{port}{path}");
        let request = vault.client.get(&url).bearer_auth("nonsense");
        let same = request.send().await.unwrap();
        assert_eq!(same.status(), StatusCode::OK, "{url}");
        assert_eq!(same.bytes().await.unwrap(), got.der, "{url}");
        let request = vault.client.get(&url).header(IF_NONE_MATCH, &got.headers["etag"]);
        let none = request.send().await.unwrap();
        assert_eq!(none.status(), StatusCode::NOT_MODIFIED, "{url}");
        assert_eq!(none.headers()["etag"], got.headers["etag"]);
        assert!(none.bytes().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_list_is_valid_for_a_day_made_once_an_hour_and_its_number_grows() {
    let (vault, _) = vault(&["shop"]).await;
    let path = list_of_authority(&vault).await;
    let now = u64::try_from(vault.files.clock.now()).unwrap();
    let first = list(&vault, &path).await;
    let (from, until) = first.times;
    assert!(now.abs_diff(from + 600) < 60, "{from}, ten minutes before {now}");
    assert!(
        until.abs_diff(now + 24 * 60 * 60) < 60,
        "{until}, a day after {now}"
    );
    vault.files.clock.advance(3_500);
    assert_eq!(list(&vault, &path).await.der, first.der);
    vault.files.clock.advance(100);
    let second = list(&vault, &path).await;
    assert!(second.number > first.number, "{second:?} after {first:?}");
    assert!(
        (3_500..3_700).contains(&(second.times.0 - from)),
        "{second:?} after {first:?}"
    );
}

#[tokio::test]
async fn of_many_who_ask_at_once_one_has_the_list_made() {
    let (vault, _) = vault(&["shop"]).await;
    let path = list_of_authority(&vault).await;
    let asked = (0..30).map(|_| list(&vault, &path));
    let lists = futures::future::join_all(asked).await;
    assert!(lists.iter().all(|list| list.der == lists[0].der));
}

#[tokio::test]
async fn where_no_list_is_everything_is_refused_alike() {
    let (vault, _) = vault(&["shop"]).await;
    let leaf = make(&vault, "leaf", own("CN=leaf")).await;
    vault.set("secret", "v").await;
    // An authority that nothing was ever signed with.
    let unused = import(&vault, "unused", &Imported::new().pem(), json!({})).await;
    let missing = "0123456789abcdef0123456789abcdef";
    let mut answers = Vec::new();
    for path in [
        format!("/crl/nobody/{missing}"),
        format!("/crl/ca/{missing}"),
        format!("/crl/leaf/{}", version(&leaf)),
        format!("/crl/unused/{}", version(&unused)),
        format!("/crl/secret/{missing}"),
        "/crl/ca/1".to_owned(),
        "/crl/ca".to_owned(),
        "/crl".to_owned(),
    ] {
        let none = refused(&vault, Method::GET, &path).await;
        assert_refused(&none, 404, "NotFound", "");
        answers.push((none.body, none.headers.len()));
        let head = stranger(&vault, Method::HEAD, &path).await;
        assert_eq!(head.status(), StatusCode::NOT_FOUND);
        assert!(head.bytes().await.unwrap().is_empty());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let path = list_of_authority(&vault).await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let other = refused(&vault, method, &path).await;
        assert_refused(&other, 405, "MethodNotAllowed", "");
        assert_eq!(other.headers["allow"], "GET");
    }
    let elsewhere = refused(&vault, Method::GET, "/certificates/ca").await;
    assert_refused(&elsewhere, 401, "Unauthorized", "");
}

#[tokio::test]
async fn who_asks_for_too_many_lists_must_wait_and_may_still_log_in() {
    let (vault, _) = vault(&["shop"]).await;
    let path = list_of_authority(&vault).await;
    let mut throttled = None;
    for _ in 0..2000 {
        let response = stranger(&vault, Method::HEAD, &path).await;
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            throttled = Some(response);
            break;
        }
    }
    assert!(throttled.expect("a 429").headers().contains_key("retry-after"));
    // Where no list is, nothing else holds. Some are let through meanwhile: a hundred a second.
    let missing = (0..300).map(|_| refused(&vault, Method::GET, "/crl/a/b"));
    let missing = futures::future::join_all(missing).await;
    let throttled = missing.iter().find(|answer| answer.status.as_u16() == 429);
    assert_refused(throttled.expect("a 429"), 429, "Throttled", "");
    let challenged = refused(&vault, Method::GET, "/secrets/a").await;
    assert_eq!(challenged.status, StatusCode::UNAUTHORIZED);
    assert_eq!(vault.get("/certificates/ca").await.status, StatusCode::OK);
}

#[tokio::test]
async fn from_a_store_that_may_be_an_older_one_no_list_is_made() {
    let (vault, _) = vault(&["shop"]).await;
    let path = list_of_authority(&vault).await;
    list(&vault, &path).await;
    let service = vault.running.service().clone();
    let close = move || service.policy.detect_rollback(u64::MAX / 2).unwrap();
    assert!(tokio::task::spawn_blocking(close).await.unwrap());
    let closed = refused(&vault, Method::GET, &path).await;
    assert_refused(&closed, 503, "ServiceUnavailable", "PolicyUnavailable");
}

/// Stores what is revoked of an authority.
async fn store(vault: &Vault, authority: &AuthorityVersion, revoked: &RevokedCertificates) {
    let (name, bytes) = revoked.stored(authority).unwrap();
    let entry = Entry::event(SystemTime::now(), &Event::VaultStop);
    let (done, stored) = tokio::sync::oneshot::channel();
    let done = Box::new(move |outcome: Result<(), _>| assert_eq!(done.send(outcome.is_ok()), Ok(())));
    let objects = &vault.running.service().objects;
    objects.sealed_submit(&name, Some(bytes), entry, done).unwrap();
    assert!(stored.await.unwrap());
}

#[tokio::test]
async fn a_list_holds_as_many_as_it_may_and_one_more_is_refused_until_one_has_ended() {
    let (vault, _) = vault(&["shop"]).await;
    let made = make(&vault, "shop", server()).await;
    let path = list_of(&made);
    let url = format!("https://prod.team-a.svc{path}");
    let authority = AuthorityVersion::of_url(&url, "https://prod.team-a.svc").unwrap();
    let now = u64::try_from(vault.files.clock.now()).unwrap();
    let mut revoked = RevokedCertificates::default();
    for number in 0..MOST {
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&number.to_be_bytes());
        let lifetime = if number == 0 { 1 } else { 300 * 24 * 60 * 60 };
        let wanted = ToRevoke {
            serial: Serial::from_random(bytes),
            expires: Timestamp::from_unix(now + lifetime),
            reason: RevocationReason::Superseded,
        };
        revoked.add(&wanted, Timestamp::from_unix(now)).unwrap();
    }
    store(&vault, &authority, &revoked).await;
    let full = list(&vault, &path).await;
    assert_eq!(full.revoked.len(), MOST);
    assert!(full.der.len() < 1 << 20, "{}", full.der.len());
    let refused = revoke(&vault, "shop", &made, json!({})).await;
    assert_refused(&refused, 403, "Forbidden", "RevocationLimitReached");
    advance(&vault, 3 * DAY).await;
    super::revoked(&vault, "shop", &made).await;
    let after = list(&vault, &path).await;
    assert_eq!(after.revoked.len(), MOST);
    assert_eq!(after.serials().last(), Some(&serial(&made).as_str()));
}

#[tokio::test]
async fn who_reads_a_list_is_counted_and_not_recorded() {
    let (vault, _) = vault(&["shop"]).await;
    let made = make(&vault, "shop", server()).await;
    revoked(&vault, "shop", &made).await;
    let before = vault.files.audit_lines().len();
    list(&vault, &list_of(&made)).await;
    refused(&vault, Method::GET, "/crl/a/b").await;
    assert_eq!(vault.files.audit_lines().len(), before);
    let address = vault.running.addresses().health;
    let metrics = reqwest::get(format!("http://{address}/metrics")).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    for status in ["200", "404"] {
        let is_counted = |line: &str| {
            line.contains("operation=\"RevocationListGet\"") && line.contains(&format!("=\"{status}\""))
        };
        assert!(metrics.lines().any(is_counted), "{status}: {metrics}");
    }
}
