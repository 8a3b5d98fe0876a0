//! Keys, profiles, and the programs that judge what is made of them.

use std::{fs, path::Path, process::Command, sync::OnceLock, time::SystemTime};

use strongroom_certificates::{
    alternative_names::AlternativeNames,
    authority::{Authority, AuthorityError, Permitted},
    certificate::Certificate,
    name::DistinguishedName,
    profile::{Profile, Validity},
    serial::Serial,
    usage::KeyUsages,
};
use strongroom_keys::{Curve, Key, KeyProvider, KeySpec, KeyType, PrivateKeyDer, RsaSize, Software};
use tempfile::TempDir;

/// 2026-01-01.
pub const NOW: i64 = 1_767_225_600;
pub const SERVER: &str = "1.3.6.1.5.5.7.3.1";
pub const CLIENT: &str = "1.3.6.1.5.5.7.3.2";

/// Every type of key that has certificates.
pub const KEY_TYPES: [KeyType; 7] = [
    KeyType::Rsa(RsaSize::Bits2048),
    KeyType::Rsa(RsaSize::Bits3072),
    KeyType::Rsa(RsaSize::Bits4096),
    KeyType::Ec(Curve::P256),
    KeyType::Ec(Curve::P384),
    KeyType::Ec(Curve::P521),
    KeyType::Ec(Curve::P256K),
];

pub fn generate(key_type: KeyType) -> Key {
    Software.generate(KeySpec::new(key_type)).unwrap()
}

/// The key of PKCS#8.
pub fn imported(pkcs8: &[u8]) -> Key {
    let jwk = PrivateKeyDer::Pkcs8(pkcs8).to_jwk().unwrap();
    Software.import(&jwk).unwrap()
}

/// One key on P-256 for tests that are not about keys.
pub fn key() -> Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(|| generate(KeyType::Ec(Curve::P256))).clone()
}

pub fn serial() -> Serial {
    Serial::from_random([0xab; 16])
}

/// The names of one kind.
pub fn texts<const COUNT: usize>(names: [&str; COUNT]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

/// A profile with Azure's defaults, of twelve months.
pub fn profile(subject: &str) -> Profile {
    Profile {
        subject: DistinguishedName::parse(subject).unwrap(),
        alternative_names: AlternativeNames::default(),
        key_usages: KeyUsages::defaults(),
        extended_key_usages: vec![SERVER.parse().unwrap(), CLIENT.parse().unwrap()],
        validity: Validity::months_from(NOW, 12),
    }
}

/// The same, beginning now, for what an authority signs: openssl makes authorities that begin now.
pub fn current(subject: &str) -> Profile {
    Profile {
        validity: Validity::months_from(now(), 12),
        ..profile(subject)
    }
}

pub fn now() -> i64 {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(since_1970.as_secs()).unwrap()
}

/// Names of every kind.
pub fn all_names() -> AlternativeNames {
    AlternativeNames {
        emails: Some(texts(["a@contoso.com"])),
        dns_names: Some(texts(["vault.contoso.com", "*.contoso.com"])),
        upns: Some(texts(["admin@contoso.com"])),
        uris: Some(texts(["spiffe://contoso.com/ns/a"])),
        ip_addresses: Some(texts(["10.0.0.1", "::1"])),
    }
}

/// A folder in which openssl works.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path().join(name), bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path().join(name)).unwrap()
    }

    /// What openssl prints, which must succeed.
    pub fn openssl(&self, arguments: &str) -> String {
        let (succeeded, output) = self.try_openssl(arguments);
        assert!(succeeded, "openssl {arguments}\n{output}");
        output
    }

    /// Whether openssl succeeds, and what it prints.
    pub fn try_openssl(&self, arguments: &str) -> (bool, String) {
        let output = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(self.path())
            .output()
            .unwrap();
        let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
        printed.push_str(&String::from_utf8_lossy(&output.stderr));
        (output.status.success(), printed)
    }

    /// Writes a certificate in DER as PEM.
    pub fn write_pem(&self, name: &str, der: &[u8]) {
        self.write("certificate.der", der);
        self.openssl(&format!("x509 -inform DER -in certificate.der -out {name}"));
    }

    /// A certificate that openssl makes, signed by its own key, and the key. `extensions` are lines of its
    /// configuration.
    pub fn made_by_openssl(
        &self,
        algorithm: &str,
        subject: &str,
        days: u32,
        extensions: &[&str],
    ) -> (Key, Vec<u8>) {
        let mut configuration =
            "[req]\ndistinguished_name = dn\nx509_extensions = ext\n[dn]\n[ext]\n".to_owned();
        configuration.push_str(&extensions.join("\n"));
        self.write("made.cnf", configuration.as_bytes());
        self.openssl(&format!("genpkey {algorithm} -out made.pem"));
        self.openssl("pkcs8 -topk8 -nocrypt -in made.pem -outform DER -out made.key");
        self.openssl(&format!(
            "req -x509 -new -key made.key -keyform DER -subj {subject} -days {days} -config made.cnf -outform DER -out made.der"
        ));
        (imported(&self.read("made.key")), self.read("made.der"))
    }

    /// An authority on P-256 that openssl made.
    pub fn authority(&self, permitted: Permitted, extensions: &[&str]) -> Result<Authority, AuthorityError> {
        let usual = [
            "basicConstraints = critical,CA:TRUE,pathlen:0",
            "keyUsage = critical,keyCertSign,cRLSign",
            "subjectKeyIdentifier = hash",
        ];
        let extensions = [&usual, extensions].concat();
        let (key, der) = self.made_by_openssl(P256, "/C=DE/O=Contoso/CN=Root", 3650, &extensions);
        self.write_pem("root.pem", &der);
        Authority::new(key, Certificate::from_der(&der).unwrap(), permitted, None)
    }
}

pub const P256: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";

/// Everything below contoso.com, for ten years.
pub fn generous() -> Permitted {
    Permitted {
        dns_suffixes: vec!["contoso.com".parse().unwrap()],
        wildcards: true,
        ip_ranges: vec!["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()],
        email_domains: vec!["contoso.com".parse().unwrap()],
        upn_domains: vec!["contoso.com".parse().unwrap()],
        uri_hosts: vec!["contoso.com".parse().unwrap()],
        subjects: vec![DistinguishedName::parse("O=Contoso, C=DE").unwrap()],
        extended_key_usages: vec![SERVER.parse().unwrap(), CLIENT.parse().unwrap()],
        longest_validity: 3650 * 24 * 60 * 60,
    }
}
