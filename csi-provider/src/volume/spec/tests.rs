use serde_json::json;
use strongroom_crds::secret_ref::{
    CertificateFormat, CertificatePart, CertificateStore, SecretEncoding, StoreContents, StoreFormat,
    TrustBundle,
};

use super::*;
use crate::volume::{Content, ContentError, Value};

/// The first object of a file.
fn object_of(file: &FileSpec) -> &Object {
    file.source.objects().next().unwrap()
}

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
    assert_eq!(object_of(&spec.files[0]).to_string(), "secret db");
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
    let key = object_of(&spec.files[1]);
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
    assert_eq!(watched, [object_of(&spec.files[0])]);
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
fn a_value_that_a_file_cannot_be_made_of_says_why() {
    let spec = parse(&json!([
        {"path": "keytab", "secret": {"name": "db", "encoding": "Hex"}},
        {"path": "text", "secret": {"name": "db"}},
        {"path": "other.crt", "certificate": {"name": "other", "part": "Leaf"}},
    ]))
    .unwrap();
    let made = |index: usize, text: &str| {
        let value = Value::Secret(Content::from(text.as_bytes().to_vec()).into());
        let content = spec.files[index].source.content_of(&[(&value, None)])?;
        Ok(content.as_bytes().to_vec())
    };
    assert_eq!(made(0, "0aff"), Ok(vec![0x0a, 0xff]));
    let refused = Err(ContentError::Undecodable(SecretEncoding::Hex));
    assert_eq!(made(0, "hunter2"), refused);
    assert_eq!(made(1, "hunter2"), Ok(b"hunter2".to_vec()));
    assert!(matches!(made(2, "hunter2"), Err(ContentError::NoCertificate(_))));
    assert_eq!(
        spec.files[1].source.content_of(&[]),
        Err(ContentError::Kind),
        "of nothing nothing is made"
    );
}

fn store(path: &str, name: &str, format: &str, password: &serde_json::Value) -> serde_json::Value {
    let certificate = json!({"name": name, "part": "Bundle", "format": format, "password": password});
    json!({"path": path, "certificate": certificate})
}

#[test]
fn a_store_is_made_of_its_certificate_and_of_its_password() {
    let pinned = "0123456789abcdef0123456789abcdef";
    let spec = parse(&json!([
        store("tls.p12", "Shop-TLS", "PKCS12", &json!({"secret": "Store-Password"})),
        store("old.jks", "other", "JKS", &json!({"secret": "store-password", "version": pinned})),
        {"path": "tls.crt", "certificate": {"name": "shop-tls", "part": "Chain"}},
        {"path": "db", "secret": {"name": "db"}},
    ]))
    .unwrap();
    let shown = |objects: BTreeSet<&Object>| {
        let shown: Vec<_> = objects.into_iter().map(ToString::to_string).collect();
        shown.join(", ")
    };
    let old = format!("secret store-password version {pinned}");
    assert_eq!(
        shown(spec.objects()),
        format!("secret db, secret other, secret shop-tls, secret store-password, {old}")
    );
    let [tls, password] = &spec.files[0].source.objects().collect::<Vec<_>>()[..] else {
        panic!("it is made of two")
    };
    let store = CertificateStore {
        holds: StoreContents::KeyAndChain,
        format: StoreFormat::Pkcs12,
    };
    let expected = Source::Store {
        object: (*tls).clone(),
        store,
        password: (*password).clone(),
    };
    assert_eq!(spec.files[0].source, expected);
    assert_eq!(
        (tls.name.to_string(), password.name.to_string()),
        ("shop-tls".to_owned(), "store-password".to_owned())
    );
    assert_eq!(spec.files_of(tls).count(), 2);
    assert_eq!(spec.files_of(password).count(), 1);
    assert_eq!(spec.derived_files(), 3);
    for object in [tls, password] {
        assert_eq!(
            shown(spec.bound_to(object)),
            "secret shop-tls, secret store-password"
        );
    }
    let other = object_of(&spec.files[1]);
    assert_eq!(shown(spec.bound_to(other)), format!("secret other, {old}"));
    let db = object_of(&spec.files[3]);
    assert_eq!(shown(spec.bound_to(db)), "secret db");
}

#[test]
fn what_shares_a_password_is_bound_together_with_what_shares_a_certificate() {
    let secret = |name: &str| json!({"secret": name});
    let spec = parse(&json!([
        store("a", "tls-a", "JKS", &secret("first")),
        store("b", "tls-b", "JKS", &secret("first")),
        store("c", "tls-b", "JKS", &secret("second")),
        store("d", "tls-d", "JKS", &secret("third")),
    ]))
    .unwrap();
    let bound = spec.bound_to(object_of(&spec.files[0]));
    let names: Vec<_> = bound.iter().map(|object| object.name.to_string()).collect();
    assert_eq!(names, ["first", "second", "tls-a", "tls-b"]);
}

#[test]
fn no_more_objects_are_asked_for_than_a_vault_reports_the_changes_of() {
    let files = |count: usize| {
        let stores = (0..32).map(|n| {
            let password = json!({"secret": format!("password-{n}")});
            store(&format!("s{n}"), &format!("tls-{n}"), "JKS", &password)
        });
        let secrets =
            (0..count).map(|n| json!({"path": format!("f{n}"), "secret": {"name": format!("db-{n}")}}));
        json!(stores.chain(secrets).collect::<Vec<_>>())
    };
    assert_eq!(parse(&files(0)).unwrap().objects().len(), 64);
    let refused = parse(&files(1)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "its files are made of 65 secrets and keys; at most 64 can be followed"
    );
}

#[test]
fn no_more_stores_are_made_than_leave_the_driver_time_for_others() {
    let files = |format: &str, count: usize| {
        let password = json!({"secret": "password"});
        let stores = (0..count).map(|n| store(&format!("s{n}"), "tls", format, &password));
        json!(stores.collect::<Vec<_>>())
    };
    assert!(parse(&files("PKCS12", 8)).is_ok());
    assert!(parse(&files("JKS", 64)).is_ok());
    let refused = parse(&files("PKCS12", 9)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "9 of its files are PKCS12 stores; at most 8 can be mounted"
    );
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
        parse(&json!([{"path": "a", "certificate": {"name": "a", "part": "CA", "format": "JKS"}}])),
        Err(SpecError::File {
            source: FileError::Certificate(_),
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
