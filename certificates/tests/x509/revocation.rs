use strongroom_certificates::{
    authority::{Authority, Permitted},
    certificate::Certificate,
    issue,
    revocation::{self, ListEdition, RevocationError, RevocationReason, Revoked},
    serial::Serial,
};

use crate::support::{Folder, NOW, P256, current, generous, key, now, serial};

const EDITION: ListEdition = ListEdition {
    number: 258,
    this_update: NOW,
    next_update: NOW + 7 * 24 * 60 * 60,
};

fn revoked(serial: Serial, reason: RevocationReason) -> Revoked {
    Revoked {
        serial,
        since: NOW - 60,
        reason,
    }
}

#[test]
fn openssl_refuses_what_the_list_revokes_and_takes_the_rest() {
    let folder = Folder::new();
    let authority = folder.authority(generous(), &[]).unwrap();
    for (name, number) in [("bad.pem", [1; 16]), ("good.pem", [2; 16])] {
        let serial = Serial::from_random(number);
        let profile = current("CN=vault.contoso.com");
        let der = issue::by_authority(&authority, key().public(), &profile, serial).unwrap();
        folder.write_pem(name, &der);
    }
    let bad = revoked(Serial::from_random([1; 16]), RevocationReason::KeyCompromise);
    let edition = ListEdition {
        this_update: now(),
        next_update: now() + 60 * 60,
        ..EDITION
    };
    folder.write(
        "list.der",
        &revocation::list(&authority, edition, &[bad]).unwrap(),
    );
    folder.openssl("crl -inform DER -in list.der -out list.pem");
    let verify = |name: &str| {
        folder.try_openssl(&format!(
            "verify -crl_check -x509_strict -CAfile root.pem -CRLfile list.pem {name}"
        ))
    };
    let (is_good, printed) = verify("good.pem");
    assert!(is_good, "{printed}");
    let (is_bad, printed) = verify("bad.pem");
    assert!(!is_bad && printed.contains("certificate revoked"), "{printed}");
}

#[test]
fn openssl_verifies_a_list_with_reasons_and_an_empty_one() {
    let folder = Folder::new();
    let authority = folder.authority(Permitted::default(), &[]).unwrap();
    let entries = [
        revoked(serial(), RevocationReason::Superseded),
        revoked("01".parse().unwrap(), RevocationReason::Unspecified),
    ];
    for entries in [&entries[..], &[]] {
        folder.write(
            "list.der",
            &revocation::list(&authority, EDITION, entries).unwrap(),
        );
        let text = folder.openssl("crl -inform DER -in list.der -noout -text -CAfile root.pem");
        for part in [
            "verify OK",
            "Version 2 (0x1)",
            "Issuer: C = DE, O = Contoso, CN = Root",
            "Last Update: Jan  1 00:00:00 2026 GMT",
            "Next Update: Jan  8 00:00:00 2026 GMT",
            "X509v3 CRL Number: \n                258",
            "X509v3 Authority Key Identifier",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert_eq!(text.contains("Superseded"), !entries.is_empty());
        assert_eq!(
            text.matches("X509v3 CRL Reason Code").count(),
            entries.len().min(1)
        );
        assert_eq!(text.contains("No Revoked Certificates"), entries.is_empty());
    }
}

#[test]
fn lists_that_mean_nothing_are_refused() {
    let folder = Folder::new();
    let authority = folder.authority(Permitted::default(), &[]).unwrap();
    let backwards = ListEdition {
        next_update: NOW - 1,
        ..EDITION
    };
    assert_eq!(
        revocation::list(&authority, backwards, &[]),
        Err(RevocationError::Time)
    );
    let mut ancient = revoked(serial(), RevocationReason::Hold);
    ancient.since = -1;
    assert_eq!(
        revocation::list(&authority, EDITION, &[ancient]),
        Err(RevocationError::Time)
    );
}

#[test]
fn reasons_are_read_by_their_names() {
    for reason in RevocationReason::ALL {
        assert_eq!(reason.name().parse(), Ok(reason));
    }
    assert!("removeFromCRL".parse::<RevocationReason>().is_err());
}

#[test]
fn an_authority_that_may_not_sign_lists_signs_none() {
    let folder = Folder::new();
    let extensions = [
        "basicConstraints = critical,CA:TRUE",
        "keyUsage = critical,keyCertSign",
    ];
    let (key, der) = folder.made_by_openssl(P256, "/CN=Root", 3650, &extensions);
    let certificate = Certificate::from_der(&der).unwrap();
    let authority = Authority::new(key, certificate, Permitted::default(), None).unwrap();
    assert_eq!(
        revocation::list(&authority, EDITION, &[]),
        Err(RevocationError::NotAllowed)
    );
}
