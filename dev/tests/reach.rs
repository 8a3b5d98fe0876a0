//! A vault under other names than the usual, as clients that verify everything meet it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

use std::{fs, net::SocketAddr, path::Path};

use rcgen::{CertificateParams, Issuer, KeyPair};
use reqwest::{Certificate, Client, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use strongroom_core::VaultRef;
use strongroom_crds::vault::VaultSpec;
use strongroom_dev::{
    authority::Authority,
    laptop::{Laptop, Plan},
    own_certificate::OwnCertificate,
    place::Place,
    reach::Reach,
    vault::Data,
};
use tempfile::TempDir;
use time::OffsetDateTime;

async fn start(place: &Path, reach: Reach) -> Result<Laptop, String> {
    let vault = VaultRef::new("dev".parse().unwrap(), "dev".parse().unwrap());
    let plan = Plan {
        place: Place::open(Some(&place.join("dev"))).unwrap(),
        data: Data::Memory,
        port: None,
        vaults: vec![(vault, VaultSpec::default())],
        policies: None,
        accounts: Vec::new(),
        by_secret: None,
        reach,
    };
    Laptop::start(plan).await.map_err(|error| error.to_string())
}

/// A client on whose machine a host leads to this one, as an alias of a container does. It trusts what programs are told to.
fn client(laptop: &Laptop, host: &str) -> Client {
    let environment = laptop.environment(&"dev:default".parse().unwrap()).unwrap();
    let bundle = fs::read(&environment.bundle.pem).unwrap();
    Client::builder()
        .tls_certs_only(Certificate::from_pem_bundle(&bundle).unwrap())
        .resolve(host, SocketAddr::from(([127, 0, 0, 1], 0)))
        .no_proxy()
        .build()
        .unwrap()
}

/// Reads under a host as an SDK does: the challenge first, then a token of the resource that it names, then the secrets.
async fn lists_secrets(laptop: &Laptop, host: &str) -> String {
    let environment = laptop.environment(&"dev:default".parse().unwrap()).unwrap();
    let port = environment.vault_url.rsplit(':').next().unwrap().to_owned();
    let client = client(laptop, host);
    let url = format!("https://{host}:{port}/secrets?api-version=7.6");
    let challenge = client.get(&url).send().await.unwrap();
    assert_eq!(challenge.status(), StatusCode::UNAUTHORIZED);
    let challenge = challenge.headers()["www-authenticate"]
        .to_str()
        .unwrap()
        .to_owned();
    let resource = challenge.split("resource=\"").nth(1).unwrap();
    let resource = resource.trim_end_matches('"').to_owned();
    let login = format!(
        "{}?api-version=2019-08-01&resource={resource}",
        environment.app_service_url
    );
    let header = environment.token.expose_secret();
    let granted = client
        .get(login)
        .header("X-IDENTITY-HEADER", header)
        .send()
        .await
        .unwrap();
    let granted: Value = granted.json().await.unwrap();
    let token = granted["access_token"].as_str().unwrap();
    let listed = client.get(&url).bearer_auth(token).send().await.unwrap();
    assert_eq!(listed.status(), StatusCode::OK, "{host}");
    resource.trim_end_matches(&format!(":{port}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_is_its_name_of_azure_too_where_that_is_asked_for() {
    let place = TempDir::new().unwrap();
    let reach = Reach {
        azure_names: true,
        ..Reach::default()
    };
    let laptop = start(place.path(), reach).await.unwrap();
    assert_eq!(
        lists_secrets(&laptop, "dev.vault.azure.net").await,
        "https://vault.azure.net"
    );
    assert_eq!(
        lists_secrets(&laptop, "dev.vault.localhost").await,
        "https://vault.localhost"
    );
    laptop.stop().await;
    // The next run without it is as if it had never been.
    let laptop = start(place.path(), Reach::default()).await.unwrap();
    let port = laptop.url().rsplit(':').next().unwrap().to_owned();
    let url = format!("https://dev.vault.azure.net:{port}/secrets?api-version=7.6");
    let refused = client(&laptop, "dev.vault.azure.net").get(url).send().await;
    assert!(refused.is_err());
    laptop.stop().await;
}

#[test]
fn the_authority_of_azures_names_signs_for_nothing_else() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("dev");
    let place = Place::open(Some(&path)).unwrap();
    let now = OffsetDateTime::now_utc();
    let authority = Authority::open_azure(&place, now).unwrap();
    for name in [
        "localhost",
        "example.com",
        "azure.net",
        "vault.azure.net.example.com",
    ] {
        assert!(authority.issue(&[name.to_owned()], now).is_err(), "{name}");
    }
    let is_verified = |certificate: &str| {
        fs::write(path.join("leaf.pem"), certificate).unwrap();
        let mut openssl = std::process::Command::new("openssl");
        openssl.args([
            "verify",
            "-x509_strict",
            "-purpose",
            "sslserver",
            "-CAfile",
            "azure-ca.crt",
        ]);
        openssl.arg("leaf.pem").current_dir(&path);
        openssl.output().unwrap().status.success()
    };
    let good = authority.issue(&["dev.vault.azure.net".to_owned()], now).unwrap();
    assert!(is_verified(&good.certificate));
    // Whoever steals its key gains nothing else either.
    let both = fs::read_to_string(place.file("azure-authority.pem")).unwrap();
    let (key, certificate) = both.split_at(both.find("-----BEGIN CERTIFICATE").unwrap());
    let issuer = Issuer::from_ca_cert_pem(certificate, KeyPair::from_pem(key).unwrap()).unwrap();
    for name in ["login.microsoftonline.com", "localhost", "127.0.0.1", "::1"] {
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let stolen = params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
        assert!(!is_verified(&stolen.pem()), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_further_name_leads_to_the_first_vault_with_every_check_on() {
    let place = TempDir::new().unwrap();
    let reach = |name: &str| Reach {
        further: vec![name.to_owned()],
        ..Reach::default()
    };
    let laptop = start(place.path(), reach("Kv.team.docker.internal"))
        .await
        .unwrap();
    assert_eq!(
        lists_secrets(&laptop, "kv.team.docker.internal").await,
        "https://team.docker.internal"
    );
    laptop.stop().await;
    let refused = start(place.path(), reach("kv.example.com")).await.unwrap_err();
    assert!(
        refused.starts_with("kv.example.com is no name of this machine"),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_ones_own_is_what_clients_see() {
    let place = TempDir::new().unwrap();
    let own = |name: &str| {
        let (certificate, key) = (place.path().join("own.crt"), place.path().join("own.key"));
        let pair = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        fs::write(&certificate, params.self_signed(&pair).unwrap().pem()).unwrap();
        fs::write(&key, pair.serialize_pem()).unwrap();
        Reach {
            certificate: Some(OwnCertificate::read(&certificate, &key).unwrap()),
            ..Reach::default()
        }
    };
    let laptop = start(place.path(), own("dev.vault.localhost")).await.unwrap();
    lists_secrets(&laptop, "dev.vault.localhost").await;
    laptop
        .seed(vec![strongroom_dev::seed::Seed {
            name: "a".parse().unwrap(),
            secret: strongroom_client::vault::NewSecret {
                value: "1".into(),
                about: strongroom_client::vault::SecretChange::default(),
            },
        }])
        .await
        .unwrap();
    laptop.stop().await;
    let refused = start(place.path(), own("other.localhost")).await.unwrap_err();
    assert!(
        refused.contains("own.crt cannot be the certificate of dev.vault.localhost"),
        "{refused}"
    );
}
