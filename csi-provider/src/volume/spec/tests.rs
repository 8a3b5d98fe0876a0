use serde_json::json;
use strongroom_crds::secret_ref::CertificateFormat;

use super::*;

fn parse(files: &serde_json::Value) -> Result<VolumeSpec, SpecError> {
    let spec = json!({
        "vaultRef": {"name": "prod", "namespace": "team-a"}, "serviceAccountName": "api", "files": files,
    });
    VolumeSpec::parse(&serde_json::from_value(spec).unwrap())
}

#[test]
fn a_specs_files_are_read_with_source_and_mode() {
    let spec = parse(&json!([
        {"path": "password", "mode": "0400", "secret": {"name": "DB"}},
        {"path": "ca/ca.crt", "trustBundle": {}},
    ]))
    .unwrap();
    assert_eq!(spec.vault.to_string(), "team-a/prod");
    assert_eq!(spec.files[0].mode, Some(0o400));
    assert_eq!(spec.files[0].object().unwrap().to_string(), "secret db");
    assert_eq!(spec.files[1].source, Source::TrustBundle(TrustBundle::default()));
}

#[test]
fn a_volume_connects_to_a_vault_for_a_secret_alone() {
    let bundle = json!({"path": "ca.crt", "trustBundle": {}});
    assert_eq!(parse(&json!([bundle])).unwrap().connected_vault(), None);
    let spec = parse(&json!([bundle, {"path": "password", "secret": {"name": "db"}}])).unwrap();
    assert_eq!(spec.connected_vault(), Some(&spec.vault));
}

#[test]
fn of_a_secret_that_is_both_pinned_and_followed_the_followed_one_is_watched() {
    let pinned = "0123456789abcdef0123456789abcdef";
    let spec = parse(&json!([
        {"path": "old", "secret": {"name": "db", "version": pinned}},
        {"path": "new", "secret": {"name": "db"}},
        {"path": "copy", "secret": {"name": "db"}},
        {"path": "only", "secret": {"name": "other", "version": pinned}},
    ]))
    .unwrap();
    let watched: Vec<_> = spec.watched().values().map(ToString::to_string).collect();
    assert_eq!(
        watched,
        ["secret db".to_owned(), format!("secret other version {pinned}")]
    );
    assert_eq!(spec.objects().len(), 3);
}

#[test]
fn a_secret_and_a_key_of_one_name_are_two_objects() {
    let pinned = "0123456789abcdef0123456789abcdef";
    let spec = parse(&json!([
        {"path": "password", "secret": {"name": "db"}},
        {"path": "db.pem", "key": {"name": "DB"}},
        {"path": "db.jwk", "key": {"name": "db", "encoding": "JWK"}},
        {"path": "old.pem", "key": {"name": "db", "version": pinned}},
    ]))
    .unwrap();
    let shown: Vec<_> = spec.objects().into_iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "secret db".to_owned(),
            "key db".to_owned(),
            format!("key db version {pinned}")
        ]
    );
    let watched: Vec<_> = spec.watched().values().map(ToString::to_string).collect();
    assert_eq!(watched, ["secret db", "key db"]);
    let key = spec.files[1].object().unwrap();
    let paths: Vec<_> = spec.files_of(key).map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["db.pem", "db.jwk"]);
    assert_eq!(spec.connected_vault(), Some(&spec.vault));
}

/// What is one object is read once and watched once.
#[test]
fn all_files_of_a_certificate_and_of_its_secret_are_of_one_object() {
    let pinned = "0123456789abcdef0123456789abcdef";
    let spec = parse(&json!([
        {"path": "tls.crt", "certificate": {"name": "shop-tls", "part": "Chain"}},
        {"path": "tls.key", "certificate": {"name": "Shop-TLS", "part": "PrivateKey"}},
        {"path": "leaf.der", "certificate": {"name": "shop-tls", "part": "Leaf", "format": "DER"}},
        {"path": "tls.pfx", "secret": {"name": "shop-tls", "encoding": "Base64"}},
        {"path": "tls.txt", "secret": {"name": "shop-tls"}},
        {"path": "old.crt", "certificate": {"name": "shop-tls", "version": pinned, "part": "Chain"}},
    ]))
    .unwrap();
    let shown: Vec<_> = spec.objects().into_iter().map(ToString::to_string).collect();
    let old = format!("secret shop-tls version {pinned}");
    assert_eq!(shown, ["secret shop-tls".to_owned(), old]);
    let watched: Vec<_> = spec.watched().into_values().collect();
    assert_eq!(watched, [spec.files[0].object().unwrap()]);
    assert_eq!(spec.files_of(watched[0]).count(), 5);
    assert_eq!(spec.derived_files(), 5);
    assert_eq!(
        spec.files[2].source,
        Source::Certificate {
            object: watched[0].clone(),
            part: CertificatePart::Leaf(CertificateFormat::Der)
        }
    );
    assert_eq!(
        spec.files[3].source,
        Source::Decoded {
            object: watched[0].clone(),
            encoding: SecretEncoding::Base64
        }
    );
}

#[test]
fn a_value_is_good_where_it_makes_every_file_of_its_object() {
    let spec = parse(&json!([
        {"path": "keytab", "secret": {"name": "db", "encoding": "Hex"}},
        {"path": "text", "secret": {"name": "db"}},
        {"path": "other.crt", "certificate": {"name": "other", "part": "Leaf"}},
    ]))
    .unwrap();
    let [db, _, other] = spec.files.as_slice() else {
        panic!("{spec:?}")
    };
    let checked = |file: &FileSpec, text: &str| {
        let value = Value::Secret(Content::from(text.as_bytes().to_vec()).into());
        spec.check_contents(file.object().unwrap(), &value)
    };
    assert_eq!(checked(db, "0aff"), Ok(()));
    let refused = Err(ContentError::Undecodable(SecretEncoding::Hex));
    assert_eq!(checked(db, "hunter2"), refused);
    assert!(matches!(
        checked(other, "hunter2"),
        Err(ContentError::NoCertificate(_))
    ));
}

#[test]
fn what_the_api_server_should_have_refused_is_refused_here() {
    let secret = json!({"name": "db"});
    let file = |path: &str| json!({"path": path, "secret": secret});
    assert_eq!(parse(&json!([])), Err(SpecError::Files(0)));
    let many: Vec<_> = (0..65).map(|n| file(&format!("f{n}"))).collect();
    assert_eq!(parse(&json!(many)), Err(SpecError::Files(65)));
    assert!(matches!(
        parse(&json!([file("../x")])),
        Err(SpecError::Path(PathError::Malformed(_)))
    ));
    assert!(matches!(
        parse(&json!([file("a"), file("a/b")])),
        Err(SpecError::Path(PathError::Directory(_)))
    ));
    assert!(matches!(
        parse(&json!([file("a"), file("a")])),
        Err(SpecError::Path(PathError::Twice(_)))
    ));
    assert!(matches!(
        parse(&json!([{"path": "a", "secret": secret, "trustBundle": {}}])),
        Err(SpecError::File {
            source: FileError::Source,
            ..
        })
    ));
    assert!(matches!(
        parse(&json!([{"path": "a", "key": {"name": "db", "encoding": "DER"}}])),
        Err(SpecError::File {
            source: FileError::Key(_),
            ..
        })
    ));
    assert!(matches!(
        parse(&json!([{"path": "a", "secret": secret, "mode": "4755"}])),
        Err(SpecError::File {
            source: FileError::Mode,
            ..
        })
    ));
    assert!(matches!(
        parse(&json!([{"path": "a", "secret": {"name": "a/../b"}}])),
        Err(SpecError::File { .. })
    ));
}
