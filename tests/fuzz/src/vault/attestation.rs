//! Attestation tokens, which a key is released on, and the authorities that sign them.

use serde_json::{Value, json};
use strongroom_core::{Timestamp, Version};
use strongroom_engine::{Attributes, RecoveryLevel, crypto_key::release::ReleaseTerms};
use strongroom_keys::{
    KeyKind, KeyOperations, KeyProvider as _, KeySpec, KeyType, OctSize, ReleaseEncryption, Software,
};
use strongroom_vault::keys::{
    opened::OpenedKey,
    release::{
        NotReleased, Released, Target,
        authority::{Attested, Authorities},
        release,
    },
};

use super::{
    authority::{AUTHORITY, Authority, HEADER, KEY, OTHER, POLICY, claims},
    fixture::NOW,
};
use crate::{
    Seed, Verdict,
    input::{chosen, edited, json, replaced},
    kept::Kept,
};

/// The word that stands in an input for the authority's key.
const JWK: &str = "JWK";
/// How many keys of one environment are looked at.
const RUNTIME_KEYS: usize = 16;

thread_local! {
    static SITE: Kept<Site> = const { Kept::nothing() };
}

/// An authority, a vault's view of it, and a key that is released on its word.
struct Site {
    authority: Authority,
    authorities: Authorities,
    key: OpenedKey,
    /// A token that is believed.
    good: String,
}

/// The first byte chooses: a token as it is, a header and claims (divided by a line feed) that are signed with the authority's
/// key, changes of a good token, or the authorities as a vault's owner writes them, where `JWK` stands for the authority's key.
///
/// - No token is believed that no authority signed: neither one that is made up nor a good one whose header or claims are
///   changed.
/// - A signed token is believed only where it says what the documents demand, and for what it says; it is taken where the key
///   is released.
/// - A key is released only on a token that is believed and meets the key's policy, and only for an RSA key in it.
/// - A token is believed only if the vault's owner gave the key that signed it, under the authority that it names.
pub fn attestation_token(input: &[u8]) -> Verdict {
    let Some((choice, input)) = input.split_first() else {
        return Verdict::Refused;
    };
    SITE.with(|kept| {
        kept.with(Site::start, |site| match choice % 4 {
            0 => site.made_up(input),
            1 => site.signed(input),
            2 => site.changed(input),
            _ => site.named(input),
        })
    })
}

impl Site {
    fn start() -> Self {
        let authority = Authority::new();
        Self {
            authorities: authority.document().to_string().parse().unwrap(),
            key: exportable(),
            good: authority.token(&claims(NOW)),
            authority,
        }
    }

    fn made_up(&self, token: &[u8]) -> Verdict {
        let token = String::from_utf8_lossy(token);
        assert!(
            self.authorities.attest(&token, NOW).is_err(),
            "a token that nobody signed is believed"
        );
        Verdict::Refused
    }

    fn signed(&self, parts: &[u8]) -> Verdict {
        let mut parts = parts.splitn(2, |byte| *byte == b'\n');
        let (header, claims) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let token = self.authority.0.sign_bytes(header, claims);
        let attested = self.authorities.attest(&token, NOW);
        let target = Target {
            token,
            encryption: ReleaseEncryption::ALL[claims.len() % ReleaseEncryption::ALL.len()],
        };
        let released = release(&self.key, &target, &self.authorities, NOW);
        match (&attested, &released) {
            (Ok(attested), released) => {
                must_be_believable(header, attested);
                assert_eq!(attested.claims, json(claims), "other claims than it has");
                if let Ok(released) = released {
                    must_be_for(released, &attested.claims, target.encryption);
                }
            }
            (Err(_), Ok(_)) => panic!("a key is released on a token that is not believed"),
            (Err(failure), Err(said)) => assert_eq!(*said, NotReleased::NotAttested(*failure)),
        }
        Verdict::of(&released)
    }

    fn changed(&self, changes: &[u8]) -> Verdict {
        let token = edited(self.good.as_bytes(), changes);
        let attested = self.authorities.attest(&String::from_utf8_lossy(&token), NOW);
        let said = |token: &[u8]| {
            let end = token.iter().rposition(|byte| *byte == b'.').unwrap();
            token[..end].to_vec()
        };
        assert!(
            attested.is_err() || said(&token) == said(self.good.as_bytes()),
            "a good token is believed although what it says was changed"
        );
        Verdict::of(&attested)
    }

    fn named(&self, document: &[u8]) -> Verdict {
        let jwk = self.authority.0.jwk();
        let document = replaced(document, JWK, &jwk.to_string());
        let read = String::from_utf8_lossy(&document).parse::<Authorities>();
        if let Ok(read) = &read
            && read.attest(&self.good, NOW).is_ok()
        {
            let document = json(&document);
            let is_named = document.as_array().unwrap().iter().any(|authority| {
                let keys = member(authority, "keys", 1).as_array().unwrap();
                without_slash(member(authority, "url", 0)) == AUTHORITY
                    && keys.iter().any(|key| *member(key, "x", 5) == jwk["x"])
            });
            assert!(is_named, "an authority is believed that nobody named");
        }
        Verdict::of(&read)
    }
}

/// A key that is released by [`POLICY`].
fn exportable() -> OpenedKey {
    let at = Timestamp::from_unix(1);
    OpenedKey {
        name: "out".parse().unwrap(),
        version: Version::from_bytes([1; 16]),
        attributes: Attributes {
            enabled: true,
            not_before: None,
            expires: None,
            created: at,
            updated: at,
            recovery_level: RecoveryLevel::Recoverable,
            recoverable_days: 90,
        },
        operations: KeyOperations::defaults(KeyKind::Oct),
        release: Some(ReleaseTerms {
            policy: POLICY.as_bytes().into(),
            is_immutable: false,
        }),
        key: Software
            .generate(KeySpec::new(KeyType::Oct(OctSize::Bits128)))
            .unwrap(),
    }
}

/// A member of an object. Readers take a list of the members in their order for an object, too.
fn member<'a>(of: &'a Value, name: &str, place: usize) -> &'a Value {
    of.get(name).or_else(|| of.get(place)).unwrap_or(&Value::Null)
}

fn without_slash(url: &Value) -> &str {
    let url = url.as_str().unwrap();
    url.strip_suffix('/').unwrap_or(url)
}

/// What the documents demand of a token.
fn must_be_believable(header: &[u8], attested: &Attested) {
    let header = json(header);
    assert_eq!((&header["alg"], &header["kid"]), (&"ES256".into(), &KEY.into()));
    let claims = &attested.claims;
    assert_eq!(attested.authority.as_str(), AUTHORITY);
    assert_eq!(without_slash(&claims["iss"]), AUTHORITY);
    assert!(claims["exp"].as_i64().unwrap() > NOW, "{claims}");
    for begins in ["nbf", "iat"].map(|name| &claims[name]) {
        assert!(begins.as_i64().unwrap_or_default() <= NOW + 60, "{claims}");
    }
    let keys = attested.encryption_keys();
    assert!(keys.len() <= RUNTIME_KEYS);
    for key in keys {
        assert!(
            key.modulus.first() != Some(&0) && key.exponent.first() != Some(&0),
            "{key:?}"
        );
    }
}

/// What is released was allowed, and is for an RSA key that these claims name.
fn must_be_for(released: &Released, claims: &Value, encryption: ReleaseEncryption) {
    assert!(
        claims["sdk-test"] == true || claims["sdk-test"] == "true",
        "{claims}"
    );
    let keys = claims["x-ms-runtime"]["keys"].as_array().unwrap();
    let is_its = |key: &Value| {
        let [kty, kid, purpose] =
            [("kty", 0), ("kid", 1), ("use", 4)].map(|(name, place)| member(key, name, place).as_str());
        kty == Some("RSA")
            && kid == released.recipient.as_deref()
            && purpose.is_none_or(|purpose| purpose == "enc")
    };
    assert!(keys.iter().any(is_its), "{:?}", released.recipient);
    assert_eq!(released.encryption, encryption);
    // The AES key under RSA of 2,048 bits or more, and the private part under the AES key.
    assert!(released.ciphertext.len() > 256);
}

/// Inputs of each of the four choices.
pub fn seeds() -> Vec<Seed> {
    let made_up = "eyJhbGciOiJub25lIiwia2lkIjoiYXR0ZXN0LTEifQ.e30.";
    let by_rsa = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImF0dGVzdC1yc2EifQ.e30.AAAA";
    let mut seeds = vec![
        Seed::refused("made-up", chosen(0, made_up.as_bytes())),
        Seed::refused("made-up-by-rsa", chosen(0, by_rsa.as_bytes())),
        Seed::taken("unchanged", chosen(2, &[])),
        Seed::refused("changed", chosen(2, &[0, 150, b'A'])),
    ];
    seeds.extend(signed_seeds());
    seeds.extend(named_seeds());
    seeds
}

/// Headers and claims.
fn signed_seeds() -> Vec<Seed> {
    let of = |header: &str, change: &dyn Fn(&mut Value)| {
        let mut claims = claims(NOW);
        change(&mut claims);
        chosen(1, format!("{header}\n{claims}").as_bytes())
    };
    let for_the_tpm = |claims: &mut Value| {
        let keys = claims["x-ms-runtime"]["keys"].as_array_mut().unwrap();
        let mut tpm = keys[0].clone();
        tpm["kid"] = "TpmEphemeralEncryptionKey".into();
        tpm["key_ops"] = json!(["encrypt"]);
        tpm["use"] = Value::Null;
        keys.push(tpm);
    };
    vec![
        Seed::taken("signed", of(HEADER, &|_| ())),
        Seed::taken("signed-for-a-tpm", of(HEADER, &for_the_tpm)),
        Seed::refused(
            "signed-without-keys",
            of(HEADER, &|c| c["x-ms-runtime"] = Value::Null),
        ),
        Seed::refused(
            "signed-for-a-key-to-sign-with",
            of(HEADER, &|c| c["x-ms-runtime"]["keys"][0]["use"] = "sig".into()),
        ),
        Seed::refused(
            "signed-for-a-short-key",
            of(HEADER, &|c| c["x-ms-runtime"]["keys"][0]["n"] = "AAEC".into()),
        ),
        Seed::refused(
            "signed-outside-the-policy",
            of(HEADER, &|c| c["sdk-test"] = false.into()),
        ),
        Seed::taken("signed-for-ever", of(HEADER, &|c| c["exp"] = i64::MAX.into())),
        Seed::refused("signed-and-expired", of(HEADER, &|c| c["exp"] = NOW.into())),
        Seed::refused("signed-without-end", of(HEADER, &|c| c["exp"] = Value::Null)),
        Seed::refused("signed-for-later", of(HEADER, &|c| c["nbf"] = (NOW + 61).into())),
        Seed::refused(
            "signed-for-the-other-authority",
            of(HEADER, &|c| c["iss"] = OTHER.into()),
        ),
        Seed::refused(
            "signed-by-the-other-authority",
            of(&HEADER.replace("-1", "-2"), &|_| ()),
        ),
        Seed::refused("signed-without-a-key", of(r#"{"alg":"ES256"}"#, &|_| ())),
        Seed::refused("signed-as-rsa", of(&HEADER.replace("ES", "RS"), &|_| ())),
        Seed::refused("signed-as-hmac", of(&HEADER.replace("ES", "HS"), &|_| ())),
    ]
}

/// Authorities.
fn named_seeds() -> Vec<Seed> {
    let of = |document: &str| chosen(3, document.as_bytes());
    let [rsa, certificate] = [
        r#"{"kty":"RSA","kid":"r","n":"AQ","e":"AQAB"}"#,
        r#"{"kty":"RSA","kid":"c","x5c":["MAA="]}"#,
    ];
    vec![
        Seed::taken("named", of(r#"[{"url":"https://attest.example","keys":[JWK]}]"#)),
        Seed::taken("named-by-nobody", of("[]")),
        Seed::taken(
            "named-with-other-keys",
            of(&format!(
                r#"[{{"url":"https://attest.example/","keys":[{rsa},{certificate},JWK]}},{{"url":"https://other.example","keys":[]}}]"#
            )),
        ),
        Seed::taken(
            "named-elsewhere",
            of(r#"[{"url":"https://other.example","keys":[JWK]}]"#),
        ),
        Seed::refused(
            "named-without-tls",
            of(r#"[{"url":"http://attest.example","keys":[JWK]}]"#),
        ),
        Seed::refused(
            "named-with-more",
            of(r#"[{"url":"https://attest.example","keys":[JWK],"and":1}]"#),
        ),
        Seed::refused(
            "named-with-too-many-keys",
            of(&format!(
                r#"[{{"url":"https://attest.example","keys":[{}]}}]"#,
                vec![rsa; 33].join(",")
            )),
        ),
    ]
}
