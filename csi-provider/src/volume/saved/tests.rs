use std::os::unix::fs::PermissionsExt as _;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use strongroom_core::ObjectKind;
use strongroom_crds::secret_ref::{
    CertificateFormat, CertificatePart, CertificateStore, KeyEncoding, SecretEncoding, StoreContents,
    StoreFormat, TrustBundle,
};

use super::*;
use crate::volume::spec::{FileSpec, Source};

const V1: &str = "11111111111111111111111111111111";

fn record() -> VolumeRecord {
    let pod = Pod {
        namespace: "shop".parse().unwrap(),
        name: "api-0".parse().unwrap(),
        uid: "u-1".parse().unwrap(),
        account: "api".parse().unwrap(),
    };
    let claims = json!({"exp": 2_000_000_000, "kubernetes.io": {"namespace": "shop",
        "pod": {"name": "api-0", "uid": "u-1"}, "serviceaccount": {"name": "api", "uid": "u-2"}}});
    let jwt = format!("e30.{}.x", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let token = PodToken::checked(jwt.into(), &pod).unwrap();
    let spec = serde_json::from_value(json!({
        "vaultRef": {"name": "prod", "namespace": "team-a"}, "serviceAccountName": "api",
        "files": [{"path": "a", "secret": {"name": "db"}}],
    }))
    .unwrap();
    let facts = Facts {
        id: "csi-1".parse().unwrap(),
        paths: MountPaths {
            own: "/own".into(),
            target: "/target".into(),
        },
        pod,
        secret_ref: "db".parse().unwrap(),
        group: Some(7),
    };
    let held = [(object(ObjectKind::Secrets, "db"), V1.parse().unwrap())].into();
    VolumeRecord::new(&facts, &token, &VolumeSpec::parse(&spec).unwrap(), &held)
}

fn object(kind: ObjectKind, name: &str) -> Object {
    Object {
        kind,
        name: name.parse().unwrap(),
        version: None,
    }
}

#[test]
fn what_was_kept_is_found_again_and_only_root_can_read_it() {
    let directory = tempfile::tempdir().unwrap();
    let saved = SavedVolumes::new(directory.path().to_owned());
    saved.write(&record()).unwrap();
    saved.write(&record()).unwrap();
    let mode = fs::metadata(directory.path().join("csi-1.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let restored = saved.read_all().unwrap().pop().unwrap().unwrap();
    assert_eq!(restored.facts.paths.target, Path::new("/target"));
    assert_eq!(restored.held.len(), 1);
    assert_eq!(restored.token.expires_at().as_second(), 2_000_000_000);
    saved.remove(&restored.facts.id).unwrap();
    saved.remove(&restored.facts.id).unwrap();
    assert!(saved.read_all().unwrap().is_empty());
}

#[test]
fn what_is_damaged_foreign_or_of_another_format_is_passed_over_one_by_one() {
    let directory = tempfile::tempdir().unwrap();
    let saved = SavedVolumes::new(directory.path().to_owned());
    saved.write(&record()).unwrap();
    let whole = fs::read_to_string(directory.path().join("csi-1.json")).unwrap();
    let damaged = [
        ("half.json", &whole[..whole.len() / 2]),
        ("other-name.json", &whole),
        ("empty.json", ""),
        (
            "format.json",
            &whole
                .replace("\"format\":1", "\"format\":2")
                .replace("csi-1", "format"),
        ),
        (
            "path.json",
            &whole
                .replace("\"path\":\"a\"", "\"path\":\"../a\"")
                .replace("csi-1", "path"),
        ),
        (
            "pod.json",
            &whole.replace("\"u-1\"", "\"u-9\"").replace("csi-1", "pod"),
        ),
    ];
    for (name, text) in damaged {
        fs::write(directory.path().join(name), text).unwrap();
    }
    fs::write(directory.path().join(".csi-1"), "").unwrap();
    let (good, bad): (Vec<_>, Vec<_>) = saved.read_all().unwrap().into_iter().partition(Result::is_ok);
    assert_eq!((good.len(), bad.len()), (1, damaged.len()));
    for error in bad {
        assert!(
            !error.unwrap_err().to_string().contains("e30."),
            "an error repeats the token"
        );
    }
}

/// As the releases wrote it whose trust bundle had neither roots nor a format. The token's claims are those of `record`.
const EARLIER: &str = r#"{"format":1,"id":"csi-1","own":"/own","target":"/target",
"pod":{"namespace":"shop","name":"api-0","uid":"u-1","account":"api"},"secretRef":"db","group":7,
"token":"e30.eyJleHAiOjIwMDAwMDAwMDAsImt1YmVybmV0ZXMuaW8iOnsibmFtZXNwYWNlIjoic2hvcCIsInBvZCI6eyJuYW1lIjoiYXBpLTAiLCJ1aWQiOiJ1LTEifSwic2VydmljZWFjY291bnQiOnsibmFtZSI6ImFwaSIsInVpZCI6InUtMiJ9fX0.x",
"spec":{"vault":{"namespace":"team-a","name":"prod"},"files":[
{"path":"a","mode":256,"source":{"Secret":{"name":"db","version":null}}},
{"path":"ca.crt","mode":null,"source":"TrustBundle"}]},
"held":[[{"name":"db","version":null},"11111111111111111111111111111111"]]}"#;

#[test]
fn the_record_of_an_earlier_release_with_a_trust_bundle_is_read_and_written_as_one_of_this() {
    let directory = tempfile::tempdir().unwrap();
    let saved = SavedVolumes::new(directory.path().to_owned());
    fs::write(directory.path().join("csi-1.json"), EARLIER).unwrap();
    let read = || saved.read_all().unwrap().pop().unwrap().unwrap();
    let restored = read();
    let sources: Vec<_> = restored
        .spec
        .files
        .iter()
        .map(|file| file.source.clone())
        .collect();
    let secret = object(ObjectKind::Secrets, "db");
    assert_eq!(
        sources,
        [
            Source::Secret(secret.clone()),
            Source::TrustBundle(TrustBundle::default())
        ]
    );
    assert_eq!(restored.held, [(secret, V1.parse().unwrap())].into());
    let record = VolumeRecord::new(&restored.facts, &restored.token, &restored.spec, &restored.held);
    saved.write(&record).unwrap();
    assert_eq!(read().spec, restored.spec);
    let written = fs::read_to_string(directory.path().join("csi-1.json")).unwrap();
    assert!(
        written.contains(r#""source":{"TrustBundle":{"roots":"Vault","format":"Pem"}}"#),
        "{written}"
    );
}

#[test]
fn a_key_and_a_secret_of_one_name_are_found_again_as_what_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let saved = SavedVolumes::new(directory.path().to_owned());
    let (mut record, key) = (record(), object(ObjectKind::Keys, "db"));
    record.spec.files.push(FileSpec {
        path: "db.jwk".parse().unwrap(),
        mode: None,
        source: Source::Key {
            object: key.clone(),
            encoding: KeyEncoding::Jwk,
        },
    });
    let v2 = "2".repeat(32);
    record.held.push((key.clone(), v2.parse().unwrap()));
    saved.write(&record).unwrap();
    let restored = saved.read_all().unwrap().pop().unwrap().unwrap();
    assert_eq!(restored.spec, record.spec);
    let expected = [
        (object(ObjectKind::Secrets, "db"), V1.parse().unwrap()),
        (key, v2.parse().unwrap()),
    ];
    assert_eq!(restored.held, expected.into());
    // Of a secret it holds what the release before keys writes and reads.
    let written = fs::read_to_string(directory.path().join("csi-1.json")).unwrap();
    assert!(
        written.contains(r#""source":{"Secret":{"name":"db","version":null}}"#),
        "{written}"
    );
}

#[test]
fn every_source_of_this_release_is_found_again() {
    let directory = tempfile::tempdir().unwrap();
    let saved = SavedVolumes::new(directory.path().to_owned());
    let mut record = record();
    let tls = object(ObjectKind::Secrets, "shop-tls");
    let parts = [
        CertificatePart::Chain,
        CertificatePart::Leaf(CertificateFormat::Pem),
        CertificatePart::Leaf(CertificateFormat::Der),
        CertificatePart::Ca,
        CertificatePart::PrivateKey(CertificateFormat::Pem),
        CertificatePart::PrivateKey(CertificateFormat::Der),
        CertificatePart::Bundle,
    ];
    let certificates = parts.map(|part| Source::Certificate {
        object: tls.clone(),
        part,
    });
    let decoded = [SecretEncoding::Base64, SecretEncoding::Hex].map(|encoding| Source::Decoded {
        object: tls.clone(),
        encoding,
    });
    let password = object(ObjectKind::Secrets, "store-password");
    let contents = [
        StoreContents::KeyAndChain,
        StoreContents::Authorities,
        StoreContents::Leaf,
    ];
    let stores = contents.into_iter().flat_map(|holds| {
        [StoreFormat::Pkcs12, StoreFormat::Jks].map(|format| CertificateStore { holds, format })
    });
    let stores = stores.map(|store| Source::Store {
        object: tls.clone(),
        store,
        password: password.clone(),
    });
    let sources = certificates.into_iter().chain(decoded).chain(stores);
    for (n, source) in sources.collect::<Vec<_>>().into_iter().enumerate() {
        record.spec.files.push(FileSpec {
            path: format!("tls/{n}").parse().unwrap(),
            mode: None,
            source,
        });
    }
    record.held.push((tls, V1.parse().unwrap()));
    saved.write(&record).unwrap();
    let restored = saved.read_all().unwrap().pop().unwrap().unwrap();
    assert_eq!(restored.spec, record.spec);
    assert_eq!(restored.held.len(), 2);
    let written = fs::read_to_string(directory.path().join("csi-1.json")).unwrap();
    for source in [
        r#""source":{"Certificate":{"object":{"name":"shop-tls","version":null},"part":{"Leaf":"Der"}}}"#,
        r#""source":{"Decoded":{"object":{"name":"shop-tls","version":null},"encoding":"Base64"}}"#,
        r#"{"name":"shop-tls","version":null},"store":{"holds":"Leaf","format":"Jks"},"password":{"name":"store-password","version":null}}}"#,
    ] {
        assert!(written.contains(source), "{written}");
    }
}
