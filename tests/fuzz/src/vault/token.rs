//! Vault tokens.

use strongroom_testing::{signing_key::claims, vault::AUDIENCE};
use strongroom_vault::auth::{AuthError, Authenticated};

use super::{
    fixture::{ACCOUNT, NOW, Served},
    oracle::must_be_acceptable,
};
use crate::{
    Seed, Verdict,
    input::{chosen, edited, json},
    kept::Kept,
};

thread_local! {
    static SERVED: Kept<Served> = const { Kept::nothing() };
}

/// The first byte chooses: a token as it is, a header and claims (divided by a line feed) that are signed with the good key, or
/// changes of a good token.
///
/// - No token is taken that the key did not sign: neither one that is made up nor a good one whose header or claims
///   are changed.
/// - A signed token is taken only where it says what the documents demand, and for the account that it names.
pub fn vault_token(input: &[u8]) -> Verdict {
    let Some((choice, input)) = input.split_first() else {
        return Verdict::Refused;
    };
    SERVED.with(|kept| {
        kept.with(Served::start, |served| {
            served.stop_clock();
            match choice % 3 {
                0 => made_up(served, input),
                1 => signed(served, input),
                _ => changed(served, input),
            }
        })
    })
}

fn authenticate(served: &Served, token: &str) -> Result<std::sync::Arc<Authenticated>, AuthError> {
    let authenticator = &served.service.authenticator;
    served.runtime.block_on(authenticator.authenticate(token))
}

fn made_up(served: &Served, token: &[u8]) -> Verdict {
    let holder = authenticate(served, &String::from_utf8_lossy(token));
    assert!(holder.is_err(), "a token that nobody signed is taken");
    Verdict::Refused
}

fn signed(served: &Served, parts: &[u8]) -> Verdict {
    let mut parts = parts.splitn(2, |byte| *byte == b'\n');
    let (header, claims) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let signer = &served.files.signer;
    let holder = authenticate(served, &signer.sign_bytes(header, claims));
    if let Ok(holder) = &holder {
        must_be_acceptable(header, claims, &signer.id);
        let claims = json(claims);
        assert_eq!(
            claims["oid"],
            holder.principal.id().as_str(),
            "it is taken for another account"
        );
        assert_eq!(claims["exp"], holder.expires, "it is taken for longer");
    }
    Verdict::of(&holder)
}

fn changed(served: &Served, changes: &[u8]) -> Verdict {
    let good = served.token.as_bytes();
    let token = edited(good, changes);
    let holder = authenticate(served, &String::from_utf8_lossy(&token));
    let said = |token: &[u8]| {
        let end = token.iter().rposition(|byte| *byte == b'.').unwrap();
        token[..end].to_vec()
    };
    assert!(
        holder.is_err() || said(&token) == said(good),
        "a good token is taken although what it says was changed"
    );
    Verdict::of(&holder)
}

/// Tokens of each of the three choices.
pub fn seeds() -> Vec<Seed> {
    const HEADER: &str = r#"{"alg":"ES256","typ":"strongroom-at+jwt","kid":"replica-1"}"#;
    let of = |header: &str, change: &dyn Fn(&mut serde_json::Value)| {
        let mut claims = claims(NOW, ACCOUNT, AUDIENCE);
        change(&mut claims);
        chosen(1, format!("{header}\n{claims}").as_bytes())
    };
    let with_pod = |claims: &mut serde_json::Value| {
        claims["strongroom.dev"]["pod"] = serde_json::json!({"name": "api-0", "uid": "u"});
        claims["appid"] = "client".into();
    };
    let made_up = "eyJhbGciOiJub25lIiwidHlwIjoic3Ryb25ncm9vbS1hdCtqd3QiLCJraWQiOiJyZXBsaWNhLTEifQ.e30.";
    vec![
        Seed::refused("made-up", chosen(0, made_up.as_bytes())),
        Seed::taken("signed", of(HEADER, &|_| ())),
        Seed::taken("signed-for-a-pod", of(HEADER, &with_pod)),
        Seed::taken(
            "signed-for-the-namespace",
            of(HEADER, &|c| c["aud"] = "https://team-a.svc".into()),
        ),
        Seed::refused(
            "signed-for-another-vault",
            of(HEADER, &|c| c["aud"] = "https://dev.team-a.svc".into()),
        ),
        Seed::refused("signed-and-expired", of(HEADER, &|c| c["exp"] = NOW.into())),
        Seed::refused("signed-for-ever", of(HEADER, &|c| c["exp"] = i64::MAX.into())),
        Seed::refused("signed-of-old", of(HEADER, &|c| c["iat"] = i64::MIN.into())),
        Seed::refused(
            "signed-with-its-own-key",
            of(&HEADER.replace('}', r#","jwk":{}}"#), &|_| ()),
        ),
        Seed::taken("unchanged", chosen(2, &[])),
        Seed::refused("changed", chosen(2, &[0, 150, b'A'])),
    ]
}
