//! What a vault token must say, read from docs/security.md and docs/architecture.md and not from the code that judges it.

use serde_json::Value;
use strongroom_testing::signing_key::{ISSUER, TENANT};

use super::fixture::NOW;
use crate::input::json;

/// Panics unless a vault may take a token with this header and these claims, under the key `key_id`.
pub(super) fn must_be_acceptable(header: &[u8], claims: &[u8], key_id: &str) {
    let header: Value = json(header);
    assert_eq!(header["alg"], "ES256");
    assert_eq!(header["typ"], "strongroom-at+jwt");
    assert_eq!(header["kid"], key_id);
    assert_eq!(
        header.as_object().unwrap().len(),
        3,
        "a header brings more than it may"
    );
    let claims: Value = json(claims);
    assert_eq!((&claims["iss"], &claims["tid"]), (&ISSUER.into(), &TENANT.into()));
    let audience = claims["aud"].as_str().unwrap();
    assert!(
        ["https://prod.team-a.svc", "https://team-a.svc"].contains(&audience),
        "{audience}"
    );
    let time = |name: &str| claims[name].as_i64().unwrap();
    let (issued, begins, ends) = (time("iat"), time("nbf"), time("exp"));
    assert!(ends > NOW && issued <= NOW + 60 && begins <= NOW + 60, "{claims}");
    assert!(
        i128::from(ends) - i128::from(issued.min(begins)) <= 3600,
        "{claims}"
    );
    let account = &claims["strongroom.dev"];
    let name = |member: &str| account[member].as_str().unwrap();
    let subject = format!("system:serviceaccount:{}:{}", name("namespace"), name("name"));
    assert_eq!(claims["sub"], subject);
}
