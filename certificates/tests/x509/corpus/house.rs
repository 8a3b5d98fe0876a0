//! Authorities as a vault has them: imported, with the certificates above them.

use strongroom_certificates::{
    authority::{Authority, Permitted},
    certificate::Certificate,
    issue,
    name::DistinguishedName,
    profile::Profile,
    serial::Serial,
};
use strongroom_keys::{Key, PublicKey};

use super::usages;
use crate::{
    judges::{Case, Question},
    support::{Folder, P256, imported, serial},
};

/// Longer than the longest certificate that is signed.
const DAYS: u32 = 110 * 366;

const USUAL: [&str; 3] = [
    "basicConstraints = critical,CA:TRUE",
    "keyUsage = critical,keyCertSign,cRLSign",
    "subjectKeyIdentifier = hash",
];

/// What signs for others, and what leads from it to the root that is trusted.
pub struct House {
    authority: Authority,
    intermediates: Vec<Vec<u8>>,
    root: Vec<u8>,
}

impl House {
    /// A root with a key of an algorithm, whose certificates say that its list of revoked ones is at the URL.
    pub fn root(algorithm: &str, extensions: &[&str], list: Option<&str>) -> Self {
        let extensions = [&USUAL, extensions].concat();
        let folder = Folder::new();
        let (key, root) = folder.made_by_openssl(algorithm, "/C=DE/O=Contoso/CN=Root", DAYS, &extensions);
        Self {
            authority: authority(key, &root, list),
            intermediates: Vec::new(),
            root,
        }
    }

    /// An authority below a root that the vault does not have the key of, each with its own extensions.
    pub fn below_a_root(of_root: &[&str], own: &[&str]) -> Self {
        let root = Root::new(of_root);
        let below = root.below(own);
        Self {
            authority: authority(root.key_below(), &below, None),
            intermediates: vec![below],
            root: root.der,
        }
    }

    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// What it signs for a key.
    pub fn signed(&self, name: &str, key: &PublicKey, profile: &Profile, questions: Vec<Question>) -> Case {
        self.signed_as(serial(), name, key, profile, questions)
    }

    /// The same with a serial number of its own.
    pub fn signed_as(
        &self,
        serial: Serial,
        name: &str,
        key: &PublicKey,
        profile: &Profile,
        questions: Vec<Question>,
    ) -> Case {
        Case {
            name: format!("{name}, signed by {}", self.authority.certificate().subject()),
            leaf: issue::by_authority(&self.authority, key, profile, serial).unwrap(),
            intermediates: self.intermediates.clone(),
            root: self.root.clone(),
            questions,
            list: None,
            refused_by: Vec::new(),
        }
    }
}

/// A root, and one key below it that it certifies as often as it is asked.
pub struct Root {
    folder: Folder,
    pub der: Vec<u8>,
}

impl Root {
    pub fn new(extensions: &[&str]) -> Self {
        let folder = Folder::new();
        let extensions = [&USUAL, extensions].concat();
        let (_, der) = folder.made_by_openssl(P256, "/C=DE/O=Contoso/CN=Root", DAYS, &extensions);
        folder.write_pem("root.pem", &der);
        folder.openssl("pkey -inform DER -in made.key -out root.key");
        folder.openssl(&format!("genpkey {P256} -out below.key"));
        folder.openssl("pkcs8 -topk8 -nocrypt -in below.key -outform DER -out below.der");
        folder.openssl(
            "req -new -key below.key -subj /C=DE/O=Contoso/CN=Below -config made.cnf -out below.csr",
        );
        Self { folder, der }
    }

    /// The certificate of the authority below it, with these extensions.
    pub fn below(&self, extensions: &[&str]) -> Vec<u8> {
        let usual = [&USUAL[..], &["authorityKeyIdentifier = keyid"]].concat();
        let extensions = [&usual, extensions].concat().join("\n");
        self.folder
            .write("below.cnf", format!("[ext]\n{extensions}\n").as_bytes());
        self.folder.openssl(&format!(
            "x509 -req -in below.csr -CA root.pem -CAkey root.key -set_serial 2 -days {DAYS} \
             -extfile below.cnf -extensions ext -outform DER -out below.crt"
        ));
        self.folder.read("below.crt")
    }

    /// The key of the authority below it.
    pub fn key_below(&self) -> Key {
        imported(&self.folder.read("below.der"))
    }
}

/// An authority that permits whatever can be permitted.
pub fn authority(key: Key, certificate: &[u8], list: Option<&str>) -> Authority {
    let everywhere = || vec![".".parse().unwrap()];
    let permitted = Permitted {
        dns_suffixes: everywhere(),
        wildcards: true,
        ip_ranges: vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()],
        email_domains: everywhere(),
        upn_domains: everywhere(),
        uri_hosts: everywhere(),
        subjects: vec![DistinguishedName::default()],
        extended_key_usages: usages::ALL.map(|usage| usage.parse().unwrap()).to_vec(),
        longest_validity: 101 * 366 * 24 * 60 * 60,
    };
    let certificate = Certificate::from_der(certificate).unwrap();
    Authority::new(key, certificate, permitted, list.map(str::to_owned)).unwrap()
}
