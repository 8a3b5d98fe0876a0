//! What other programs read in the PFX files of the vault.

use std::{fs, path::Path};

use strongroom_certificates::pkcs12::{NewPfx, Pfx, Pkcs12WriteError, Protection, Salts};

use crate::{
    programs::{directory_for, run},
    support::{ca, key, leaf},
};

fn salts() -> Salts {
    let mut next = 0;
    let filled = Salts::generate(|bytes| {
        for byte in bytes {
            next += 1;
            *byte = next;
        }
        Ok::<_, ()>(())
    });
    filled.unwrap()
}

fn written(private_key: Option<&[u8]>, alias: Option<&str>, protection: Protection<'_>) -> Vec<u8> {
    let (leaf, ca) = (leaf(), ca());
    let new = NewPfx {
        private_key,
        certificates: &[&leaf, &ca],
        alias,
    };
    new.to_der(protection, &salts()).unwrap().to_vec()
}

const PROTECTIONS: [(Protection<'_>, &str); 3] = [
    (Protection::Azure, ""),
    (Protection::Password("pä55"), "pä55"),
    (Protection::Password(""), ""),
];

#[test]
fn what_is_written_is_read() {
    for (protection, password) in PROTECTIONS {
        let with_key = Pfx::read(&written(Some(&key()), Some("a"), protection), Some(password)).unwrap();
        assert_eq!(with_key.private_keys.len(), 1);
        assert_eq!(with_key.private_keys[0][..], key());
        assert_eq!(with_key.certificates, [leaf(), ca()]);
        let without = Pfx::read(&written(None, None, protection), Some(password)).unwrap();
        assert!(without.private_keys.is_empty());
        assert_eq!(without.certificates, [leaf(), ca()]);
    }
}

#[test]
fn the_same_salts_make_the_same_file() {
    let file = || written(Some(&key()), None, Protection::Azure);
    assert_eq!(file(), file());
}

#[test]
fn what_cannot_be_written_is_refused() {
    let certificate = vec![0; 10];
    let new = |alias| NewPfx {
        private_key: None,
        certificates: &[],
        alias,
    };
    assert!(new(None).to_der(Protection::Azure, &salts()).is_ok());
    let new = NewPfx {
        certificates: &[&certificate],
        ..new(Some("😀"))
    };
    assert_eq!(
        new.to_der(Protection::Azure, &salts()),
        Err(Pkcs12WriteError::Alias)
    );
}

/// What `openssl pkcs12 -info` says, without `-legacy`.
fn openssl(directory: &Path, options: &str) -> String {
    let arguments = format!("-c openssl#pkcs12#-info#-in#file.pfx#{options} 2>&1");
    let (shell, command) = arguments.split_once(' ').unwrap();
    run(directory, "sh", &[shell, &command.replace('#', " ")])
}

#[test]
fn openssl_reads_the_form_of_azure_without_its_legacy_provider() {
    let Some(directory) = directory_for("openssl", &["version"]) else {
        return;
    };
    let directory = directory.path();
    fs::write(
        directory.join("file.pfx"),
        written(Some(&key()), None, Protection::Azure),
    )
    .unwrap();
    let all = openssl(directory, "-passin pass: -nodes");
    for line in [
        "MAC: sha1, Iteration 2000",
        "MAC length: 20, salt length: 20",
        "Shrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2000",
        "PKCS7 Encrypted data: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2000",
        "localKeyID: 01 00 00 00",
        "-----BEGIN PRIVATE KEY-----",
    ] {
        assert!(all.contains(line), "{line} is not in {all}");
    }
    assert!(
        all.find("PKCS7 Data") < all.find("PKCS7 Encrypted data"),
        "the key is first"
    );
    assert_eq!(all.matches("BEGIN CERTIFICATE").count(), 2);
    assert_eq!(all.matches("localKeyID").count(), 2);
    // As the tests of the SDK for JavaScript call it.
    let leaf = openssl(directory, "-clcerts -nokeys -passin pass:");
    assert_eq!(leaf.matches("BEGIN CERTIFICATE").count(), 1);
    assert!(leaf.contains("subject=CN = leaf"), "{leaf}");
}

#[test]
fn openssl_finds_the_leaf_without_its_key() {
    let Some(directory) = directory_for("openssl", &["version"]) else {
        return;
    };
    let directory = directory.path();
    fs::write(directory.join("file.pfx"), written(None, None, Protection::Azure)).unwrap();
    let leaf = openssl(directory, "-clcerts -nokeys -passin pass:");
    assert!(leaf.contains("subject=CN = leaf"), "{leaf}");
    let all = openssl(directory, "-nodes -passin pass:");
    assert!(!all.contains("PRIVATE KEY"), "{all}");
}

#[test]
fn openssl_reads_the_form_with_a_password() {
    let Some(directory) = directory_for("openssl", &["version"]) else {
        return;
    };
    let directory = directory.path();
    let file = written(Some(&key()), Some("Name"), Protection::Password("pä55"));
    fs::write(directory.join("file.pfx"), file).unwrap();
    let all = openssl(directory, "-passin pass:pä55 -nodes");
    for line in [
        "MAC: sha256, Iteration 10000",
        "PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256",
        "friendlyName: Name",
        "-----BEGIN PRIVATE KEY-----",
    ] {
        assert!(all.contains(line), "{line} is not in {all}");
    }
}

#[test]
fn java_reads_both_forms() {
    let Some(directory) = directory_for("javac", &["-version"]) else {
        return;
    };
    let directory = directory.path();
    let file = written(Some(&key()), Some("name"), Protection::Password("123456"));
    fs::write(directory.join("file.pfx"), file).unwrap();
    let list = run(
        directory,
        "keytool",
        &["-list", "-v", "-keystore", "file.pfx", "-storepass", "123456"],
    );
    for line in [
        "Alias name: name",
        "Entry type: PrivateKeyEntry",
        "Certificate chain length: 2",
        "Owner: CN=leaf",
    ] {
        assert!(list.contains(line), "{line} is not in {list}");
    }
    fs::write(
        directory.join("azure.pfx"),
        written(Some(&key()), None, Protection::Azure),
    )
    .unwrap();
    let program = r#"
        class Read {
            public static void main(String[] arguments) throws Exception {
                var store = java.security.KeyStore.getInstance("PKCS12");
                store.load(new java.io.FileInputStream("azure.pfx"), new char[0]);
                String alias = store.aliases().nextElement();
                System.out.println(store.getKey(alias, new char[0]).getAlgorithm());
                System.out.println(store.getCertificateChain(alias).length);
            }
        }
    "#;
    fs::write(directory.join("Read.java"), program).unwrap();
    assert_eq!(run(directory, "java", &["Read.java"]), "EC\n2\n");
}

#[test]
fn python_reads_both_forms() {
    let Some(directory) = directory_for("python3", &["-c", "import cryptography"]) else {
        return;
    };
    let directory = directory.path();
    let program = "
import sys
from cryptography.hazmat.primitives.serialization import pkcs12
password = sys.argv[1].encode()
key, leaf, others = pkcs12.load_key_and_certificates(open('file.pfx', 'rb').read(), password)
print(key.curve.name, leaf.subject.rfc4514_string(), [other.subject.rfc4514_string() for other in others])
";
    for (protection, password) in PROTECTIONS {
        fs::write(
            directory.join("file.pfx"),
            written(Some(&key()), None, protection),
        )
        .unwrap();
        let found = run(directory, "python3", &["-c", program, password]);
        assert_eq!(found, "secp256r1 CN=leaf ['CN=Authority']\n");
    }
}
