//! What the types make of specs, and what they refuse to guess.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

use std::time::Duration;

use serde_json::{Value, json};
use strongroom_core::{Effect, ObjectKind, Permission, Role, name::NameError};
use strongroom_crds::{
    AccessPolicySpec, SecretRefSpec, VaultSpec,
    access_policy::{PolicySpecError, SubjectMember},
    secret_ref::{
        CertificateFormat, CertificatePart, CertificateSourceError, CertificateStore, FileError, FileSource,
        FileState, KeyEncoding, KeyEncodingError, SecretEncoding, SecretEncodingError, SecretRefFile,
        StoreContents, StoreFormat, StorePassword, TrustBundle, TrustBundleError, TrustFormat, TrustRoots,
    },
    vault::{CreateMode, StorageBackend, VaultSpecError},
};

fn vault(spec: Value) -> VaultSpec {
    serde_json::from_value(spec).unwrap()
}

fn policy(changes: Value) -> Result<AccessPolicySpec, serde_json::Error> {
    let mut spec = json!({
        "vaultRef": {"name": "prod"},
        "effect": "Allow",
        "subjects": [{"serviceAccount": {"namespace": "shop", "name": "api"}}],
        "objects": ["DB-*"],
        "permissions": {"secrets": ["get"]}
    });
    let Value::Object(changes) = changes else {
        panic!("changes are fields of a spec")
    };
    spec.as_object_mut().unwrap().extend(changes);
    serde_json::from_value(spec)
}

fn file(file: Value) -> SecretRefFile {
    serde_json::from_value(file).unwrap()
}

#[test]
fn an_empty_vault_spec_is_a_working_vault() {
    let spec = vault(json!({}));
    spec.check().unwrap();
    assert_eq!(spec.create_mode(), Ok(CreateMode::Default));
    assert_eq!(spec.max_staleness(), Ok(None));
    let StorageBackend::Embedded(embedded) = spec.storage.backend().unwrap();
    assert_eq!(embedded.size, "1Gi");
}

#[test]
fn the_bytes_of_the_objects_are_a_quantity() {
    let spec = vault(json!({"limits": {"objectBytes": "1.5Mi"}}));
    spec.check().unwrap();
    assert_eq!(spec.limits.unwrap().object_bytes(), Ok(Some(3 << 19)));
    let spec = vault(json!({"limits": {"objectBytes": "plenty"}}));
    assert!(matches!(spec.check(), Err(VaultSpecError::Malformed { .. })));
}

#[test]
fn staleness_is_a_duration() {
    let spec = vault(json!({"policy": {"maxStaleness": "1h30m"}}));
    assert_eq!(spec.max_staleness(), Ok(Some(Duration::from_mins(90))));
    let spec = vault(json!({"policy": {"maxStaleness": "soon"}}));
    assert!(matches!(spec.check(), Err(VaultSpecError::Malformed { .. })));
}

#[test]
fn a_value_of_a_newer_release_is_read_and_then_refused_by_name() {
    for (spec, field) in [
        (json!({"createMode": "Clone"}), "createMode"),
        (json!({"deletionPolicy": "Archive"}), "deletionPolicy"),
        (json!({"storage": {"type": "Etcd", "etcd": {}}}), "storage.type"),
        (json!({"seal": {"type": "PKCS11"}}), "seal.type"),
        (
            json!({"network": {"defaultAction": "Ask"}}),
            "network.defaultAction",
        ),
        (
            json!({"podTemplate": {"tolerations": [{"operator": "Like"}]}}),
            "podTemplate.tolerations.operator",
        ),
        (
            json!({"podTemplate": {"tolerations": [{"key": "a", "effect": "Pause"}]}}),
            "podTemplate.tolerations.effect",
        ),
        (
            json!({"network": {"namespaceSelector": {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "c"}]}}}),
            "network.namespaceSelector",
        ),
        (
            json!({"network": {"namespaceSelector": {"matchLabels": {}}}}),
            "network.namespaceSelector",
        ),
    ] {
        assert_eq!(vault(spec).check(), Err(VaultSpecError::UnknownValue { field }));
    }
    let state: FileState = serde_json::from_value(json!("Quarantined")).unwrap();
    assert_eq!(state, FileState::Unknown);
}

#[test]
fn a_policy_reads_as_the_values_of_the_decision() {
    let spec = policy(json!({"effect": "Deny"})).unwrap();
    assert_eq!(spec.effect(), Ok(Effect::Deny));
    assert_eq!(spec.vault().unwrap().as_str(), "prod");
    assert_eq!(spec.objects().unwrap(), ["db-*".parse().unwrap()]);
    let expected = SubjectMember::ServiceAccount("shop:api".parse().unwrap());
    assert_eq!(spec.subjects().unwrap(), [expected]);
    assert_eq!(
        spec.permissions().unwrap().iter().collect::<Vec<_>>(),
        [Permission::SecretGet]
    );
}

#[test]
fn every_secret_permission_is_azures_of_that_name() {
    for permission in Permission::ALL
        .iter()
        .filter(|p| p.kind() == strongroom_core::ObjectKind::Secrets)
    {
        let spec = policy(json!({"permissions": {"secrets": [permission.name()]}})).unwrap();
        assert_eq!(
            spec.permissions().unwrap().iter().collect::<Vec<_>>(),
            [*permission]
        );
    }
}

#[test]
fn a_role_stands_for_its_permissions() {
    let spec = policy(json!({"permissions": null, "role": "KeyVaultSecretsUser"})).unwrap();
    assert_eq!(
        spec.permissions(),
        Ok(strongroom_core::Role::KeyVaultSecretsUser.permissions())
    );
}

/// Azure's permissions on keys (Key Vault management API, `KeyPermissions`, without `all`).
const ON_KEYS: [&str; 20] = [
    "encrypt",
    "decrypt",
    "wrapKey",
    "unwrapKey",
    "sign",
    "verify",
    "get",
    "list",
    "create",
    "update",
    "import",
    "delete",
    "backup",
    "restore",
    "recover",
    "purge",
    "release",
    "rotate",
    "getrotationpolicy",
    "setrotationpolicy",
];

/// The permissions on certificates that there are, by the table of them all; those of Azure are `from_azure`.
fn on_certificates(from_azure: bool) -> Vec<&'static str> {
    let of_kind = Permission::ALL.iter().copied();
    let of_kind = of_kind.filter(|permission| permission.kind() == ObjectKind::Certificates);
    let names = of_kind.map(Permission::name);
    names
        .filter(|name| name.starts_with("strongroom/") != from_azure)
        .collect()
}

/// What a policy on the kind of object allows, by Azure's names.
fn allowed(spec: &AccessPolicySpec, kind: ObjectKind) -> Vec<&'static str> {
    let permissions: Vec<_> = spec.permissions().unwrap().iter().collect();
    assert!(permissions.iter().all(|permission| permission.kind() == kind));
    permissions.into_iter().map(Permission::name).collect()
}

#[test]
fn every_permission_on_keys_can_be_named_alone_and_among_the_others() {
    let all = policy(json!({"permissions": {"keys": ON_KEYS}})).unwrap();
    assert_eq!(allowed(&all, ObjectKind::Keys), ON_KEYS);
    for word in ON_KEYS {
        let one = policy(json!({"permissions": {"keys": [word]}})).unwrap();
        assert_eq!(allowed(&one, ObjectKind::Keys), [word]);
    }
}

#[test]
fn every_role_can_be_named_and_allows_what_azures_does() {
    let of_secrets = [
        "get", "list", "set", "delete", "backup", "restore", "recover", "purge",
    ];
    let of_keys = [
        "encrypt",
        "decrypt",
        "wrapKey",
        "unwrapKey",
        "sign",
        "verify",
        "get",
        "list",
        "update",
        "backup",
    ];
    let of_certificates = on_certificates(true);
    let roles: [(&str, ObjectKind, &[&str]); 7] = [
        ("KeyVaultSecretsUser", ObjectKind::Secrets, &["get", "list"]),
        ("KeyVaultSecretsOfficer", ObjectKind::Secrets, &of_secrets),
        ("KeyVaultCryptoUser", ObjectKind::Keys, &of_keys),
        ("KeyVaultCryptoOfficer", ObjectKind::Keys, &ON_KEYS),
        (
            "KeyVaultCryptoServiceEncryptionUser",
            ObjectKind::Keys,
            &["wrapKey", "unwrapKey", "get", "list"],
        ),
        ("KeyVaultCryptoServiceReleaseUser", ObjectKind::Keys, &["release"]),
        (
            "KeyVaultCertificatesOfficer",
            ObjectKind::Certificates,
            &of_certificates,
        ),
    ];
    let mut named: Vec<_> = Role::ALL.iter().map(|role| role.name()).collect();
    assert_eq!(
        named.pop(),
        Some("KeyVaultCertificateUser"),
        "it is about three kinds"
    );
    assert_eq!(roles.map(|(role, _, _)| role).to_vec(), named);
    for (role, kind, words) in roles {
        let spec = policy(json!({"permissions": null, "role": role})).unwrap();
        assert_eq!(allowed(&spec, kind), words, "{role}");
    }
}

#[test]
fn the_user_of_certificates_reads_them_with_their_keys_and_secrets() {
    let spec = policy(json!({"permissions": null, "role": "KeyVaultCertificateUser"})).unwrap();
    let allowed: Vec<_> = spec
        .permissions()
        .unwrap()
        .iter()
        .map(|it| it.to_string())
        .collect();
    assert_eq!(
        allowed,
        [
            "secrets/get",
            "secrets/list",
            "keys/get",
            "keys/list",
            "certificates/get",
            "certificates/list"
        ]
    );
}

#[test]
fn every_permission_on_certificates_can_be_named_alone_and_among_the_others() {
    let words = [on_certificates(true), on_certificates(false)].concat();
    assert!(words.contains(&"manageissuers") && words.contains(&"strongroom/issuers/use"));
    let all = policy(json!({"permissions": {"certificates": words}})).unwrap();
    assert_eq!(allowed(&all, ObjectKind::Certificates), words);
    for word in words {
        let one = policy(json!({"permissions": {"certificates": [word]}})).unwrap();
        let alone = allowed(&one, ObjectKind::Certificates);
        if word == "manageissuers" {
            let implied = ["getissuers", "listissuers", "setissuers", "deleteissuers"];
            assert_eq!(alone, [&implied[..], &[word]].concat());
        } else {
            assert_eq!(alone, [word]);
        }
    }
}

#[test]
fn a_part_of_a_policy_that_is_not_known_is_never_left_out() {
    for changes in [
        json!({"conditions": {}}),
        json!({"subjects": [{"serviceAccount": {"namespace": "a", "name": "b"}, "user": "c"}]}),
        json!({"permissions": {"secrets": ["get"], "storage": ["get"]}}),
        json!({"vaultRef": {"name": "prod", "namespace": "other"}}),
    ] {
        policy(changes).unwrap_err();
    }
    let unknown = |field| Err(PolicySpecError::UnknownValue { field });
    assert_eq!(
        policy(json!({"effect": "Audit"})).unwrap().effect(),
        Err(PolicySpecError::UnknownValue { field: "effect" })
    );
    let spec = policy(json!({"permissions": {"secrets": ["get", "peek"]}})).unwrap();
    assert_eq!(spec.permissions(), unknown("permissions.secrets"));
    let spec = policy(json!({"permissions": {"keys": ["sign", "peek"]}})).unwrap();
    assert_eq!(spec.permissions(), unknown("permissions.keys"));
    let spec = policy(json!({"permissions": null, "role": "KeyVaultReader"})).unwrap();
    assert_eq!(spec.permissions(), unknown("role"));
}

#[test]
fn a_policy_that_got_past_the_api_server_is_still_checked() {
    let grants = |changes| policy(changes).unwrap().permissions();
    assert_eq!(grants(json!({"permissions": null})), Err(PolicySpecError::Grant));
    assert_eq!(
        grants(json!({"role": "KeyVaultSecretsUser"})),
        Err(PolicySpecError::Grant)
    );
    assert_eq!(
        grants(json!({"permissions": {"secrets": []}})),
        Err(PolicySpecError::Grant)
    );
    let subjects = |subject| policy(json!({"subjects": [subject]})).unwrap().subjects();
    assert_eq!(subjects(json!({})), Err(PolicySpecError::Subject { index: 0 }));
    let all = json!({"allServiceAccounts": {"namespace": "*"}});
    assert_eq!(
        subjects(all),
        Err(PolicySpecError::Namespace {
            index: 0,
            source: NameError::Namespace
        })
    );
    let account = json!({"serviceAccount": {"namespace": "a", "name": "*"}});
    assert!(matches!(
        subjects(account),
        Err(PolicySpecError::Account { index: 0, .. })
    ));
    let objects = policy(json!({"objects": ["a", "a*b"]})).unwrap().objects();
    assert!(matches!(objects, Err(PolicySpecError::Object { index: 1, .. })));
}

#[test]
fn a_file_has_exactly_one_source() {
    let secret = file(json!({"path": "a", "secret": {"name": "DB", "version": "0".repeat(32)}}));
    let version = Some("0".repeat(32).parse().unwrap());
    assert_eq!(
        secret.source(),
        Ok(FileSource::Secret {
            name: "db".parse().unwrap(),
            version,
            encoding: None
        })
    );
    assert_eq!(
        file(json!({"path": "a", "trustBundle": {}})).source(),
        Ok(FileSource::TrustBundle(TrustBundle::default()))
    );
    assert_eq!(
        file(json!({"path": "a", "sshKey": {"name": "x"}})).source(),
        Err(FileError::Source)
    );
    let sources = [
        json!({"secret": {"name": "a"}}),
        json!({"key": {"name": "a"}}),
        json!({"certificate": {"name": "a", "part": "Leaf"}}),
        json!({"trustBundle": {}}),
    ];
    for (first, second) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
        let mut both = json!({"path": "a"});
        for source in [first, second] {
            both.as_object_mut()
                .unwrap()
                .extend(sources[source].as_object().unwrap().clone());
        }
        assert_eq!(file(both.clone()).source(), Err(FileError::Source), "{both}");
    }
    let dotted = file(json!({"path": "a", "secret": {"name": "a.b"}}));
    assert_eq!(dotted.source(), Err(FileError::Name(NameError::Object)));
}

#[test]
fn a_key_is_shown_in_the_encoding_and_of_the_version_that_it_says_and_no_guess() {
    let source = |fields: Value| file(json!({"path": "a", "key": fields})).source();
    let key = |version: Option<&str>, encoding| {
        Ok(FileSource::Key {
            name: "tokens".parse().unwrap(),
            version: version.map(|version| version.parse().unwrap()),
            encoding,
        })
    };
    let version = "0123456789abcdef0123456789abcdef";
    assert_eq!(source(json!({"name": "Tokens"})), key(None, KeyEncoding::Pem));
    assert_eq!(
        source(json!({"name": "tokens", "encoding": "PEM"})),
        key(None, KeyEncoding::Pem)
    );
    assert_eq!(
        source(json!({"name": "tokens", "version": version, "encoding": "JWK"})),
        key(Some(version), KeyEncoding::Jwk)
    );
    for encoding in ["DER", "pem", "jwk", ""] {
        let unknown = source(json!({"name": "tokens", "encoding": encoding}));
        assert_eq!(unknown, Err(FileError::Key(KeyEncodingError)), "{encoding}");
    }
    assert_eq!(
        source(json!({"name": "a.b"})),
        Err(FileError::Name(NameError::Object))
    );
    assert_eq!(
        source(json!({"name": "tokens", "version": "1"})),
        Err(FileError::Name(NameError::Version))
    );
    let nameless = json!({"path": "a", "key": {"nmae": "tokens"}});
    assert!(serde_json::from_value::<SecretRefFile>(nameless).is_err());
}

#[test]
fn a_secret_is_decoded_of_what_it_says_and_no_guess() {
    let source = |fields: Value| file(json!({"path": "a", "secret": fields})).source();
    let secret = |encoding| {
        Ok(FileSource::Secret {
            name: "keytab".parse().unwrap(),
            version: None,
            encoding,
        })
    };
    assert_eq!(source(json!({"name": "Keytab"})), secret(None));
    for (text, encoding) in [("Base64", SecretEncoding::Base64), ("Hex", SecretEncoding::Hex)] {
        let read = source(json!({"name": "keytab", "encoding": text}));
        assert_eq!(read, secret(Some(encoding)), "{text}");
    }
    for encoding in ["base64", "HEX", "UTF8", ""] {
        let unknown = source(json!({"name": "keytab", "encoding": encoding}));
        assert_eq!(unknown, Err(FileError::Secret(SecretEncodingError)), "{encoding}");
    }
}

#[test]
fn a_certificate_shows_the_part_of_the_version_that_it_says_and_no_guess() {
    let source = |fields: Value| file(json!({"path": "a", "certificate": fields})).source();
    let certificate = |version: Option<&str>, part| {
        Ok(FileSource::Certificate {
            name: "shop-tls".parse().unwrap(),
            version: version.map(|version| version.parse().unwrap()),
            part,
        })
    };
    let (pem, der) = (CertificateFormat::Pem, CertificateFormat::Der);
    for (text, as_pem, as_der) in [
        ("Chain", CertificatePart::Chain, None),
        (
            "Leaf",
            CertificatePart::Leaf(pem),
            Some(CertificatePart::Leaf(der)),
        ),
        ("CA", CertificatePart::Ca, None),
        (
            "PrivateKey",
            CertificatePart::PrivateKey(pem),
            Some(CertificatePart::PrivateKey(der)),
        ),
        ("Bundle", CertificatePart::Bundle, None),
    ] {
        let of = |format: Value| {
            let mut fields = json!({"name": "Shop-TLS", "part": text});
            fields
                .as_object_mut()
                .unwrap()
                .extend(format.as_object().unwrap().clone());
            source(fields)
        };
        assert_eq!(of(json!({})), certificate(None, as_pem), "{text}");
        assert_eq!(of(json!({"format": "PEM"})), certificate(None, as_pem), "{text}");
        let refused = Err(FileError::Certificate(CertificateSourceError::Der));
        let expected = as_der.map_or(refused, |part| certificate(None, part));
        assert_eq!(of(json!({"format": "DER"})), expected, "{text}");
    }
    let version = "0123456789abcdef0123456789abcdef";
    assert_eq!(
        source(json!({"name": "shop-tls", "version": version, "part": "CA"})),
        certificate(Some(version), CertificatePart::Ca)
    );
    let unknown = |field| Err(FileError::Certificate(CertificateSourceError::Unknown { field }));
    assert_eq!(source(json!({"name": "shop-tls", "part": "ca"})), unknown("part"));
    assert_eq!(
        source(json!({"name": "shop-tls", "part": "Chain", "format": "PFX"})),
        unknown("format")
    );
    assert_eq!(
        source(json!({"name": "a.b", "part": "Leaf"})),
        Err(FileError::Name(NameError::Object))
    );
    let whole = json!({"path": "a", "certificate": {"name": "shop-tls"}});
    assert!(serde_json::from_value::<SecretRefFile>(whole).is_err());
}

#[test]
fn a_store_holds_what_it_says_under_the_password_that_it_names() {
    let source = |fields: Value| {
        let mut certificate = json!({"name": "shop-tls"});
        let all = certificate.as_object_mut().unwrap();
        all.extend(fields.as_object().unwrap().clone());
        file(json!({"path": "a", "certificate": certificate})).source()
    };
    let version = "0123456789abcdef0123456789abcdef";
    for (text, format) in [("PKCS12", StoreFormat::Pkcs12), ("JKS", StoreFormat::Jks)] {
        for (part, holds) in [
            ("Bundle", Some(StoreContents::KeyAndChain)),
            ("CA", Some(StoreContents::Authorities)),
            ("Leaf", Some(StoreContents::Leaf)),
            ("Chain", None),
            ("PrivateKey", None),
        ] {
            for pinned in [None, Some(version)] {
                let mut password = json!({"secret": "Store-Password"});
                if let Some(version) = pinned {
                    password["version"] = json!(version);
                }
                let read = source(json!({"part": part, "format": text, "password": password}));
                let refused = Err(FileError::Certificate(CertificateSourceError::Store));
                let expected = holds.map_or(refused, |holds| {
                    Ok(FileSource::Store {
                        name: "shop-tls".parse().unwrap(),
                        version: None,
                        store: CertificateStore { holds, format },
                        password: StorePassword {
                            name: "store-password".parse().unwrap(),
                            version: pinned.map(|version| version.parse().unwrap()),
                        },
                    })
                });
                assert_eq!(read, expected, "{part} {text}");
            }
        }
        let open = source(json!({"part": "Bundle", "format": text}));
        assert_eq!(
            open,
            Err(FileError::Certificate(CertificateSourceError::NoPassword))
        );
        for wrong in [json!({"secret": "a.b"}), json!({"secret": "a", "version": "1"})] {
            let read = source(json!({"part": "CA", "format": text, "password": wrong}));
            assert!(matches!(read, Err(FileError::Name(_))), "{read:?}");
        }
    }
    for format in [json!({}), json!({"format": "PEM"}), json!({"format": "DER"})] {
        let mut fields = json!({"part": "Leaf", "password": {"secret": "store-password"}});
        let all = fields.as_object_mut().unwrap();
        all.extend(format.as_object().unwrap().clone());
        let unused = Err(FileError::Certificate(CertificateSourceError::Password));
        assert_eq!(source(fields), unused, "{format}");
    }
}

#[test]
fn a_trust_bundle_holds_what_it_says_and_no_guess() {
    let source = |fields: Value| file(json!({"path": "a", "trustBundle": fields})).source();
    assert_eq!(
        source(json!({"roots": "System", "format": "PKCS12"})),
        Ok(FileSource::TrustBundle(TrustBundle {
            roots: TrustRoots::System,
            format: TrustFormat::Pkcs12
        }))
    );
    assert_eq!(
        source(json!({"roots": "Vault", "format": "PEM"})),
        Ok(FileSource::TrustBundle(TrustBundle::default()))
    );
    let unknown = |field| Err(FileError::TrustBundle(TrustBundleError { field }));
    assert_eq!(source(json!({"roots": "Everybody"})), unknown("roots"));
    assert_eq!(source(json!({"format": "JKS"})), unknown("format"));
}

#[test]
fn a_mode_is_octal_text() {
    let mode = |text: &str| file(json!({"path": "a", "mode": text, "trustBundle": {}})).mode();
    assert_eq!(mode("0440"), Ok(Some(0o440)));
    assert_eq!(mode("400"), Ok(Some(0o400)));
    assert_eq!(file(json!({"path": "a", "trustBundle": {}})).mode(), Ok(None));
    for text in ["", "44", "0480", "4755", "1777", "+440", "00440", "u=r"] {
        assert_eq!(mode(text), Err(FileError::Mode), "{text}");
    }
}

#[test]
fn a_path_that_could_leave_the_volume_is_refused_where_it_is_used() {
    let path = |text: &str| {
        file(json!({"path": text, "trustBundle": {}}))
            .path()
            .map(|names| names.len())
    };
    assert_eq!(path("a/.b/c_d/e-f.g"), Ok(4));
    for text in [
        "",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "../a",
        "a/..",
        "..data",
        "a\0",
        "a\nb",
        "a\\b",
        "a/b/c/d/e",
    ] {
        assert_eq!(path(text), Err(FileError::Path), "{text:?}");
    }
}

#[test]
fn a_secret_ref_names_its_vault() {
    let spec: SecretRefSpec = serde_json::from_value(json!({
        "vaultRef": {"name": "prod", "namespace": "team-a"},
        "serviceAccountName": "api",
        "files": [{"path": "ca.crt", "trustBundle": {}}]
    }))
    .unwrap();
    assert_eq!(spec.vault_ref.parsed().unwrap().to_string(), "team-a/prod");
}
