//! The trust bundle as files show it. The node driver itself trusts the bundle that it was given, and nothing of what is
//! added here.

mod trust_store;

use std::{collections::BTreeMap, path::PathBuf};

use parking_lot::Mutex;
use pem::{EncodeConfig, LineEnding, Pem, PemError};
use strongroom_crds::secret_ref::{TrustBundle, TrustFormat, TrustRoots};
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;
use zeroize::Zeroizing;

use self::trust_store::{Entry, trust_store};
use super::read_bounded;
use crate::volume::Content;

/// The longest trust bundle that is read.
const MAX_BUNDLE: u64 = 256 << 10;

/// Why there is no such file.
#[derive(Debug, thiserror::Error)]
pub(super) enum BundleError {
    /// The driver's copy of the bundle.
    #[error(transparent)]
    Read(#[from] std::io::Error),
    /// It is no PEM.
    #[error("it is malformed: {0}")]
    Malformed(#[from] PemError),
    /// No certificate is in it.
    #[error("it holds no certificate")]
    Empty,
}

/// The files that a trust bundle becomes.
#[derive(Debug)]
pub(super) struct BundleFiles {
    path: PathBuf,
    made: Mutex<Made>,
}

/// What was made of one bundle, since all volumes of a node show the same few files.
#[derive(Debug, Default)]
struct Made {
    of: Zeroizing<Vec<u8>>,
    files: BTreeMap<TrustBundle, Content>,
}

impl BundleFiles {
    /// The files of the bundle that `path` holds.
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            made: Mutex::default(),
        }
    }

    /// The file that shows the bundle as it is now. The same bundle gives the same bytes, in another process too.
    pub(super) fn get(&self, wanted: TrustBundle) -> Result<Content, BundleError> {
        let bundle = read_bounded(&self.path, MAX_BUNDLE)?;
        let mut made = self.made.lock();
        if made.of != bundle {
            *made = Made {
                of: bundle,
                files: BTreeMap::new(),
            };
        }
        if let Some(known) = made.files.get(&wanted) {
            return Ok(known.clone());
        }
        let content = Content::from(make(&made.of, wanted)?);
        made.files.insert(wanted, content.clone());
        Ok(content)
    }
}

fn make(bundle: &[u8], wanted: TrustBundle) -> Result<Vec<u8>, BundleError> {
    let public = public(wanted.roots);
    match wanted.format {
        TrustFormat::Pem => Ok(concatenated(bundle, public)),
        TrustFormat::Pkcs12 => {
            let vault = pem::parse_many(bundle)?;
            if vault.is_empty() {
                return Err(BundleError::Empty);
            }
            let vault = (1..).zip(vault.iter().map(Pem::contents));
            let vault = vault.map(|(number, der)| Entry::new(format!("vault-{number}"), der));
            let public = (1..).zip(public);
            let public = public.map(|(number, der)| Entry::new(format!("public-{number}"), der));
            Ok(trust_store(vault.chain(public)))
        }
    }
}

/// The public authorities of `roots`, as DER.
fn public(roots: TrustRoots) -> impl Iterator<Item = &'static [u8]> {
    let wanted = match roots {
        TrustRoots::Vault => 0,
        TrustRoots::System => TLS_SERVER_ROOT_CERTS.len(),
    };
    TLS_SERVER_ROOT_CERTS.iter().take(wanted).map(AsRef::as_ref)
}

/// The bundle as it is, and the others after it.
fn concatenated(bundle: &[u8], others: impl Iterator<Item = &'static [u8]>) -> Vec<u8> {
    let lines = EncodeConfig::new().set_line_ending(LineEnding::LF);
    let mut text = bundle.to_vec();
    for other in others {
        if !text.ends_with(b"\n") {
            text.push(b'\n');
        }
        text.extend(pem::encode_config(&Pem::new("CERTIFICATE", other), lines).into_bytes());
    }
    text
}

#[cfg(test)]
mod tests {
    use strongroom_testing::Authority;

    use super::*;

    fn all() -> impl Iterator<Item = TrustBundle> {
        let formats = [TrustFormat::Pem, TrustFormat::Pkcs12];
        formats.into_iter().flat_map(|format| {
            [TrustRoots::Vault, TrustRoots::System].map(|roots| TrustBundle { roots, format })
        })
    }

    fn der(pem: &str) -> Vec<u8> {
        pem::parse(pem).unwrap().into_contents()
    }

    /// Whether the file holds each of them.
    fn holds(file: &Content, format: TrustFormat, certificates: &[&[u8]]) -> Vec<bool> {
        let parts = match format {
            TrustFormat::Pem => pem::parse_many(file.as_bytes()).unwrap(),
            TrustFormat::Pkcs12 => vec![Pem::new("PKCS12", file.as_bytes())],
        };
        certificates
            .iter()
            .map(|&certificate| {
                let holds = |part: &Pem| {
                    part.contents()
                        .windows(certificate.len())
                        .any(|at| at == certificate)
                };
                parts.iter().any(holds)
            })
            .collect()
    }

    #[test]
    fn each_file_holds_the_bundle_as_it_is_now_and_the_public_roots_where_they_are_asked_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.crt");
        let (old, new) = (Authority::new("old").pem(), Authority::new("new").pem());
        let files = BundleFiles::new(path.clone());
        // Without the last line's end, and with two.
        for (bundle, has_new) in [
            (old.trim_end().to_owned(), false),
            (format!("{old}\n{new}\n"), true),
        ] {
            std::fs::write(&path, &bundle).unwrap();
            for wanted in all() {
                let file = files.get(wanted).unwrap();
                let holds = |certificates: &[&[u8]]| holds(&file, wanted.format, certificates);
                assert_eq!(holds(&[&der(&old), &der(&new)]), [true, has_new], "{wanted:?}");
                let roots: Vec<_> = public(TrustRoots::System).collect();
                let is_public = wanted.roots == TrustRoots::System;
                assert_eq!(holds(&roots), vec![is_public; roots.len()], "{wanted:?}");
            }
            let plain = files.get(TrustBundle::default()).unwrap();
            assert_eq!(plain.as_bytes(), bundle.as_bytes(), "the bundle as it is");
        }
    }

    #[test]
    fn another_process_makes_the_same_bytes_of_the_same_bundle() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.crt");
        std::fs::write(&path, Authority::new("old").pem()).unwrap();
        for wanted in all() {
            let file = || BundleFiles::new(path.clone()).get(wanted).unwrap();
            assert_eq!(file(), file(), "{wanted:?}");
        }
    }

    #[test]
    fn no_trust_store_is_made_of_a_bundle_that_is_away_or_holds_no_certificate() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.crt");
        let files = BundleFiles::new(path.clone());
        let store = TrustBundle {
            format: TrustFormat::Pkcs12,
            ..TrustBundle::default()
        };
        assert!(matches!(files.get(store), Err(BundleError::Read(_))));
        std::fs::write(
            &path,
            "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
        )
        .unwrap();
        assert!(matches!(files.get(store), Err(BundleError::Malformed(_))));
        std::fs::write(&path, "none").unwrap();
        assert!(matches!(files.get(store), Err(BundleError::Empty)));
    }
}
