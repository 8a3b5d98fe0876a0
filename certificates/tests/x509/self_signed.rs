use proptest::prelude::*;
use strongroom_certificates::{
    alternative_names::AlternativeNames,
    certificate::Certificate,
    issue,
    issue::IssueError,
    name::DistinguishedName,
    profile::{Profile, ProfileError, Validity},
    usage::{KeyUsage, KeyUsages},
};
use strongroom_keys::{Curve, KeyType, MlDsaSet, OctSize, RsaSize};

use crate::support::{Folder, KEY_TYPES, NOW, all_names, generate, key, profile, serial};

#[test]
fn openssl_verifies_a_certificate_of_every_type_of_key() {
    for key_type in KEY_TYPES {
        let folder = Folder::new();
        let key = generate(key_type);
        let mut profile = profile("CN=vault.contoso.com, O=Contoso");
        profile.alternative_names = all_names();
        let der = issue::self_signed(&key, &profile, serial()).unwrap();
        folder.write_pem("own.pem", &der);
        // It is no authority, so that openssl takes it as trusted only where a part of a chain is enough.
        let verified = folder.openssl(&format!(
            "verify -check_ss_sig -partial_chain -attime {NOW} -purpose sslserver -CAfile own.pem own.pem"
        ));
        assert_eq!(verified, "own.pem: OK\n", "{key_type:?}");
        let certificate = Certificate::from_der(&der).unwrap();
        assert!(certificate.has_public_key(key.public()), "{key_type:?}");
        assert!(!certificate.has_public_key(generate(key_type).public()));
        assert_eq!(certificate.key_type(), Some(key_type));
    }
}

#[test]
fn openssl_rejects_a_certificate_that_was_changed() {
    let folder = Folder::new();
    let mut der = issue::self_signed(&key(), &profile("CN=vault"), serial()).unwrap();
    let place = der.windows(4).position(|bytes| bytes == [0xab; 4]).unwrap();
    der[place] = 0;
    folder.write_pem("own.pem", &der);
    let arguments = format!("verify -check_ss_sig -partial_chain -attime {NOW} -CAfile own.pem own.pem");
    let (is_verified, printed) = folder.try_openssl(&arguments);
    assert!(
        !is_verified && printed.contains("certificate signature failure"),
        "{printed}"
    );
}

#[test]
fn the_extensions_are_those_of_azure_in_its_order() {
    let folder = Folder::new();
    let mut profile = profile("CN=vault.contoso.com");
    profile.alternative_names = all_names();
    let key = generate(KeyType::Rsa(RsaSize::Bits2048));
    folder.write("own.der", &issue::self_signed(&key, &profile, serial()).unwrap());
    let text = folder.openssl("x509 -inform DER -in own.der -noout -text");
    let places: Vec<_> = [
        "Version: 3 (0x2)",
        "6b:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab",
        "Signature Algorithm: sha256WithRSAEncryption",
        "Not Before: Dec 31 23:50:00 2025 GMT",
        "Not After : Jan  1 00:00:00 2027 GMT",
        "X509v3 Key Usage: critical\n                Digital Signature, Key Encipherment",
        "X509v3 Basic Constraints: \n                CA:FALSE",
        "X509v3 Extended Key Usage: \n                TLS Web Server Authentication, TLS Web Client Authentication",
        "X509v3 Subject Alternative Name: \n                email:a@contoso.com, DNS:vault.contoso.com, \
         DNS:*.contoso.com, othername: UPN::admin@contoso.com, URI:spiffe://contoso.com/ns/a, IP Address:10.0.0.1, \
         IP Address:0:0:0:0:0:0:0:1",
        "X509v3 Authority Key Identifier",
        "X509v3 Subject Key Identifier",
    ]
    .into_iter()
    .map(|part| text.find(part).unwrap_or_else(|| panic!("{part} is not in {text}")))
    .collect();
    assert!(places.is_sorted(), "{text}");
    let identifier = |name| {
        let rest = text.split(name).nth(1).unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!(
        identifier("Authority Key Identifier:"),
        identifier("Subject Key Identifier:")
    );
}

#[test]
fn a_certificate_without_subject_has_critical_alternative_names() {
    let folder = Folder::new();
    let mut profile = profile("");
    profile.alternative_names.ip_addresses = Some(crate::support::texts(["10.0.0.1"]));
    folder.write(
        "own.der",
        &issue::self_signed(&key(), &profile, serial()).unwrap(),
    );
    let text = folder.openssl("x509 -inform DER -in own.der -noout -text");
    assert!(text.contains("Subject: \n"), "{text}");
    assert!(
        text.contains("X509v3 Subject Alternative Name: critical\n"),
        "{text}"
    );
}

#[test]
fn a_certificate_without_usages_lacks_their_extensions() {
    let mut profile = profile("CN=vault");
    profile.key_usages = KeyUsages::default();
    profile.extended_key_usages.clear();
    let der = issue::self_signed(&key(), &profile, serial()).unwrap();
    let certificate = Certificate::from_der(&der).unwrap();
    assert_eq!(certificate.key_usages(), None);
    assert_eq!(certificate.extended_key_usages(), None);
    assert_eq!(certificate.alternative_names(), None);
}

#[test]
fn what_is_issued_is_read_as_the_same() {
    let mut profile = profile("cn=vault, O=\"Contoso, Ltd.\", C=DE");
    profile.alternative_names = all_names();
    profile.key_usages = [KeyUsage::DigitalSignature, KeyUsage::KeyAgreement]
        .into_iter()
        .collect();
    // After 2049, and so in the longer form.
    profile.validity.not_after = 253_402_300_799;
    let der = issue::self_signed(&key(), &profile, serial()).unwrap();
    let certificate = Certificate::from_der(&der).unwrap();
    assert_eq!(certificate.subject(), &profile.subject);
    assert_eq!(certificate.issuer(), &profile.subject);
    assert_eq!(certificate.validity(), profile.validity);
    assert_eq!(certificate.key_usages(), Some(&profile.key_usages));
    assert_eq!(
        certificate.extended_key_usages(),
        Some(profile.extended_key_usages.as_slice())
    );
    assert_eq!(certificate.alternative_names(), Some(&profile.alternative_names));
    assert_eq!(certificate.serial(), &serial());
    assert!(!certificate.is_authority());
    assert_eq!(certificate.der(), der);
    assert!(certificate.may_be_signed_by(&certificate));
}

#[test]
fn what_makes_no_certificate_is_refused() {
    let issued = |profile| issue::self_signed(&key(), &profile, serial());
    let refused = |profile| match issued(profile) {
        Err(IssueError::Profile(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(profile("")), ProfileError::Nameless);
    let mut reversed = profile("CN=a");
    reversed.validity.not_after = reversed.validity.not_before - 1;
    assert_eq!(refused(reversed), ProfileError::Validity);
    let mut early = profile("CN=a");
    early.validity.not_before = -1;
    assert_eq!(refused(early), ProfileError::Validity);
    let mut late = profile("CN=a");
    late.validity.not_after = i64::MAX;
    assert_eq!(refused(late), ProfileError::Validity);
    let mut many = profile("CN=a");
    many.extended_key_usages = vec!["1.2.3".parse().unwrap(); 101];
    assert_eq!(refused(many), ProfileError::TooManyExtendedKeyUsages(101));
    let mut odd = profile("CN=a");
    odd.alternative_names.dns_names = Some(crate::support::texts(["a b"]));
    assert_eq!(refused(odd).to_string(), "\"a b\" is no DNS name");
}

#[test]
fn keys_that_cannot_have_a_certificate_are_refused() {
    for key_type in [KeyType::Oct(OctSize::Bits256), KeyType::Akp(MlDsaSet::MlDsa44)] {
        let refused = issue::self_signed(&generate(key_type), &profile("CN=a"), serial());
        assert!(matches!(refused, Err(IssueError::Sign(_))), "{refused:?}");
    }
}

#[test]
fn openssl_writes_the_subject_in_the_order_of_the_text() {
    let folder = Folder::new();
    let profile = profile("CN=vault + T=x, OU=b, O=a, S=Bayern, C=DE, E=a@b.c");
    folder.write(
        "own.der",
        &issue::self_signed(&generate(KeyType::Ec(Curve::P256)), &profile, serial()).unwrap(),
    );
    let text = folder.openssl("x509 -inform DER -in own.der -noout -subject -nameopt RFC2253");
    let subject = text.trim().strip_prefix("subject=").unwrap();
    assert!(
        subject.ends_with(",OU=b,O=a,ST=Bayern,C=DE,emailAddress=a@b.c"),
        "{subject}"
    );
}

/// What a key on a curve may be said to be for.
const ON_A_CURVE: [KeyUsage; 7] = [
    KeyUsage::CrlSign,
    KeyUsage::DecipherOnly,
    KeyUsage::DigitalSignature,
    KeyUsage::EncipherOnly,
    KeyUsage::KeyAgreement,
    KeyUsage::KeyCertSign,
    KeyUsage::NonRepudiation,
];

#[test]
fn a_key_on_a_curve_is_not_said_to_encipher() {
    use KeyUsage::{DataEncipherment, DigitalSignature, KeyEncipherment};
    let rsa = generate(KeyType::Rsa(RsaSize::Bits2048));
    for (key, asked, said) in [
        (
            &key(),
            &[DigitalSignature, KeyEncipherment][..],
            &[DigitalSignature][..],
        ),
        (&key(), &[DigitalSignature, DataEncipherment], &[DigitalSignature]),
        (&key(), &[KeyEncipherment], &[KeyEncipherment]),
        (
            &rsa,
            &[DigitalSignature, KeyEncipherment],
            &[DigitalSignature, KeyEncipherment],
        ),
    ] {
        let mut profile = profile("CN=a");
        profile.key_usages = asked.iter().copied().collect();
        let der = issue::self_signed(key, &profile, serial()).unwrap();
        let stated: KeyUsages = said.iter().copied().collect();
        assert_eq!(
            Certificate::from_der(&der).unwrap().key_usages(),
            Some(&stated),
            "{asked:?}"
        );
    }
}

fn names(of: &'static str) -> impl Strategy<Value = Option<Vec<String>>> {
    prop::option::of(prop::collection::vec(of, 1..4))
}

proptest! {
    #[test]
    fn whatever_is_issued_is_read_as_the_same(
        subject in "CN=\"[^\\p{Cc}\"\\\\]{0,40}\", O=[A-Za-z0-9]{1,20}",
        emails in names("[a-z]{1,4}(\\.[a-z!#$+]{1,4})?@[a-z]{1,8}"),
        dns_names in names("(\\*\\.)?[a-z0-9]{1,8}(\\.[A-Za-z]{1,8}){0,3}"),
        upns in names("[^\\p{Cc} ]{1,12}"),
        uris in names("[a-z]{1,4}:(//[a-z]{1,4}(\\.[a-z]{1,4})?(:[0-9]{1,5})?/)?[!$&-.0-;=?-Z_a-z~]([!$&-;=?-Z_a-z~]|%[0-9A-F]{2}){0,30}"),
        ip_addresses in prop::option::of(prop::collection::vec(any::<std::net::IpAddr>(), 1..4)),
        usages in prop::sample::subsequence(ON_A_CURVE.to_vec(), 0..7),
        now in 600..100_000_000_000_i64,
        months in 0..1200_u32,
    ) {
        let profile = Profile {
            subject: DistinguishedName::parse(&subject).unwrap(),
            alternative_names: AlternativeNames {
                emails,
                dns_names,
                upns,
                uris,
                ip_addresses: ip_addresses.map(|all| all.iter().map(ToString::to_string).collect()),
            },
            key_usages: usages.into_iter().collect(),
            extended_key_usages: Vec::new(),
            validity: Validity::months_from(now, months),
        };
        let der = issue::self_signed(&key(), &profile, serial()).unwrap();
        let certificate = Certificate::from_der(&der).unwrap();
        prop_assert_eq!(certificate.subject(), &profile.subject);
        prop_assert_eq!(certificate.validity(), profile.validity);
        prop_assert_eq!(certificate.key_usages().cloned().unwrap_or_default(), profile.key_usages);
        let names = certificate.alternative_names().cloned().unwrap_or_default();
        prop_assert_eq!(names, profile.alternative_names);
        prop_assert!(!certificate.is_authority());
    }
}
