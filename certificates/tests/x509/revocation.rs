use std::time::Duration;

use rustls_pki_types::{CertificateDer, UnixTime};
use strongroom_certificates::{
    authority::{Authority, Permitted},
    certificate::Certificate,
    issue,
    revocation::{self, ListEdition, RevocationError, RevocationReason, Revoked},
    serial::Serial,
};
use webpki::{
    CertRevocationList, EndEntityCert, Error, KeyUsage, OwnedCertRevocationList, RevocationOptionsBuilder,
    anchor_from_trusted_cert,
};

use crate::support::{
    Folder, KEY_TYPES, NOW, P256, current, generate, generous, imported, key, now, profile, serial,
};

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
    let mut ancient = revoked(serial(), RevocationReason::KeyCompromise);
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
    for other in ["removeFromCRL", "certificateHold", "KeyCompromise", ""] {
        assert!(other.parse::<RevocationReason>().is_err(), "{other}");
    }
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

#[test]
fn webpki_refuses_what_the_list_revokes_and_takes_the_rest() {
    let folder = Folder::new();
    let authority = folder.authority(generous(), &[]).unwrap();
    let [bad, good] = [[1; 16], [2; 16]].map(|number| {
        let serial = Serial::from_random(number);
        issue::by_authority(
            &authority,
            key().public(),
            &current("CN=vault.contoso.com"),
            serial,
        )
        .unwrap()
    });
    let edition = ListEdition {
        this_update: now() - 60,
        next_update: now() + 60 * 60,
        ..EDITION
    };
    let bad_one = revoked(Serial::from_random([1; 16]), RevocationReason::KeyCompromise);
    let list = revocation::list(&authority, edition, &[bad_one]).unwrap();
    let list = CertRevocationList::from(OwnedCertRevocationList::from_der(&list).unwrap());
    let lists = [&list];
    let root = CertificateDer::from(authority.certificate().der());
    let anchors = [anchor_from_trusted_cert(&root).unwrap()];
    let outcome = |der: &[u8]| {
        let leaf = CertificateDer::from(der);
        let leaf = EndEntityCert::try_from(&leaf).unwrap();
        let verified = leaf.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &anchors,
            &[],
            UnixTime::since_unix_epoch(Duration::from_secs(now().try_into().unwrap())),
            KeyUsage::server_auth(),
            Some(RevocationOptionsBuilder::new(&lists).unwrap().build()),
            None,
        );
        verified.map(drop)
    };
    assert_eq!(outcome(&bad), Err(Error::CertRevoked));
    assert_eq!(outcome(&good), Ok(()));
}

#[test]
fn a_certificate_says_where_the_list_of_its_authority_is() {
    const URL: &str = "https://prod.team-a.svc/crl/ca/0123456789abcdef0123456789abcdef";
    let folder = Folder::new();
    let authority = folder.authority(generous(), &[]).unwrap();
    let issued = |authority: &Authority| {
        let profile = current("CN=vault.contoso.com");
        let der = issue::by_authority(authority, key().public(), &profile, serial()).unwrap();
        Certificate::from_der(&der).unwrap()
    };
    assert_eq!(issued(&authority).revocation_list_urls(), [""; 0]);
    let authority = authority.with_revocation_list(Some(URL.to_owned())).unwrap();
    assert_eq!(issued(&authority).revocation_list_urls(), [URL]);
    assert!(authority.with_revocation_list(Some("no URL".to_owned())).is_err());
}

#[test]
fn of_the_places_of_lists_that_others_name_the_urls_are_read_and_a_malformed_one_refuses_no_certificate() {
    let folder = Folder::new();
    let urls = |points: &[&str]| {
        let (_, der) = folder.made_by_openssl(P256, "/CN=Root", 30, points);
        Certificate::from_der(&der).unwrap().revocation_list_urls()
    };
    assert_eq!(
        urls(&["crlDistributionPoints = URI:http://a.example/1.crl,URI:ldap://b.example/2"]),
        ["http://a.example/1.crl", "ldap://b.example/2"]
    );
    let named = [
        "crlDistributionPoints = one,two",
        "[one]\nfullname = URI:http://a.example/1.crl,email:a@b.example\nreasons = keyCompromise",
        "[two]\nrelativename = dn2\n[dn2]\nCN = List",
    ];
    assert_eq!(urls(&named), ["http://a.example/1.crl"]);
    assert_eq!(urls(&["2.5.29.31 = DER:04:01:41"]), [""; 0]);
}

#[test]
fn a_signature_is_known_by_the_key_that_made_it_and_by_no_other() {
    for key_type in KEY_TYPES {
        let own = generate(key_type);
        let der = issue::self_signed(&own, &profile("CN=a"), serial()).unwrap();
        assert!(
            Certificate::from_der(&der).unwrap().is_signed_by(own.public()),
            "{key_type:?}"
        );
        let other = generate(key_type);
        assert!(
            !Certificate::from_der(&der).unwrap().is_signed_by(other.public()),
            "{key_type:?}"
        );
        let mut altered = der.clone();
        let place = altered.windows(2).position(|pair| pair == [0xab, 0xab]).unwrap();
        altered[place] ^= 1;
        let altered = Certificate::from_der(&altered).unwrap();
        assert!(
            !altered.is_signed_by(own.public()),
            "{key_type:?}: another serial number"
        );
    }
}

#[test]
fn a_signature_by_another_algorithm_than_keys_sign_with_here_does_not_count() {
    let folder = Folder::new();
    folder.openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem");
    folder.openssl("pkcs8 -topk8 -nocrypt -in rsa.pem -outform DER -out rsa.der");
    let own = imported(&folder.read("rsa.der"));
    for (digest, counts) in [("sha256", true), ("sha512", false)] {
        folder.openssl(&format!(
            "req -x509 -new -key rsa.pem -{digest} -subj /CN=a -outform DER -out made.der"
        ));
        let made = Certificate::from_der(&folder.read("made.der")).unwrap();
        assert_eq!(made.is_signed_by(own.public()), counts, "{digest}");
    }
}
