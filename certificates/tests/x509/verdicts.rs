//! What other implementations say of what a vault issues and takes.

use base64::{Engine, prelude::BASE64_STANDARD};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::json;
use strongroom_certificates::{
    alternative_names::AlternativeNames,
    certificate::Certificate,
    chain::{Chain, ChainOrder},
    content::Content,
    issue, pem,
    usage::KeyUsage,
};
use strongroom_keys::{Curve, KeyType, RsaSize};

use crate::{
    corpus::{self, Root, authority, soon},
    judges::{Answer, Case, Judge, Question, Usage, answers, check, go},
    support::{Folder, NOW, SERVER, imported, key, now, profile, serial},
};

#[test]
fn keys_of_every_type_are_verified_alike() {
    check(&corpus::keys());
    check(&corpus::keys_of_authorities());
}

#[test]
fn names_of_every_kind_are_verified_alike() {
    check(&corpus::names());
    check(&corpus::subjects());
}

#[test]
fn every_usage_is_verified_alike() {
    check(&[corpus::key_usages(), corpus::extended_key_usages()].concat());
}

#[test]
fn the_first_and_the_last_second_are_verified_alike() {
    check(&corpus::times());
    check(&corpus::serials());
}

#[test]
fn chains_are_verified_alike_and_broken_ones_refused() {
    check(&[corpus::chains(), corpus::broken()].concat());
}

#[test]
fn a_revoked_certificate_is_refused_alike() {
    check(&corpus::revoked());
}

/// The name of Go.
fn key_name(key_type: KeyType) -> &'static str {
    match key_type {
        KeyType::Rsa(RsaSize::Bits2048) => "RSA-2048",
        KeyType::Rsa(RsaSize::Bits3072) => "RSA-3072",
        KeyType::Rsa(RsaSize::Bits4096) => "RSA-4096",
        KeyType::Ec(Curve::P256) => "P-256",
        KeyType::Ec(Curve::P384) => "P-384",
        KeyType::Ec(Curve::P521) => "P-521",
        other => panic!("{other:?}"),
    }
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list
}

#[test]
fn go_reads_in_every_certificate_what_the_vault_reads() {
    let cases = corpus::everything();
    let mut unread = 0;
    for (case, verdict) in cases.iter().zip(go::verdicts(&cases)) {
        let Ok(read) = verdict.read else {
            unread += 1;
            continue;
        };
        let own = Certificate::from_der(&case.leaf).unwrap();
        let names = own.alternative_names().cloned().unwrap_or_default();
        let usages = own.key_usages().cloned().unwrap_or_default();
        let expected = go::Read {
            serial: own.serial().to_string(),
            not_before: own.validity().not_before,
            not_after: own.validity().not_after,
            key: key_name(own.key_type().unwrap()).to_owned(),
            emails: names.emails.unwrap_or_default(),
            dns_names: names.dns_names.unwrap_or_default(),
            uris: names.uris.unwrap_or_default(),
            ip_addresses: names.ip_addresses.unwrap_or_default(),
            key_usages: usages
                .iter()
                .map(|usage| KeyUsage::name(usage).to_owned())
                .collect(),
            // Go lists those that it knows before the others.
            extended_key_usages: sorted(
                own.extended_key_usages()
                    .unwrap_or_default()
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
            ),
            revocation_lists: own.revocation_list_urls(),
            is_authority: false,
        };
        let read = go::Read {
            extended_key_usages: sorted(read.extended_key_usages),
            ..read
        };
        assert_eq!(read, expected, "{}", case.name);
        let has_list = case.name.starts_with("a list");
        let lists: &[&str] = if has_list {
            &["http://strongroom.svc/lists/root.crl"]
        } else {
            &[]
        };
        assert_eq!(read.revocation_lists, lists, "{}", case.name);
    }
    // Two on P-256K, and what an authority on it signed.
    assert_eq!(unread, 3, "of {}", cases.len());
}

/// The same leaf, authority and root as others bring them: in PEM in every order, and in a PFX of openssl's new and old form.
fn imports(pkcs8: &[u8], mut certificates: Vec<Vec<u8>>) -> Vec<Content> {
    let folder = Folder::new();
    let mut imports = Vec::new();
    for _ in 0..certificates.len() {
        let key = [(pem::PRIVATE_KEY, pkcs8)];
        let blocks = certificates.iter().map(|der| (pem::CERTIFICATE, der.as_slice()));
        let text = pem::write(&key.into_iter().chain(blocks).collect::<Vec<_>>()).unwrap();
        folder.write("all.pem", text.as_bytes());
        imports.push(Content::read(&text, None).unwrap());
        certificates.rotate_left(1);
    }
    for form in ["", "-legacy"] {
        folder.openssl(&format!(
            "pkcs12 -export {form} -in all.pem -passout pass:1234 -out all.pfx"
        ));
        let text = BASE64_STANDARD.encode(folder.read("all.pfx"));
        imports.push(Content::read(&text, Some("1234")).unwrap());
    }
    imports
}

#[test]
fn an_imported_chain_in_any_order_and_form_is_verified_alike() {
    let root = Root::new(&[]);
    let below = root.below(&["extendedKeyUsage = serverAuth"]);
    let authority = authority(root.key_below(), &below, None);
    let x509 = json!({"sans": {"dns_names": ["contoso.com"]}, "ekus": [SERVER]});
    let profile = corpus::profile_of(&corpus::policy(&x509), now());
    let leaf = issue::by_authority(&authority, key().public(), &profile, serial()).unwrap();
    let imports = imports(&key().to_pkcs8().unwrap(), vec![leaf, below, root.der]);
    let cases = imports.into_iter().map(|content| {
        let parsed = content
            .certificates
            .iter()
            .map(|der| Certificate::from_der(der).unwrap());
        let parsed = parsed.collect();
        let key = imported(&content.private_key.into_pkcs8().unwrap());
        let chain = Chain::of(key.public(), parsed, ChainOrder::LeafFirst).unwrap();
        let [leaf, below, root] = chain.certificates() else {
            panic!("{chain:?}")
        };
        Case {
            name: "imported".to_owned(),
            leaf: leaf.der().to_vec(),
            intermediates: vec![below.der().to_vec()],
            root: root.der().to_vec(),
            questions: vec![
                Question::yes(soon(), Usage::Server).host("contoso.com"),
                Question::no(soon(), Usage::Server).host("evil.example"),
                Question::no(soon(), Usage::Client),
            ],
            list: None,
            refused_by: Vec::new(),
        }
    });
    check(&cases.collect::<Vec<_>>());
}

fn some(of: &'static str) -> impl Strategy<Value = Option<Vec<String>>> {
    prop::option::of(prop::collection::vec(of, 1..4))
}

/// Those names that a certificate may have.
fn possible(
    names: Option<Vec<String>>,
    of: impl Fn(Option<Vec<String>>) -> AlternativeNames,
) -> Option<Vec<String>> {
    let is_possible = |name: &String| of(Some(vec![name.clone()])).check().is_ok();
    Some(names?.into_iter().filter(is_possible).collect())
}

/// One name that a program cannot read may cost the whole certificate.
#[test]
fn whatever_names_a_certificate_may_have_everybody_reads_it() {
    let names = (
        some("[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]{1,9}(\\.[a-z0-9-]{1,4})?@[a-z0-9_]{1,8}(\\.[a-z0-9]{1,4})?"),
        some("(\\*\\.)?[a-zA-Z0-9_]{1,8}(\\.[a-zA-Z0-9]{1,4}){0,3}"),
        some("[^\\p{Cc} ]{1,12}"),
        some("[a-z][a-z0-9+.-]{0,3}:(//([!-~]{1,5}@)?[!-~]{1,8}(:[!-~]{0,5})?)?[!-~]{1,12}"),
        prop::option::of(prop::collection::vec(any::<std::net::IpAddr>(), 1..4)),
    );
    let (mut runner, mut cases) = (TestRunner::deterministic(), Vec::new());
    while cases.len() < 150 {
        let (emails, dns_names, upns, uris, addresses) = names.new_tree(&mut runner).unwrap().current();
        let mut profile = profile("CN=vault");
        let none = AlternativeNames::default;
        profile.alternative_names = AlternativeNames {
            emails: possible(emails, |emails| AlternativeNames { emails, ..none() }),
            dns_names: possible(dns_names, |dns_names| AlternativeNames { dns_names, ..none() }),
            upns,
            uris: possible(uris, |uris| AlternativeNames { uris, ..none() }),
            ip_addresses: addresses.map(|all| all.iter().map(ToString::to_string).collect()),
        };
        let name = format!("{:?}", profile.alternative_names);
        let questions = vec![
            Question::yes(NOW, Usage::Server),
            Question::no(NOW, Usage::Server).host("evil.example.com"),
        ];
        cases.push(corpus::self_signed(&name, &key(), &profile, questions));
    }
    let with_uris = cases
        .iter()
        .filter(|case| case.name.contains("uris: Some([\""))
        .count();
    assert!(with_uris > 20, "{with_uris} have URIs");
    check(&cases);
}

/// All that is refused of a certificate is refused for a reason, and not because a program could not be run.
#[test]
fn judges_say_why() {
    let [case] = <[Case; 1]>::try_from(vec![corpus::serials().remove(0)]).unwrap();
    for (judge, reasons) in [
        (Judge::OpenSsl, "hostname mismatch"),
        (Judge::Webpki, "CertNotValidForName"),
        (
            Judge::Go,
            "certificate is valid for contoso.com, not evil.example",
        ),
    ] {
        let all: Vec<Vec<Answer>> = answers(judge, std::slice::from_ref(&case));
        let [Some(Ok(())), Some(Err(said))] = all[0].as_slice() else {
            panic!("{all:?}")
        };
        assert!(
            said.to_lowercase().contains(&reasons.to_lowercase()),
            "{judge:?}: {said}"
        );
    }
}
