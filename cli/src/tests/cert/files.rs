use std::os::unix::fs::PermissionsExt as _;

use rcgen::{CertificateParams, CertifiedIssuer, DnType, KeyPair, SubjectPublicKeyInfo};
use strongroom_certificates::{
    content::Content,
    pkcs12::{NewPfx, Pfx, Protection, Salts},
};
use x509_cert::{
    der::{Decode as _, Encode as _},
    request::CertReq,
};

use super::OWN;
use crate::{
    printed::{Printed, Refusal},
    tests::world::World,
};

/// What a certificate authority makes of a request in PEM: its certificate and that of the authority.
fn issued(request: &str) -> String {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "House");
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let request = pem::parse(request).unwrap();
    assert_eq!(request.tag(), "CERTIFICATE REQUEST");
    let request = CertReq::from_der(request.contents()).unwrap();
    let key = SubjectPublicKeyInfo::from_der(&request.info.public_key.to_der().unwrap()).unwrap();
    let leaf = CertificateParams::default().signed_by(&key, &authority).unwrap();
    leaf.pem() + &authority.pem()
}

/// A PFX with a password, of what PEM holds.
fn with_password(text: &str, password: &str) -> Vec<u8> {
    let content = Content::read(text, None).unwrap();
    let key = content.private_key.into_pkcs8().unwrap();
    let certificates: Vec<_> = content.certificates.iter().map(Vec::as_slice).collect();
    let pfx = NewPfx {
        private_key: Some(&key),
        certificates: &certificates,
        alias: None,
    };
    let salts = Salts::generate(|bytes| {
        bytes.fill(7);
        Ok::<_, ()>(())
    });
    pfx.to_der(Protection::Password(password), &salts.unwrap())
        .unwrap()
        .to_vec()
}

#[tokio::test]
async fn a_request_is_printed_for_who_issues_elsewhere_and_what_he_issues_is_merged() {
    let world = World::start().await;
    let request = world.run(&format!("cert create a {OWN} --issuer unknown")).await;
    assert_eq!(world.run("cert pending show a -o pem").await, request);
    let none = world.file("none", b"no certificate");
    assert_eq!(
        world
            .refusal(&format!("cert merge a -f {none}"))
            .await
            .to_string(),
        format!("{none} cannot be merged: it holds no certificate in PEM or DER")
    );
    let chain = world.file("chain", issued(&request).as_bytes());
    let merged = world.run(&format!("cert merge a -f {chain} --tag team=a")).await;
    assert!(merged.starts_with("certificate/a merged, version "), "{merged}");
    assert_eq!(world.json("cert show a").await["tags"]["team"], "a");
    let downloaded = world.run("cert download a").await;
    assert_eq!(pem::parse_many(downloaded).unwrap().len(), 2);
    // What is in DER is merged too.
    let request = world.run("cert renew a").await;
    let leaf = pem::parse_many(issued(&request)).unwrap().remove(0);
    let leaf = world.file("leaf", leaf.contents());
    world.run(&format!("cert merge a -f {leaf}")).await;
}

#[tokio::test]
async fn a_private_key_is_written_to_a_new_file_of_its_owner_alone_and_imported_again() {
    let world = World::start().await;
    world.certificate("a", "").await;
    let chain = world.run("cert download a").await;
    assert_eq!(chain, world.run("cert show a -o pem").await);

    let path = world.path("a.pfx");
    let line = format!("cert download a --with-private-key --to-file {path}");
    assert_eq!(
        world.run(&line).await,
        format!("certificate/a with its private key written to {path}\n")
    );
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let pfx = Pfx::read(&std::fs::read(&path).unwrap(), None).unwrap();
    assert_eq!((pfx.private_keys.len(), pfx.certificates.len()), (1, 1));
    let refused = world.refusal(&line).await.to_string();
    assert!(
        refused.starts_with("the certificate cannot be written to"),
        "{refused}"
    );
    let pem_path = world.path("a.pem");
    world
        .run(&format!("cert download a --with-private-key --pem -f {pem_path}"))
        .await;
    let text = std::fs::read_to_string(&pem_path).unwrap();
    assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"));

    let imported = world.run(&format!("cert import b -f {path}")).await;
    assert!(
        imported.starts_with("certificate/b imported, version "),
        "{imported}"
    );
    world
        .run(&format!(
            "cert import b -f {pem_path} --secret-form pem --disabled"
        ))
        .await;
    assert_eq!(world.json("cert show b").await["attributes"]["enabled"], false);
    world.run("cert update b --enabled --tag a=b").await;
    assert_eq!(world.json("cert show b").await["tags"]["a"], "b");
}

#[tokio::test]
async fn a_private_key_that_may_not_leave_the_vault_is_not_downloaded() {
    let world = World::start().await;
    world
        .certificate("a", " --not-exportable --secret-form pem")
        .await;
    let path = world.path("a.pem");
    assert_eq!(
        world
            .refusal(&format!("cert download a --with-private-key -f {path}"))
            .await
            .to_string(),
        "the private key of certificate a may not leave the vault: leave out --with-private-key"
    );
    assert!(!std::path::Path::new(&path).exists());
    world.run(&format!("cert download a -f {path}")).await;
    assert!(
        std::fs::read_to_string(&path)
            .unwrap()
            .starts_with("-----BEGIN CERT")
    );
}

#[tokio::test]
async fn a_pfx_is_opened_here_with_the_password_of_a_file() {
    let world = World::start().await;
    world.certificate("a", " --secret-form pem").await;
    let path = world.path("a.pem");
    world
        .run(&format!("cert download a --with-private-key -f {path}"))
        .await;
    let text = std::fs::read_to_string(&path).unwrap();
    let pfx = world.file("b.pfx", &with_password(&text, "p4ss"));
    let (right, wrong) = (world.file("right", b"p4ss\n"), world.file("wrong", b"pass\n"));
    let imported = world
        .run(&format!("cert import b -f {pfx} --password-file {right}"))
        .await;
    assert!(imported.starts_with("certificate/b imported"), "{imported}");

    let cert = world.file("cert", world.run("cert show a -o pem").await.as_bytes());
    let junk = world.file("junk", b"junk");
    for (line, sentence) in [
        (
            format!("{pfx} --password-file {wrong}"),
            format!("{pfx} cannot be imported: the password is not that of the PFX"),
        ),
        (
            cert.clone(),
            format!("{cert} cannot be imported: it does not hold one private key with its certificate"),
        ),
        (
            junk.clone(),
            format!("{junk} cannot be imported: it holds neither PEM nor a PFX"),
        ),
        (
            "- --password-file -".to_owned(),
            "only one of the files can be standard input".to_owned(),
        ),
    ] {
        let refused = world.refusal(&format!("cert import b -f {line}")).await;
        assert_eq!(refused.to_string(), sentence, "{line}");
    }
}

#[tokio::test]
async fn a_private_key_in_a_pipe_is_marked_as_nothing_for_a_terminal() {
    let world = World::start().await;
    world.certificate("a", "").await;
    // Where the tests write to a terminal, the command refuses before it asks the vault.
    match world
        .run_as(super::super::world::ADMIN, "cert download a --with-private-key")
        .await
    {
        Ok(outcome) => match outcome.printed {
            Printed::Bytes { refusal, .. } => assert_eq!(refusal, Refusal::PrivateKey),
            other => panic!("{other:?}"),
        },
        Err(refused) => assert!(refused.to_string().contains("--to-file"), "{refused}"),
    }
}
