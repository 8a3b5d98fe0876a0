//! Stores of certificates as files of volumes: what openssl(1) and Java find in them, and that they follow their certificate and
//! their password.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use pem::Pem;
use serde_json::{Value, json};
use strongroom_certificates::pkcs12::Pfx;
use strongroom_csi::volume::certificate::SecretCertificate;
use strongroom_testing::{Authority, authority::Signed};
use tonic::Code;

use crate::support::{Node, Pod, eventually, in_private_mounts};

const SECOND: Duration = Duration::from_secs(1);
const PFX: &str = "application/x-pkcs12";
const MAY_IMPORT: &[&str] = &["get", "keys/get", "certificates/import"];
const FIRST: &str = "CANARY-first";
const NEXT: &str = "CANARY-next";

fn issue(authority: &Authority) -> Signed {
    authority.issue(&["shop"], &[], &[]).through(&[authority])
}

fn store(path: &str, part: &str, format: &str) -> Value {
    let password = json!({"secret": "Store-Password"});
    let certificate = json!({"name": "Shop-TLS", "part": part, "format": format, "password": password});
    json!({"path": path, "certificate": certificate})
}

fn files() -> Value {
    json!([
        {"path": "tls.crt", "certificate": {"name": "shop-tls", "part": "Chain"}},
        store("key.p12", "Bundle", "PKCS12"),
        store("key.jks", "Bundle", "JKS"),
        store("ca.p12", "CA", "PKCS12"),
        store("ca.jks", "CA", "JKS"),
        store("leaf.p12", "Leaf", "PKCS12"),
        store("leaf.jks", "Leaf", "JKS"),
    ])
}

/// The certificates that a text holds, in DER.
fn certificates(text: &str) -> BTreeSet<Vec<u8>> {
    let found = pem::parse_many(text).unwrap().into_iter();
    let found = found.filter(|part| part.tag() == "CERTIFICATE");
    found.map(Pem::into_contents).collect()
}

/// What the program wrote; none where it failed.
fn run(program: &str, arguments: &[&str], file: &Path) -> Option<String> {
    let run = Command::new(program)
        .args(arguments)
        .arg(file)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("this test needs {program} in the PATH: {error}"));
    let said = String::from_utf8(run.stdout).unwrap();
    run.status.success().then_some(said)
}

/// What openssl(1) reads in a store; none where the password is another.
fn openssl(file: &Path, password: &str) -> Option<String> {
    let password = format!("pass:{password}");
    run(
        "openssl",
        &["pkcs12", "-passin", &password, "-nodes", "-in"],
        file,
    )
}

/// What Java lists of a store; none where the password is another.
fn keytool(file: &Path, password: &str) -> Option<String> {
    let language = "-J-Duser.language=en";
    run(
        "keytool",
        &[language, "-list", "-rfc", "-storepass", password, "-keystore"],
        file,
    )
}

/// The private key of a key store, which Java decrypts and writes into another one, as PEM with its certificates.
fn taken_by_java(node: &Node, file: &Path, password: &str) -> String {
    let taken = node.root.join("taken.p12");
    drop(fs::remove_file(&taken));
    let said = run(
        "keytool",
        &[
            "-importkeystore",
            "-noprompt",
            "-srcstorepass",
            password,
            "-deststorepass",
            "another",
            "-deststoretype",
            "PKCS12",
            "-destkeystore",
            taken.to_str().unwrap(),
            "-srckeystore",
        ],
        file,
    );
    said.expect("Java takes the key out of the store");
    openssl(&taken, "another").unwrap()
}

/// Asserts that each store is opened by this password alone, and holds what it should of the certificate.
fn must_hold(node: &Node, pod: &Pod, password: &str, signed: &Signed, ca: &Authority) {
    let at = |file: &str| node.target(pod).join(file);
    let (chain, authority) = (certificates(&signed.certificate), certificates(&ca.pem()));
    let leaf: BTreeSet<_> = chain.difference(&authority).cloned().collect();
    for (name, expected, entry, alias) in [
        ("key", &chain, "PrivateKeyEntry", "shop-tls"),
        ("ca", &authority, "trustedCertEntry", "ca-1"),
        ("leaf", &leaf, "trustedCertEntry", "shop-tls"),
    ] {
        for format in ["p12", "jks"] {
            let file = at(&format!("{name}.{format}"));
            let listed = keytool(&file, password).unwrap();
            assert_eq!(certificates(&listed), *expected, "{name}.{format}");
            assert!(listed.contains("Your keystore contains 1 entry"), "{listed}");
            for line in [format!("Alias name: {alias}"), format!("Entry type: {entry}")] {
                assert!(listed.contains(&line), "{line} is not in {listed}");
            }
        }
        assert_eq!(
            keytool(&at(&format!("{name}.jks")), "another"),
            None,
            "{name}.jks"
        );
        let file = at(&format!("{name}.p12"));
        assert_eq!(certificates(&openssl(&file, password).unwrap()), *expected);
        assert_eq!(openssl(&file, "another"), None, "{name}.p12");
    }
    let by_openssl = openssl(&at("key.p12"), password).unwrap();
    for text in [by_openssl, taken_by_java(node, &at("key.jks"), password)] {
        // That the key is that of the leaf.
        let read = SecretCertificate::read(text.as_bytes());
        assert!(text.contains("PRIVATE KEY") && read.is_ok(), "{read:?}");
    }
}

/// The directory that the files are in. A change of any file makes another one.
fn swap(node: &Node, pod: &Pod) -> PathBuf {
    fs::read_link(node.target(pod).join("..data")).unwrap()
}

/// The bytes of each store.
fn stores(node: &Node, pod: &Pod) -> Vec<Vec<u8>> {
    let names = ["key.p12", "key.jks", "ca.p12", "ca.jks", "leaf.p12", "leaf.jks"];
    let read = |name| fs::read(node.target(pod).join(name)).unwrap();
    names.map(read).into()
}

/// Whether the key store in PKCS#12 is opened by this password and has the chain of the text beside it.
fn is_consistent(directory: &Path, password: &str) -> Option<bool> {
    let store = fs::read(directory.join("key.p12")).ok()?;
    let chain = fs::read_to_string(directory.join("tls.crt")).ok()?;
    let found = Pfx::read(&store, Some(password)).ok()?;
    Some(found.certificates.into_iter().collect::<BTreeSet<_>>() == certificates(&chain))
}

#[test]
fn stores_follow_a_renewal_and_a_new_password_each_in_one_swap() {
    in_private_mounts(async |root| {
        let (pod, ca) = (Pod::new("p"), Authority::new("house"));
        let node = Node::start(root).await;
        node.vault.permit(MAY_IMPORT);
        let first = issue(&ca);
        node.vault.import("shop-tls", &first, PFX, true).await;
        node.vault.put("store-password", FIRST);
        node.api.put("shop", "app", &files());
        node.publish(&pod, "app").await.unwrap();
        node.subscribed(1).await;
        assert_eq!(is_consistent(&node.target(&pod), FIRST), Some(true));
        let [reads, _, _, fetches] = node.vault.counts();
        assert_eq!((reads, fetches), (2, 0), "seven files are of two objects");

        let renewed = issue(&ca);
        let mut swaps = BTreeSet::from([swap(&node, &pod)]);
        node.vault.import("shop-tls", &renewed, PFX, true).await;
        let chain = certificates(&renewed.certificate);
        eventually("the chain is the new one", SECOND, || {
            let seen = swap(&node, &pod);
            let consistent = is_consistent(&node.target(&pod).join(&seen), FIRST);
            assert!(consistent != Some(false), "all files are of one version");
            swaps.insert(seen);
            certificates(&node.read(&pod, "tls.crt").unwrap_or_default()) == chain
        })
        .await;
        node.acknowledges(2).await;
        must_hold(&node, &pod, FIRST, &renewed, &ca);
        swaps.insert(swap(&node, &pod));
        assert_eq!(swaps.len(), 2, "one swap: {swaps:?}");

        let before = swap(&node, &pod);
        node.vault.put("store-password", NEXT);
        eventually("the stores have the new password", SECOND, || {
            is_consistent(&node.target(&pod), NEXT) == Some(true)
        })
        .await;
        node.acknowledges(4).await;
        must_hold(&node, &pod, NEXT, &renewed, &ca);
        assert_ne!(swap(&node, &pod), before);
        assert_eq!(certificates(&node.read(&pod, "tls.crt").unwrap()), chain);
        assert_eq!(node.api.notes(), Vec::<String>::new());
        for said in [node.log(), node.kept(&pod)] {
            assert!(!said.contains(FIRST) && !said.contains(NEXT), "{said}");
        }
    });
}

#[test]
fn stores_whose_versions_did_not_change_keep_their_bytes() {
    in_private_mounts(async |root| {
        let (pod, ca) = (Pod::new("p"), Authority::new("house"));
        let mut node = Node::start(root).await;
        node.vault.permit(MAY_IMPORT);
        node.vault.import("shop-tls", &issue(&ca), PFX, true).await;
        node.vault.put("store-password", FIRST);
        node.vault.put("db", "one");
        let mut wanted = files();
        wanted
            .as_array_mut()
            .unwrap()
            .push(json!({"path": "db", "secret": {"name": "db"}}));
        node.api.put("shop", "app", &wanted);
        node.publish(&pod, "app").await.unwrap();
        node.subscribed(1).await;
        let (before, bytes) = (swap(&node, &pod), stores(&node, &pod));

        node.publish(&pod, "app").await.unwrap();
        node.restart_driver().await;
        node.publish(&pod, "app").await.unwrap();
        node.subscribed(1).await;
        node.vault.enable("store-password", false);
        let disabled = |node: &Node| node.vault.volumes() == (1, 0, 1);
        eventually("the vault knows", SECOND, || disabled(&node)).await;
        node.vault.enable("store-password", true);
        node.subscribed(1).await;
        assert_eq!(swap(&node, &pod), before, "nothing is written for nothing");

        node.vault.put("db", "two");
        node.reads(&pod, "db", "two", SECOND).await;
        assert_ne!(swap(&node, &pod), before);
        assert_eq!(stores(&node, &pod), bytes, "a change of another file");

        wanted.as_array_mut().unwrap().pop();
        node.api.put("shop", "app", &wanted);
        node.vault.say_ref_changed();
        eventually("the SecretRef is followed", SECOND, || {
            node.read(&pod, "db").is_none()
        })
        .await;
        assert_eq!(stores(&node, &pod), bytes, "a change of the SecretRef");
        let other = Pod::new("q");
        node.publish(&other, "app").await.unwrap();
        assert_eq!(stores(&node, &other), bytes, "another pod");
    });
}

#[test]
fn a_password_that_cannot_be_read_mounts_nothing_and_says_which_secret_it_is() {
    in_private_mounts(async |root| {
        let (pod, ca) = (Pod::new("p"), Authority::new("house"));
        let node = Node::start(root).await;
        node.vault.permit(MAY_IMPORT);
        node.vault.import("shop-tls", &issue(&ca), PFX, true).await;
        let chain = json!({"path": "tls.crt", "certificate": {"name": "shop-tls", "part": "Chain"}});
        let wanted = json!([chain, store("key.jks", "Bundle", "JKS")]);
        node.api.put("shop", "app", &wanted);
        let refused = async |code: Code, sentence: &str| {
            let refused = node.publish(&pod, "app").await.unwrap_err();
            let start = "SecretRef shop/app: 1 of its files cannot be read from vault team-a/prod: key.jks (secret \
                         store-password): ";
            assert_eq!(refused.code(), code, "{refused}");
            let said = refused.message();
            assert!(said.starts_with(&format!("{start}{sentence}")), "{said}");
            assert_eq!(node.read(&pod, "tls.crt"), None);
        };
        refused(Code::FailedPrecondition, "it does not exist").await;
        node.vault.put("store-password", &"CANARY".repeat(200));
        refused(
            Code::FailedPrecondition,
            "it cannot be the password of a store: it has more than 1024 bytes",
        )
        .await;
        node.vault.put("store-password", FIRST);
        node.vault.enable("store-password", false);
        refused(Code::FailedPrecondition, "it is disabled").await;
        node.vault.enable("store-password", true);
        node.vault.deny("store-password", true);
        refused(
            Code::PermissionDenied,
            "service account shop/api may not read it, or it does not exist",
        )
        .await;
        node.vault.deny("store-password", false);
        node.publish(&pod, "app").await.unwrap();
        let log = node.log();
        assert!(!log.contains(FIRST) && !log.contains("CANARYCANARY"));
    });
}

#[test]
fn a_renewal_waits_for_its_password_and_an_event_says_so() {
    in_private_mounts(async |root| {
        let ca = Authority::new("house");
        let node = Node::start(root).await;
        node.vault.permit(MAY_IMPORT);
        node.vault.import("shop-tls", &issue(&ca), PFX, true).await;
        node.vault.put("store-password", FIRST);
        node.api.put("shop", "app", &files());
        let long = "CANARY".repeat(200);
        let problems: [(&str, &dyn Fn(), &str); 3] = [
            (
                "disabled",
                &|| node.vault.enable("store-password", false),
                "it is disabled",
            ),
            (
                "long",
                &|| drop(node.vault.put("store-password", &long)),
                "it cannot be the password of a store: it has more than 1024 bytes",
            ),
            (
                "denied",
                &|| node.vault.deny("store-password", true),
                "the service account may not read it, or it does not exist",
            ),
        ];
        for (number, (problem, make, sentence)) in problems.into_iter().enumerate() {
            let pod = Pod::new(problem);
            node.publish(&pod, "app").await.unwrap();
            node.subscribed(1).await;
            let before = swap(&node, &pod);
            make();
            let sentence = format!("secret store-password: {sentence}; the files stay as they are");
            eventually("an event says so", SECOND, || {
                node.api.notes().iter().any(|note| note.ends_with(&sentence))
            })
            .await;
            let renewed = issue(&ca);
            node.vault.import("shop-tls", &renewed, PFX, true).await;
            eventually("the vault knows", SECOND, || node.vault.volumes() == (1, 0, 1)).await;
            assert_eq!(swap(&node, &pod), before, "{problem}");

            node.vault.deny("store-password", false);
            let mended = format!("{NEXT}-{number}");
            node.vault.put("store-password", &mended);
            eventually("both are new", SECOND, || {
                is_consistent(&node.target(&pod), &mended) == Some(true)
            })
            .await;
            let chain = node.read(&pod, "tls.crt").unwrap();
            assert_eq!(certificates(&chain), certificates(&renewed.certificate));
            node.subscribed(1).await;
            node.unpublish(&pod).await.unwrap();
            eventually("nobody follows", SECOND, || node.vault.volumes().0 == 0).await;
        }
        let said = node.log();
        assert!(!said.contains(FIRST) && !said.contains(NEXT) && !said.contains(&long));
    });
}

/// Of the two versions, the subscription has one.
#[test]
fn stores_under_two_versions_of_one_password_follow_a_renewal() {
    in_private_mounts(async |root| {
        let (pod, ca) = (Pod::new("p"), Authority::new("house"));
        let node = Node::start(root).await;
        node.vault.permit(MAY_IMPORT);
        node.vault.import("shop-tls", &issue(&ca), PFX, true).await;
        let old = node.vault.put("store-password", FIRST);
        node.vault.put("store-password", NEXT);
        let mut trusted = store("ca.p12", "CA", "PKCS12");
        trusted["certificate"]["password"]["version"] = json!(old);
        let chain = json!({"path": "tls.crt", "certificate": {"name": "shop-tls", "part": "Chain"}});
        let wanted = json!([chain, store("key.p12", "Bundle", "PKCS12"), trusted]);
        node.api.put("shop", "app", &wanted);
        node.publish(&pod, "app").await.unwrap();
        node.subscribed(1).await;
        let at = |file: &str| node.target(&pod).join(file);
        let other = Authority::new("another");
        let renewed = issue(&other);
        node.vault.import("shop-tls", &renewed, PFX, true).await;
        let chain = certificates(&renewed.certificate);
        eventually("the chain is the new one", 2 * SECOND, || {
            certificates(&node.read(&pod, "tls.crt").unwrap_or_default()) == chain
        })
        .await;
        let held = |file: &str, password: &str| openssl(&at(file), password).map(|text| certificates(&text));
        assert_eq!(held("key.p12", NEXT), Some(chain));
        assert_eq!(held("ca.p12", FIRST), Some(certificates(&other.pem())));
        node.subscribed(1).await;
        assert_eq!(node.api.notes(), Vec::<String>::new());
    });
}
