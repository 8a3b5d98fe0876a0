//! The service-account token that is presented.

use std::time::{SystemTime, UNIX_EPOCH};

use form_urlencoded::Serializer;
use http::StatusCode;
use serde_json::Value;
use strongroom_client::identity::ASSERTION_TYPE;

use super::fixture::{Answer, Endpoint, HEADER, ISSUER, claims, part};
use crate::{
    Seed, Verdict,
    input::{chosen, edited, json},
    kept::Kept,
};

thread_local! {
    static ENDPOINT: Kept<Endpoint> = const { Kept::nothing() };
}

/// The first byte chooses: a token as it is, a header and claims (divided by a line feed) that are signed with the cluster's key,
/// or changes of a good token.
///
/// - No token is taken, nor shown to the API server, that the cluster did not sign.
/// - A signed token is taken only where it says what the documents demand; the vault token is for the account that it names
///   and outlives neither it nor 15 minutes.
pub fn account_token(input: &[u8]) -> Verdict {
    let Some((choice, input)) = input.split_first() else {
        return Verdict::Refused;
    };
    ENDPOINT.with(|kept| {
        kept.with(Endpoint::start, |endpoint| match choice % 3 {
            0 => {
                let answer = present(endpoint, &String::from_utf8_lossy(input));
                assert_ne!(
                    answer.status,
                    StatusCode::OK,
                    "a token that nobody signed is taken"
                );
                assert!(
                    answer.reviewed.is_empty(),
                    "a token that nobody signed is reviewed"
                );
                Verdict::Refused
            }
            1 => signed(endpoint, input),
            _ => changed(endpoint, input),
        })
    })
}

/// Presents `token` for a token of vault `prod` of `team-a`.
fn present(endpoint: &Endpoint, token: &str) -> Answer {
    let form = Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("client_assertion_type", ASSERTION_TYPE)
        .append_pair("scope", "https://prod.team-a.svc/.default")
        .append_pair("client_assertion", token)
        .finish();
    endpoint.ask(form.into_bytes())
}

fn signed(endpoint: &Endpoint, parts: &[u8]) -> Verdict {
    let mut parts = parts.splitn(2, |byte| *byte == b'\n');
    let (header, claims) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let answer = present(endpoint, &endpoint.signer.sign_bytes(header, claims));
    let is_taken = answer.status == StatusCode::OK;
    if is_taken || !answer.reviewed.is_empty() {
        must_be_acceptable(header, claims, &endpoint.signer.id);
    }
    if is_taken {
        let presented = json(claims);
        must_follow(&presented, &answer.body);
    }
    Verdict::taken_if(is_taken)
}

fn changed(endpoint: &Endpoint, changes: &[u8]) -> Verdict {
    let good = endpoint.token(("shop", "api"));
    let token = String::from_utf8_lossy(&edited(good.as_bytes(), changes)).into_owned();
    let answer = present(endpoint, &token);
    let said = |token: &str| token.rsplit_once('.').map(|(said, _)| said.to_owned());
    assert!(
        answer.reviewed.is_empty() || said(&token) == said(&good),
        "a good token is reviewed although what it says was changed"
    );
    Verdict::taken_if(answer.status == StatusCode::OK)
}

/// What the documents demand of a presented token.
fn must_be_acceptable(header: &[u8], claims: &[u8], key_id: &str) {
    let header: Value = json(header);
    assert_eq!(
        (&header["alg"], &header["kid"]),
        (&"ES256".into(), &key_id.into())
    );
    let members = header.as_object().unwrap().keys();
    assert!(
        members
            .clone()
            .all(|name| ["alg", "kid", "typ"].contains(&name.as_str())),
        "{header}"
    );
    let claims: Value = json(claims);
    let audiences = match &claims["aud"] {
        Value::Array(many) => many.clone(),
        one => vec![one.clone()],
    };
    assert!(audiences.contains(&"strongroom.dev".into()), "{claims}");
    assert_eq!(claims["iss"], ISSUER);
    assert!(claims["exp"].as_i64().unwrap() > now() - 1, "{claims}");
    assert!(
        claims["nbf"].as_i64().unwrap_or_default() <= now() + 10,
        "{claims}"
    );
    let of = &claims["kubernetes.io"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (namespace, name) = (text(&of["namespace"]), text(&of["serviceaccount"]["name"]));
    assert_eq!(claims["sub"], format!("system:serviceaccount:{namespace}:{name}"));
}

/// The vault token in `body` says no more than `presented`.
fn must_follow(presented: &Value, body: &Value) {
    let token = part(body["access_token"].as_str().unwrap(), 1).unwrap();
    let of = &presented["kubernetes.io"];
    assert_eq!(token["sub"], presented["sub"]);
    assert_eq!(token["oid"], of["serviceaccount"]["uid"]);
    assert_eq!(token["aud"], "https://prod.team-a.svc");
    let ends = token["exp"].as_i64().unwrap();
    assert!(
        ends <= presented["exp"].as_i64().unwrap() && ends <= now() + 900,
        "{token}"
    );
    for member in ["name", "uid"] {
        assert_eq!(token["strongroom.dev"]["pod"][member], of["pod"][member]);
    }
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

/// Tokens of each of the three choices.
pub fn seeds() -> Vec<Seed> {
    let of = |header: &str, change: &dyn Fn(&mut Value)| {
        let mut claims = claims("shop", "api");
        change(&mut claims);
        chosen(1, format!("{header}\n{claims}").as_bytes())
    };
    let without_pod = |claims: &mut Value| {
        let of = claims["kubernetes.io"].as_object_mut().unwrap();
        of.remove("pod");
        of.remove("node");
    };
    vec![
        Seed::refused(
            "made-up",
            chosen(0, b"eyJhbGciOiJub25lIiwia2lkIjoiY2x1c3Rlci0xIn0.e30."),
        ),
        Seed::taken("signed", of(HEADER, &|_| ())),
        Seed::taken("signed-without-a-pod", of(HEADER, &without_pod)),
        Seed::taken(
            "signed-for-one-audience",
            of(HEADER, &|c| c["aud"] = "strongroom.dev".into()),
        ),
        Seed::refused(
            "signed-for-another-audience",
            of(HEADER, &|c| c["aud"] = "api".into()),
        ),
        Seed::refused("signed-and-expired", of(HEADER, &|c| c["exp"] = 1.into())),
        Seed::taken("signed-for-ever", of(HEADER, &|c| c["exp"] = i64::MAX.into())),
        Seed::refused("signed-for-later", of(HEADER, &|c| c["nbf"] = i64::MAX.into())),
        Seed::refused(
            "signed-as-another-subject",
            of(HEADER, &|c| c["sub"] = "system:admin".into()),
        ),
        Seed::refused(
            "signed-by-the-other-key",
            of(&HEADER.replace("-1", "-2"), &|_| ()),
        ),
        Seed::refused("signed-as-rsa", of(&HEADER.replace("ES", "RS"), &|_| ())),
        Seed::taken("unchanged", chosen(2, &[])),
        Seed::refused("changed", chosen(2, &[0, 150, b'A'])),
    ]
}
