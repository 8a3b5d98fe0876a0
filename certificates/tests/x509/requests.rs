use strongroom_certificates::request;

use crate::support::{Folder, KEY_TYPES, all_names, generate, key, profile};

#[test]
fn openssl_verifies_a_request_of_every_type_of_key() {
    for key_type in KEY_TYPES {
        let folder = Folder::new();
        let mut profile = profile("CN=vault.contoso.com, O=Contoso");
        profile.alternative_names = all_names();
        folder.write(
            "request.der",
            &request::create(&generate(key_type), &profile).unwrap(),
        );
        let printed = folder.openssl("req -inform DER -in request.der -noout -verify -text");
        assert!(printed.contains("verify OK"), "{key_type:?}: {printed}");
    }
}

#[test]
fn the_extensions_are_those_of_azure_in_its_order() {
    let folder = Folder::new();
    let mut profile = profile("CN=MyCert");
    profile.alternative_names = all_names();
    folder.write("request.der", &request::create(&key(), &profile).unwrap());
    let text = folder.openssl("req -inform DER -in request.der -noout -text");
    let places: Vec<_> = [
        "Version: 1 (0x0)",
        "Subject: CN = MyCert",
        "X509v3 Key Usage: critical\n",
        "X509v3 Extended Key Usage: \n",
        "X509v3 Subject Alternative Name: \n",
        "X509v3 Basic Constraints: \n",
    ]
    .into_iter()
    .map(|part| {
        text.find(part)
            .unwrap_or_else(|| panic!("{part} is not in {text}"))
    })
    .collect();
    assert!(places.is_sorted(), "{text}");
    assert!(!text.contains("Key Identifier"), "{text}");
}

#[test]
fn a_request_may_be_without_a_name() {
    let folder = Folder::new();
    folder.write("request.der", &request::create(&key(), &profile("")).unwrap());
    let printed = folder.openssl("req -inform DER -in request.der -noout -verify -subject");
    assert!(
        printed.contains("verify OK") && !printed.contains("CN"),
        "{printed}"
    );
}
