use strongroom_certificates::{
    certificate::{Certificate, CertificateError, LARGEST},
    issue,
};
use strongroom_keys::{KeyType, RsaSize};

use crate::support::{Folder, P256, generate, key, profile, serial};

const RSA: &str = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";

#[test]
fn certificates_of_openssl_are_read() {
    let folder = Folder::new();
    let extensions = [
        "basicConstraints = CA:TRUE",
        "keyUsage = cRLSign,digitalSignature",
        "extendedKeyUsage = serverAuth,1.2.3.4",
        "subjectAltName = DNS:a.b,email:a@b,IP:10.0.0.1,URI:urn:a,RID:1.2.3,dirName:dn",
        "[dn]",
        "CN = x",
    ];
    let (key, der) = folder.made_by_openssl(RSA, "/C=AU/ST=Some-State/O=Internet,Widgits", 1, &extensions);
    let certificate = Certificate::from_der(&der).unwrap();
    assert_eq!(
        certificate.subject().to_string(),
        "O=\"Internet,Widgits\", S=Some-State, C=AU"
    );
    assert!(certificate.has_public_key(key.public()));
    assert_eq!(certificate.key_type(), Some(KeyType::Rsa(RsaSize::Bits2048)));
    assert!(certificate.is_authority());
    let usages: Vec<_> = certificate
        .key_usages()
        .unwrap()
        .iter()
        .map(strongroom_certificates::usage::KeyUsage::name)
        .collect();
    assert_eq!(usages, ["cRLSign", "digitalSignature"]);
    let usages: Vec<_> = certificate
        .extended_key_usages()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(usages, ["1.3.6.1.5.5.7.3.1", "1.2.3.4"]);
    let names = certificate.alternative_names().unwrap();
    assert_eq!(names.dns_names, Some(crate::support::texts(["a.b"])));
    assert_eq!(names.upns, None);
    let printed = folder.openssl("x509 -inform DER -in made.der -noout -serial -fingerprint -sha1");
    assert!(
        printed.contains(&format!("serial={}\n", certificate.serial())),
        "{printed}"
    );
    let thumbprint: Vec<_> = certificate
        .thumbprint()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    assert!(printed.contains(&thumbprint.join(":")), "{printed}");
}

#[test]
fn a_certificate_of_version_1_with_an_obsolete_algorithm_is_read() {
    let folder = Folder::new();
    folder.openssl(&format!("genpkey {RSA} -out old.key"));
    folder.write("old.cnf", b"[req]\ndistinguished_name = dn\n[dn]\n");
    folder.openssl("req -new -key old.key -subj /CN=old -config old.cnf -out old.csr");
    folder.openssl(
        "x509 -req -in old.csr -signkey old.key -md5 -days 1 -set_serial 1 -outform DER -out old.der",
    );
    let certificate = Certificate::from_der(&folder.read("old.der")).unwrap();
    assert_eq!(certificate.subject().to_string(), "CN=old");
    assert_eq!(certificate.serial().to_string(), "01");
    assert_eq!(certificate.key_usages(), None);
    assert!(!certificate.is_authority());
}

#[test]
fn odd_serial_numbers_and_late_dates_are_read() {
    let folder = Folder::new();
    folder.openssl(&format!("genpkey {P256} -out odd.key"));
    folder.write("odd.cnf", b"[req]\ndistinguished_name = dn\n[dn]\n");
    for (number, text) in [
        ("-5", "FB"),
        ("0", "00"),
        ("0x8000", "8000"),
        (
            "0x112233445566778899aabbccddeeff001122334455667788",
            "112233445566778899AABBCCDDEEFF001122334455667788",
        ),
    ] {
        folder.openssl(&format!(
            "req -x509 -new -key odd.key -subj /CN=odd -config odd.cnf -set_serial {number} -days 36500 -outform DER -out odd.der"
        ));
        let certificate = Certificate::from_der(&folder.read("odd.der")).unwrap();
        assert_eq!(certificate.serial().to_string(), text);
        assert!(certificate.validity().not_after > 4_000_000_000);
    }
}

#[test]
fn a_key_is_the_same_however_its_point_is_written() {
    let folder = Folder::new();
    folder.openssl(&format!("genpkey {P256} -out point.key"));
    folder.openssl("ec -in point.key -conv_form compressed -out compressed.key");
    folder.openssl("pkcs8 -topk8 -nocrypt -in point.key -outform DER -out point.der");
    folder.write("point.cnf", b"[req]\ndistinguished_name = dn\n[dn]\n");
    let key = crate::support::imported(&folder.read("point.der"));
    let mut sizes = Vec::new();
    for name in ["point.key", "compressed.key"] {
        folder.openssl(&format!(
            "req -x509 -new -key {name} -subj /CN=point -config point.cnf -days 1 -outform DER -out own.der"
        ));
        let certificate = Certificate::from_der(&folder.read("own.der")).unwrap();
        assert!(certificate.has_public_key(key.public()), "{name}");
        assert!(
            !certificate.has_public_key(crate::support::key().public()),
            "{name}"
        );
        sizes.push(
            folder
                .openssl("x509 -inform DER -in own.der -noout -pubkey")
                .len(),
        );
    }
    assert!(sizes[1] < sizes[0], "the second point is compressed");
}

#[test]
fn a_key_that_a_vault_cannot_have_is_read_all_the_same() {
    let folder = Folder::new();
    folder.openssl("genpkey -algorithm ED25519 -out ed.key");
    folder.write("ed.cnf", b"[req]\ndistinguished_name = dn\n[dn]\n");
    folder.openssl("req -x509 -new -key ed.key -subj /CN=ed -config ed.cnf -days 1 -outform DER -out ed.der");
    let certificate = Certificate::from_der(&folder.read("ed.der")).unwrap();
    assert_eq!(certificate.key_type(), None);
    assert!(!certificate.has_public_key(key().public()));
}

#[test]
fn what_is_no_certificate_is_refused() {
    let der = issue::self_signed(&key(), &profile("CN=a"), serial()).unwrap();
    assert_eq!(
        Certificate::from_der(&vec![0x30; LARGEST + 1]),
        Err(CertificateError::TooLarge(LARGEST + 1))
    );
    for length in 0..der.len() {
        assert!(Certificate::from_der(&der[..length]).is_err(), "{length}");
    }
    let longer = [der.as_slice(), &[0]].concat();
    assert_eq!(Certificate::from_der(&longer), Err(CertificateError::Malformed));
    assert!(
        !Certificate::from_der(&der)
            .unwrap()
            .has_public_key(generate(KeyType::Rsa(RsaSize::Bits2048)).public())
    );
}

#[test]
fn a_changed_byte_makes_another_certificate_or_none_and_never_a_crash() {
    let mut profile = profile("CN=vault, O=Contoso");
    profile.alternative_names = crate::support::all_names();
    let der = issue::self_signed(&key(), &profile, serial()).unwrap();
    for place in 0..der.len() {
        for change in [0x01, 0x20, 0x80, 0xff] {
            let mut changed = der.clone();
            changed[place] ^= change;
            if let Ok(certificate) = Certificate::from_der(&changed) {
                assert_ne!(certificate.thumbprint(), [0; 20]);
                let _ = certificate.subject().to_string();
                let _ = certificate.has_public_key(key().public());
                let _ = certificate.key_type();
            }
        }
    }
}
