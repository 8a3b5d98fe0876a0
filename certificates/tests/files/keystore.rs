//! What Java reads in the keystores of the vault.

use std::fs;

use strongroom_certificates::keystore::{KeystoreError, NewKeystore};

use crate::{
    programs::{directory_for, run},
    support::{ca, key, leaf},
};

/// 2026-12-01.
const CREATED: u64 = 1_796_083_200_000;

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
    let list = run(
        directory,
        "keytool",
        &[
            "-list",
            "-v",
            "-keystore",
            "file.jks",
            "-storetype",
            "JKS",
            "-storepass",
            "123456",
        ],
    );
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
    }
}
