//! Keys of every type, of certificates and of authorities.

use std::sync::OnceLock;

use serde_json::{Value, json};
use strongroom_keys::{Curve, Key, KeyType};

use super::{House, policy, profile_of, self_signed, soon};
use crate::{
    judges::{Case, Judge, Question, Usage},
    support::{KEY_TYPES, P256, generate, key, now},
};

/// Names of every kind.
fn all_names() -> Value {
    json!({
        "subject": "CN=vault.contoso.com, O=Contoso, C=DE",
        "sans": {
            "emails": ["a@contoso.com"],
            "dns_names": ["vault.contoso.com", "*.apps.contoso.com"],
            "upns": ["admin@contoso.com"],
            "uris": ["spiffe://contoso.com/ns/a"],
            "ipAddresses": ["10.0.0.1", "2001:db8::1"],
        },
    })
}

/// What a server with these names is good for, and for what not.
fn questions(at: i64) -> Vec<Question> {
    let yes = || Question::yes(at, Usage::Server);
    let no = || Question::no(at, Usage::Server);
    vec![
        yes().host("vault.contoso.com"),
        yes().host("VAULT.contoso.COM"),
        yes().host("a.apps.contoso.com"),
        yes().address("10.0.0.1"),
        yes().address("2001:db8::1"),
        yes().mailbox("a@contoso.com"),
        Question::yes(at, Usage::Client),
        Question::yes(at, Usage::Anything),
        no().host("contoso.com"),
        no().host("apps.contoso.com"),
        no().host("a.b.apps.contoso.com"),
        no().host("vault.contoso.com.evil.example"),
        no().host("evil.example"),
        no().address("10.0.0.2"),
        no().address("::1"),
        no().mailbox("b@contoso.com"),
        Question::no(at, Usage::Email),
        Question::no(at, Usage::CodeSigning),
    ]
}

/// A key of each type, made once: those of RSA take seconds.
fn made() -> &'static [(KeyType, Key)] {
    static MADE: OnceLock<Vec<(KeyType, Key)>> = OnceLock::new();
    MADE.get_or_init(|| KEY_TYPES.map(|key_type| (key_type, generate(key_type))).to_vec())
}

const NO_P256K: &str = "it does not know the curve";

/// A certificate for each type of key, signed by itself and by an authority.
pub fn keys() -> Vec<Case> {
    let at = soon();
    let profile = profile_of(&policy(&all_names()), now());
    let house = House::root(P256, &[], None);
    let mut cases = Vec::new();
    for (key_type, key) in made() {
        let name = format!("{key_type:?}");
        let mut own = self_signed(&name, key, &profile, questions(at));
        let mut signed = house.signed(&name, key.public(), &profile, questions(at));
        if *key_type == KeyType::Ec(Curve::P256K) {
            own.refused_by = vec![(Judge::Webpki, NO_P256K), (Judge::Go, NO_P256K)];
            // webpki looks at the authority's signature, and leaves the key to TLS.
            signed.refused_by = vec![(Judge::Go, NO_P256K)];
        }
        cases.extend([own, signed]);
    }
    cases
}

/// One certificate signed by an authority of each type of key.
pub fn keys_of_authorities() -> Vec<Case> {
    let at = soon();
    let profile = profile_of(&policy(&all_names()), now());
    let case = |algorithm: &str| {
        let house = House::root(algorithm, &[], None);
        house.signed(algorithm, key().public(), &profile, questions(at))
    };
    let mut cases: Vec<_> = [
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
        "-algorithm RSA -pkeyopt rsa_keygen_bits:3072",
        "-algorithm RSA -pkeyopt rsa_keygen_bits:4096",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-521",
    ]
    .map(case)
    .to_vec();
    let mut on_p256k = case("-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1");
    on_p256k.refused_by = vec![(Judge::Webpki, NO_P256K), (Judge::Go, NO_P256K)];
    cases.push(on_p256k);
    cases
}
