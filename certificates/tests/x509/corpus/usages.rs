//! What keys and certificates are for.

use serde_json::{Value, json};

use super::{House, policy, profile_of, self_signed, soon};
use crate::{
    judges::{Case, Judge, Question, Usage},
    support::{CLIENT, P256, SERVER, key, now},
};

const EMAIL: &str = "1.3.6.1.5.5.7.3.4";
const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
const ANY: &str = "2.5.29.37.0";
/// One that nobody knows.
const OWN: &str = "1.3.6.1.4.1.99999.1";

/// Every extended key usage of these tests.
pub const ALL: [&str; 6] = [SERVER, CLIENT, EMAIL, CODE_SIGNING, ANY, OWN];

/// Which of them let openssl take a certificate for that of a server.
const OF_SERVERS: [&str; 3] = ["digitalSignature", "keyEncipherment", "keyAgreement"];

fn named(mut x509: Value) -> Value {
    x509["subject"] = json!("CN=vault.contoso.com");
    x509["sans"] = json!({"dns_names": ["vault.contoso.com"]});
    x509
}

/// Each use of a key alone, all of them, and none. Nothing is said of what the certificate is for.
pub fn key_usages() -> Vec<Case> {
    let (at, house) = (soon(), House::root(P256, &[], None));
    let alone = [
        "cRLSign",
        "dataEncipherment",
        "decipherOnly",
        "digitalSignature",
        "encipherOnly",
        "keyAgreement",
        "keyCertSign",
        "keyEncipherment",
        "nonRepudiation",
    ];
    let mut lists: Vec<Vec<&str>> = alone.iter().map(|usage| vec![*usage]).collect();
    lists.extend([alone.to_vec(), Vec::new()]);
    let mut cases = Vec::new();
    for usages in lists {
        let profile = profile_of(&policy(&named(json!({"key_usage": usages, "ekus": []}))), now());
        let is_for_servers = usages.is_empty() || usages.iter().any(|usage| OF_SERVERS.contains(usage));
        let server = if is_for_servers {
            Question::yes(at, Usage::Server)
        } else {
            let why = "it looks at the key usage of authorities alone";
            let no = Question::no(at, Usage::Server);
            no.contrary(Judge::Webpki, why).contrary(Judge::Go, why)
        };
        let questions = vec![
            server.host("vault.contoso.com"),
            Question::yes(at, Usage::Anything),
            Question::no(at, Usage::Anything).host("evil.example"),
        ];
        let name = format!("{usages:?}");
        cases.push(self_signed(&name, &key(), &profile, questions.clone()));
        if !usages.contains(&"keyCertSign") && !usages.contains(&"cRLSign") {
            cases.push(house.signed(&name, key().public(), &profile, questions));
        }
    }
    cases
}

/// Each extended key usage alone, several, and none.
pub fn extended_key_usages() -> Vec<Case> {
    let (at, house) = (soon(), House::root(P256, &[], None));
    let lists: [&[&str]; 8] = [
        &[SERVER],
        &[CLIENT],
        &[EMAIL],
        &[CODE_SIGNING],
        &[ANY],
        &[OWN],
        &[SERVER, OWN, CODE_SIGNING],
        &[],
    ];
    let mut cases = Vec::new();
    for usages in lists {
        let profile = profile_of(&policy(&named(json!({"ekus": usages}))), now());
        let question = |usage, oid| {
            if usages.is_empty() || usages.contains(&oid) {
                Question::yes(at, usage)
            } else if usages.contains(&ANY) {
                Question::no(at, usage).contrary(Judge::Go, "anyExtendedKeyUsage is every usage to it")
            } else {
                Question::no(at, usage)
            }
        };
        let questions = vec![
            question(Usage::Server, SERVER).host("vault.contoso.com"),
            question(Usage::Client, CLIENT),
            question(Usage::Email, EMAIL),
            question(Usage::CodeSigning, CODE_SIGNING),
            Question::yes(at, Usage::Anything),
            Question::no(at, Usage::Anything).host("evil.example"),
        ];
        let name = format!("{usages:?}");
        cases.push(self_signed(&name, &key(), &profile, questions.clone()));
        cases.push(house.signed(&name, key().public(), &profile, questions));
    }
    cases
}
