//! The specs that a SecretRef may have.

use strongroom_core::{ObjectKind, ObjectPath, VaultRef, Version};
use strongroom_crds::secret_ref::{
    CertificateFormat, CertificatePart, CertificateStore, KeyEncoding, StoreContents, StoreFormat,
    TrustBundle,
};
use strongroom_csi::volume::spec::{FileSpec, Object, Source, VolumeSpec};

/// What a SecretRef asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// `a`: db and `b`: other, of the first vault.
    Both,
    /// The same, but db pinned to its first version.
    Pinned,
    /// `a`: db of the second vault.
    Moved,
    /// `ca`: the trust bundle.
    Bundle,
    /// `a`: db of the first vault, and `ca`.
    WithBundle,
    /// `b`: other of the second vault, and `ca`.
    MovedWithBundle,
    /// Of the first vault: `a`: db, `b`: other pinned to its first version, `c`: db pinned to its first version, and `ca`.
    FollowedAndPinned,
    /// Of the first vault: `a`: db, `b`: the key db as PEM, `c`: the key other as JWK pinned to its first version.
    WithKeys,
    /// Of the first vault: `a`: the secret tls, `tls.crt`: the chain of the certificate in it, `tls.key`: its private key, and `b`: other.
    Certificate,
    /// Of the first vault: `a`: the secret tls, `b`: other, `key.jks`: the certificate in tls under the password other, and
    /// `d`: db.
    Store,
    /// The same, and `old`: other pinned to its first version, and `ca.jks`: the authorities of tls under that password.
    StoreOfBoth,
}

impl Wanted {
    /// All but that of a certificate: histories are about objects, whatever one file shows of one of them.
    pub const ALL: [Self; 10] = [
        Self::Both,
        Self::Pinned,
        Self::Moved,
        Self::Bundle,
        Self::WithBundle,
        Self::MovedWithBundle,
        Self::FollowedAndPinned,
        Self::WithKeys,
        Self::Store,
        Self::StoreOfBoth,
    ];
}

pub fn version(number: u128) -> Version {
    Version::from_bytes(number.to_be_bytes())
}

pub fn object(name: &str, pin: Option<u128>) -> Object {
    Object {
        kind: ObjectKind::Secrets,
        name: name.parse().unwrap(),
        version: pin.map(version),
    }
}

pub fn key_of(name: &str, pin: Option<u128>) -> Object {
    Object {
        kind: ObjectKind::Keys,
        ..object(name, pin)
    }
}

/// The secret of that name, or the key where `name` begins with `key `.
pub fn path(name: &str) -> ObjectPath {
    match name.strip_prefix("key ") {
        Some(name) => key_of(name, None).path(),
        None => object(name, None).path(),
    }
}

fn vault(number: usize) -> VaultRef {
    VaultRef {
        namespace: ["team-a", "team-b"][number].parse().unwrap(),
        name: "prod".parse().unwrap(),
    }
}

pub fn index(key: &VaultRef) -> usize {
    usize::from(*key != vault(0))
}

/// A store of the certificate in tls, under the password other.
fn store(path: &str, holds: StoreContents, pin: Option<u128>) -> FileSpec {
    let format = StoreFormat::Jks;
    FileSpec {
        path: path.parse().unwrap(),
        mode: None,
        source: Source::Store {
            object: object("tls", None),
            store: CertificateStore { holds, format },
            password: object("other", pin),
        },
    }
}

/// What every world with a store shows. The files that have the numbers of versions come before stores.
fn stores(secret: &impl Fn(&str, &str, Option<u128>) -> FileSpec) -> [FileSpec; 4] {
    [
        secret("a", "tls", None),
        secret("b", "other", None),
        store("key.jks", StoreContents::KeyAndChain, None),
        secret("d", "db", None),
    ]
}

pub fn of(wanted: Wanted) -> VolumeSpec {
    let secret = |path: &str, name: &str, pin| FileSpec {
        path: path.parse().unwrap(),
        mode: None,
        source: Source::Secret(object(name, pin)),
    };
    let bundle = FileSpec {
        path: "ca".parse().unwrap(),
        mode: None,
        source: Source::TrustBundle(TrustBundle::default()),
    };
    let (number, files) = match wanted {
        Wanted::Both => (0, vec![secret("a", "db", None), secret("b", "other", None)]),
        Wanted::Pinned => (0, vec![secret("a", "db", Some(1)), secret("b", "other", None)]),
        Wanted::Moved => (1, vec![secret("a", "db", None)]),
        Wanted::Bundle => (0, vec![bundle]),
        Wanted::WithBundle => (0, vec![secret("a", "db", None), bundle]),
        Wanted::MovedWithBundle => (1, vec![secret("b", "other", None), bundle]),
        Wanted::FollowedAndPinned => {
            let secrets = [
                secret("a", "db", None),
                secret("b", "other", Some(1)),
                secret("c", "db", Some(1)),
            ];
            (0, secrets.into_iter().chain([bundle]).collect())
        }
        Wanted::WithKeys => {
            let key = |path: &str, object, encoding| FileSpec {
                path: path.parse().unwrap(),
                mode: None,
                source: Source::Key { object, encoding },
            };
            let keys = [
                key("b", key_of("db", None), KeyEncoding::Pem),
                key("c", key_of("other", Some(1)), KeyEncoding::Jwk),
            ];
            (0, [secret("a", "db", None)].into_iter().chain(keys).collect())
        }
        Wanted::Certificate => {
            let certificate = |path: &str, part| FileSpec {
                path: path.parse().unwrap(),
                mode: None,
                source: Source::Certificate {
                    object: object("tls", None),
                    part,
                },
            };
            let files = [
                secret("a", "tls", None),
                certificate("tls.crt", CertificatePart::Chain),
                certificate("tls.key", CertificatePart::PrivateKey(CertificateFormat::Pem)),
                secret("b", "other", None),
            ];
            (0, files.into())
        }
        Wanted::Store => (0, stores(&secret).into()),
        Wanted::StoreOfBoth => {
            let old = secret("old", "other", Some(1));
            let pinned = store("ca.jks", StoreContents::Authorities, Some(1));
            let files = [old].into_iter().chain(stores(&secret));
            (0, files.chain([pinned]).collect())
        }
    };
    VolumeSpec {
        vault: vault(number),
        files,
    }
}
