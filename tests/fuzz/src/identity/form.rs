//! The form of a token request.

use http::StatusCode;
use strongroom_client::identity::{ACTOR_TOKEN_TYPE, ASSERTION_TYPE};
use strongroom_core::{Audience, Domains};

use super::fixture::{DRIVER, Endpoint, part};
use crate::{Seed, Verdict, input::replaced, kept::Kept};

/// The word that stands in an input for the token of a pod's account.
const SUBJECT: &str = "SUBJECT";
/// The word that stands for the node driver's token.
const ACTOR: &str = "ACTOR";

thread_local! {
    static ENDPOINT: Kept<(Endpoint, [String; 2])> = const { Kept::nothing() };
}

fn start() -> (Endpoint, [String; 2]) {
    let endpoint = Endpoint::start();
    let tokens = [endpoint.token(("shop", "api")), endpoint.token(DRIVER)];
    (endpoint, tokens)
}

/// The input is the body of a request. `SUBJECT` stands for a good token of a pod's account, `ACTOR` for the node driver's.
///
/// - A vault token is minted only for a form that says, once each, what the RFCs demand, and for the vault or the namespace
///   that its scope names: never for the API server.
/// - No answer repeats a token that was presented.
pub fn token_form(input: &[u8]) -> Verdict {
    ENDPOINT.with(|kept| {
        kept.with(start, |(endpoint, [subject, actor])| {
            let form = replaced(&replaced(input, SUBJECT, subject), ACTOR, actor);
            let answer = endpoint.ask(form);
            let text = answer.body.to_string();
            assert!(
                !text.contains(&**subject) && !text.contains(&**actor),
                "a token is repeated"
            );
            let is_minted = answer.status == StatusCode::OK;
            if is_minted {
                let minted = part(answer.body["access_token"].as_str().unwrap(), 1).unwrap();
                must_be_asked_for(input, minted["aud"].as_str().unwrap());
            }
            Verdict::taken_if(is_minted)
        })
    })
}

/// Panics unless `form` asks for a token for `audience`.
fn must_be_asked_for(form: &[u8], audience: &str) {
    let field = |name: &str| {
        let mut found = form_urlencoded::parse(form).filter(|(field, _)| field == name);
        let value = found.next().map(|(_, value)| value.into_owned());
        assert!(found.next().is_none(), "{name} is given twice");
        value
    };
    assert_eq!(field("grant_type").as_deref(), Some("client_credentials"));
    assert_eq!(field("client_assertion_type").as_deref(), Some(ASSERTION_TYPE));
    // Either token is one of the cluster's; each proves its own account.
    let assertion = field("client_assertion").unwrap();
    assert!([SUBJECT, ACTOR].contains(&&*assertion), "{assertion}");
    if let Some(actor) = field("actor_token") {
        assert_eq!(actor, ACTOR);
        assert_eq!(field("actor_token_type").as_deref(), Some(ACTOR_TOKEN_TYPE));
    }
    let scope = field("scope").unwrap();
    let domains = Domains::of_cluster("cluster.local");
    let asked: Vec<_> = scope
        .split(' ')
        .filter(|scope| !["", "openid", "profile", "offline_access"].contains(scope))
        .map(|scope| Audience::from_scope(scope, &domains).unwrap().to_string())
        .collect();
    assert_eq!(asked, [audience]);
    assert!(!audience.contains("//kubernetes."), "{audience}");
    let host = audience
        .strip_prefix("https://")
        .and_then(|host| host.strip_suffix(".svc"))
        .unwrap();
    let is_host = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    assert!(host.bytes().all(is_host), "{audience}");
}

/// Forms that are granted, and some that are not.
pub fn seeds() -> Vec<Seed> {
    let form = |scope: &str, more: &str| {
        format!(
            "grant_type=client_credentials&client_assertion_type={ASSERTION_TYPE}&client_assertion=SUBJECT\
             &scope={scope}{more}"
        )
    };
    let vault = "https%3A%2F%2Fprod.team-a.svc%2F.default";
    let actor = format!("&actor_token=ACTOR&actor_token_type={ACTOR_TOKEN_TYPE}");
    vec![
        Seed::taken("granted", form(vault, "")),
        Seed::taken(
            "with-client-id",
            form(vault, "&client_id=0f0f&client_info=1&claims=%7B%7D"),
        ),
        Seed::taken("for-a-namespace", form("https://team-a.svc/.default", "")),
        Seed::taken(
            "another-spelling",
            form("HTTPS://Prod.team-a.svc.cluster.local:8443//.default", ""),
        ),
        Seed::taken(
            "beside-openid",
            form(
                "openid+https://prod.team-a.svc/.default+offline_access%20profile",
                "",
            ),
        ),
        Seed::taken("by-the-driver", form(vault, &actor)),
        Seed::refused("half-an-actor", form(vault, "&actor_token=ACTOR")),
        Seed::refused(
            "not-the-driver",
            form(vault, &actor.replace("=ACTOR", "=SUBJECT")),
        ),
        Seed::refused(
            "for-the-api-server",
            form("https://kubernetes.default.svc/.default", ""),
        ),
        Seed::refused("outside", form("https://vault.azure.net/.default", "")),
        Seed::refused(
            "two-scopes",
            form(vault, "&scope=https://dev.team-a.svc/.default"),
        ),
        Seed::refused(
            "beside-another",
            form("https://prod.team-a.svc/.default+email", ""),
        ),
        Seed::refused("openid-alone", form("openid", "")),
        Seed::refused(
            "another-grant",
            form(vault, "").replace("client_credentials", "password"),
        ),
        Seed::refused(
            "made-up-token",
            form(vault, "").replace("SUBJECT", "CANARY.e30.c2ln"),
        ),
        Seed::refused("nothing", *b""),
    ]
}
