//! What Java reads in the keystores of the vault.

use std::{fs, path::Path};

use strongroom_certificates::{
    keystore::{KeystoreError, NewKeystore},
    pkcs12::{Pfx, Pkcs12WriteError, Salts},
    trust_store::NewTrustStore,
};

use crate::{
    programs::{directory_for, run},
    support::{ca, key, leaf},
};

/// 2026-12-01.
const CREATED: u64 = 1_796_083_200_000;
const SALTS: Salts = Salts {
    private_key: [1; 32],
    certificates: [2; 32],
    mac: [3; 20],
};

#[test]
fn java_reads_a_keystore() {
    let Some(directory) = directory_for("javac", &["-version"]) else {
        return;
    };
    let directory = directory.path();
    let (key, leaf, ca) = (key(), leaf(), ca());
    let new = NewKeystore {
        alias: "Ännie",
        private_key: &key,
        certificates: &[&leaf, &ca],
        created: CREATED,
    };
    for password in ["123456", "pä55😀"] {
        fs::write(
            directory.join("file.jks"),
            new.to_jks(password, &[7; 20]).unwrap(),
        )
        .unwrap();
        let program = r#"
            class Read {
                public static void main(String[] arguments) throws Exception {
                    char[] password = java.nio.file.Files.readString(java.nio.file.Path.of("password")).toCharArray();
                    var store = java.security.KeyStore.getInstance("JKS");
                    store.load(new java.io.FileInputStream("file.jks"), password);
                    var out = new java.io.PrintStream(System.out, true, "UTF-8");
                    for (String alias : java.util.Collections.list(store.aliases())) {
                        out.println(alias + " " + store.getCreationDate(alias).getTime());
                        out.println(java.util.HexFormat.of().formatHex(store.getKey(alias, password).getEncoded()));
                        for (var certificate : store.getCertificateChain(alias)) {
                            out.println(java.util.HexFormat.of().formatHex(certificate.getEncoded()));
                        }
                    }
                }
            }
        "#;
        fs::write(directory.join("Read.java"), program).unwrap();
        fs::write(directory.join("password"), password).unwrap();
        let found = run(directory, "java", &["Read.java"]);
        let [leaf, ca] = [&leaf, &ca].map(hex::encode);
        assert_eq!(
            found,
            format!("ännie {CREATED}\n{}\n{leaf}\n{ca}\n", hex::encode(&key))
        );
    }
}

#[test]
fn keytool_lists_a_keystore() {
    let Some(directory) = directory_for("javac", &["-version"]) else {
        return;
    };
    let directory = directory.path();
    let (key, leaf, ca) = (key(), leaf(), ca());
    let new = NewKeystore {
        alias: "name",
        private_key: &key,
        certificates: &[&leaf, &ca],
        created: CREATED,
    };
    fs::write(
        directory.join("file.jks"),
        new.to_jks("123456", &[7; 20]).unwrap(),
    )
    .unwrap();
    let list = listed(directory, "file.jks", "JKS");
    for line in [
        "Keystore type: JKS",
        "Your keystore contains 1 entry",
        "Alias name: name",
        "Entry type: PrivateKeyEntry",
        "Certificate chain length: 2",
        "Owner: CN=leaf",
    ] {
        assert!(list.contains(line), "{line} is not in {list}");
    }
}

/// What `keytool -list` says of a store.
fn listed(directory: &Path, file: &str, kind: &str) -> String {
    let arguments = format!("-list -v -keystore {file} -storetype {kind} -storepass 123456");
    run(directory, "keytool", &arguments.split(' ').collect::<Vec<_>>())
}

#[test]
fn java_trusts_the_certificates_of_a_trust_store() {
    let Some(directory) = directory_for("javac", &["-version"]) else {
        return;
    };
    let directory = directory.path();
    let (leaf, ca) = (leaf(), ca());
    let new = NewTrustStore {
        entries: &[("leaf", &leaf), ("CA-1", &ca)],
    };
    fs::write(
        directory.join("trust.jks"),
        new.to_jks("123456", CREATED).unwrap(),
    )
    .unwrap();
    let pkcs12 = new.to_pkcs12("123456", &SALTS).unwrap();
    fs::write(directory.join("trust.p12"), pkcs12.as_slice()).unwrap();
    for (file, kind) in [("trust.jks", "JKS"), ("trust.p12", "PKCS12")] {
        let list = listed(directory, file, kind);
        for line in [
            "Your keystore contains 2 entries",
            "Alias name: leaf",
            "Alias name: ca-1",
            "Owner: CN=leaf",
            "Owner: CN=Authority",
        ] {
            assert!(list.contains(line), "{line} is not in {list}");
        }
        assert_eq!(list.matches("Entry type: trustedCertEntry").count(), 2, "{list}");
    }
    let found = Pfx::read(&pkcs12, Some("123456")).unwrap();
    assert!(found.private_keys.is_empty());
    assert_eq!(found.certificates, [leaf, ca]);
    assert!(Pfx::read(&pkcs12, Some("654321")).is_err());
}

#[test]
fn openssl_reads_a_trust_store_with_its_names() {
    let Some(directory) = directory_for("openssl", &["version"]) else {
        return;
    };
    let directory = directory.path();
    let (leaf, ca) = (leaf(), ca());
    let new = NewTrustStore {
        entries: &[("leaf", &leaf), ("ca-1", &ca)],
    };
    let store = new.to_pkcs12("123456", &SALTS).unwrap();
    fs::write(directory.join("trust.p12"), store.as_slice()).unwrap();
    let arguments = "pkcs12 -in trust.p12 -passin pass:123456 -nokeys";
    let shown = run(directory, "openssl", &arguments.split(' ').collect::<Vec<_>>());
    assert_eq!(shown.matches("BEGIN CERTIFICATE").count(), 2, "{shown}");
    for line in ["friendlyName: leaf", "friendlyName: ca-1", "subject=CN = leaf"] {
        assert!(shown.contains(line), "{line} is not in {shown}");
    }
}

#[test]
fn names_that_java_writes_in_another_way_are_refused() {
    let refused = |alias: &str| {
        let new = NewKeystore {
            alias,
            private_key: &[],
            certificates: &[],
            created: 0,
        };
        new.to_jks("", &[0; 20]).unwrap_err()
    };
    for alias in ["😀", "a\0b", &"a".repeat(65_536)] {
        assert_eq!(refused(alias), KeystoreError::Alias);
        let trusted = NewTrustStore {
            entries: &[(alias, &[])],
        };
        assert_eq!(trusted.to_jks("", 0), Err(KeystoreError::Alias));
    }
    let trusted = NewTrustStore {
        entries: &[("😀", &[])],
    };
    assert_eq!(trusted.to_pkcs12("", &SALTS), Err(Pkcs12WriteError::Alias));
}
