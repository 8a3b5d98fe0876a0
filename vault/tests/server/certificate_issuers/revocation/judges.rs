//! What other programs make of the lists.

use std::{path::Path, process::Command, sync::Arc, time::Duration};

use rustls::{
    CertificateError, Error, RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier as _},
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime, pem::PemObject as _},
};

use super::{
    super::{
        authority::vault,
        signed::{chain, server},
    },
    list, list_of, revoked,
};
use crate::certificates::{make, version};

/// What openssl prints, and whether it succeeds.
fn openssl(directory: &Path, arguments: &str) -> (bool, String) {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(directory)
        .output()
        .unwrap();
    let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
    printed.push_str(&String::from_utf8_lossy(&output.stderr));
    (output.status.success(), printed)
}

#[tokio::test]
async fn openssl_verifies_the_list_and_refuses_the_chain_of_what_is_revoked_alone() {
    let (vault, imported) = vault(&["*"]).await;
    let (bad, good) = (
        make(&vault, "bad", server()).await,
        make(&vault, "good", server()).await,
    );
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(directory.path().join(name), bytes).unwrap();
    write("root.pem", imported.root.as_bytes());
    write("authority.pem", imported.authority.as_bytes());
    for name in ["bad", "good"] {
        let secret = vault.get(&format!("/secrets/{name}")).await;
        write(name, secret.body["value"].as_str().unwrap().as_bytes());
    }
    let verify = |name: &str| {
        let now = vault.files.clock.now();
        let line = format!(
            "verify -x509_strict -crl_check -attime {now} -CAfile root.pem -untrusted authority.pem -CRLfile list.pem {name}"
        );
        openssl(directory.path(), &line)
    };
    assert_eq!(list_of(&bad), list_of(&good));
    for is_revoked in [false, true] {
        if is_revoked {
            revoked(&vault, "bad", &bad).await;
        }
        write("list.der", &list(&vault, &list_of(&bad)).await.der);
        let line = "crl -inform DER -in list.der -out list.pem -verify -CAfile authority.pem";
        let (is_list, printed) = openssl(directory.path(), line);
        assert!(is_list && printed.contains("verify OK"), "{printed}");
        let (is_good, printed) = verify("good");
        assert!(is_good, "{printed}");
        let (is_good, printed) = verify("bad");
        assert_eq!(is_good, !is_revoked, "{printed}");
        assert_eq!(printed.contains("certificate revoked"), is_revoked, "{printed}");
    }
}

#[tokio::test]
async fn rustls_refuses_the_server_whose_certificate_is_revoked_and_no_other() {
    let (vault, imported) = vault(&["*"]).await;
    let bad = make(&vault, "shop", server()).await;
    let bad_chain = chain(&vault.get(&format!("/secrets/shop/{}", version(&bad))).await);
    let good = make(&vault, "shop", server()).await;
    let good_chain = chain(&vault.get(&format!("/secrets/shop/{}", version(&good))).await);
    assert_ne!(bad_chain[0], good_chain[0]);
    revoked(&vault, "shop", &bad).await;
    let list = CertificateRevocationListDer::from(list(&vault, &list_of(&good)).await.der);
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(imported.root.as_bytes()).unwrap();
    roots.add(root).unwrap();
    // The list of the root is the root's affair.
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()))
        .with_crls([list])
        .only_check_end_entity_revocation()
        .enforce_revocation_expiration()
        .build()
        .unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(vault.files.clock.now().try_into().unwrap()));
    let name = ServerName::try_from("shop.contoso.example").unwrap();
    let outcome = |chain: &[CertificateDer<'static>]| {
        let judged = verifier.verify_server_cert(&chain[0], &chain[1..2], &name, &[], now);
        judged.map(drop)
    };
    assert_eq!(outcome(&good_chain), Ok(()));
    assert_eq!(
        outcome(&bad_chain),
        Err(Error::InvalidCertificate(CertificateError::Revoked))
    );
}
