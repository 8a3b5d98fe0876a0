use serde_json::json;

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
