use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose};
use serde_json::json;

use super::OWN;
use crate::tests::world::World;

/// An authority in PEM, with its key.
fn authority() -> String {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, "House");
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    format!("{}{}", key.serialize_pem(), certificate.pem())
}

#[tokio::test]
async fn a_certificate_of_the_vaults_own_authority_is_revoked_once_by_its_current_or_a_named_version() {
    let world = World::start().await;
    world.allow_signing().await;
    let file = world.file("ca.pem", authority().as_bytes());
    world.run(&format!("cert import ca -f {file}")).await;
    let issuer = json!({
        "provider": "Strongroom",
        "strongroom": {
            "certificate": "ca", "dnsSuffixes": ["shop.example"], "subjects": [""],
            "ekus": ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"], "maxValidityMonths": 12,
        },
    });
    let file = world.file("issuer", issuer.to_string().as_bytes());
    world.run(&format!("cert issuer set house -f {file}")).await;
    world
        .run(&format!("cert create shop {OWN} --issuer house --wait"))
        .await;
    let first = world.json("cert show shop").await;
    let version = first["id"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();

    let revoked = world.run("cert revoke shop --reason superseded").await;
    let begin = format!("certificate/shop revoked, version {version}, serial ");
    assert!(revoked.starts_with(&begin), "{revoked}");
    assert!(revoked.ends_with(", reason superseded\n"), "{revoked}");

    world.run("cert renew shop --wait").await;
    let again = world.json(&format!("cert revoke shop --version {version}")).await;
    assert_eq!(again["reason"], "superseded", "what was said first stays");
    assert!(revoked.contains(again["serial"].as_str().unwrap()), "{again}");
    let current = world.json("cert revoke shop").await;
    assert_ne!(
        current["serial"], again["serial"],
        "the current version is another one"
    );
    assert_eq!(current["reason"], "unspecified");
    assert_eq!(world.run("cert revoke shop -o name").await, "certificate/shop\n");
}

#[tokio::test]
async fn a_certificate_that_no_authority_of_the_vault_issued_is_not_revoked() {
    let world = World::start().await;
    world.certificate("own", "").await;
    let refused = world.refusal("cert revoke own").await.to_string();
    assert!(refused.contains("names no list of this vault"), "{refused}");
    world.run(&format!("cert create waits {OWN} --no-wait")).await;
    assert_eq!(
        world.refusal("cert revoke waits").await.to_string(),
        "certificate waits is not issued yet"
    );
}
