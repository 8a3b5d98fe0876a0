//! The manifests of a deployment: the very files that a cluster is given. What an API server would refuse is refused with its
//! sentence.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;
use serde_json::Value;
use strongroom_admission::create_strictly;
use strongroom_core::{AccountName, VaultRef};
use strongroom_crds::{AccessPolicy, SecretRef, Vault, access_policy::SubjectMember, vault::VaultSpec};

use crate::place::read_bounded;

/// The longest file that is read.
const MAX_FILE: u64 = 16 << 20;

/// The API group of our kinds.
const GROUP: &str = "strongroom.dev/";

/// The one version of them.
const API_VERSION: &str = "strongroom.dev/v1alpha1";

/// Why a file is none.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Read { path: PathBuf, source: io::Error },
    /// It is no YAML.
    #[error("{} is no YAML: {reason}", path.display())]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Yaml { path: PathBuf, reason: String },
    /// An object of ours is not what a cluster takes.
    #[error("{}: {object}: {reason}", path.display())]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Object {
        path: PathBuf,
        object: String,
        reason: String,
    },
    /// A vault is there twice.
    #[error("the Vault {0} is there twice")]
    Twice(VaultRef),
    /// There is no vault.
    #[error("there is no Vault in the files")]
    NoVault,
    /// A policy is about a vault that is not there.
    #[error("AccessPolicy {policy}: there is no Vault {vault} in the files")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Unknown { policy: String, vault: VaultRef },
}

/// What is in the files.
#[derive(Debug, Default)]
pub struct Manifests {
    /// The vaults, in the order of the files.
    pub vaults: Vec<(VaultRef, VaultSpec)>,
    /// Who may do what.
    pub policies: Vec<AccessPolicy>,
    /// Which objects become which files.
    pub references: Vec<SecretRef>,
    /// Every account that an object names.
    pub accounts: Vec<AccountName>,
    /// Which vault each policy is about, and the policy's place and name.
    about: Vec<(VaultRef, String)>,
    /// How many objects of other kinds there are, which a laptop has no use for.
    pub others: usize,
}

impl Manifests {
    /// Reads files, the YAML files of directories, and standard input for `-`.
    ///
    /// # Errors
    /// The first that is none.
    pub fn read(paths: &[PathBuf]) -> Result<Self, ManifestError> {
        let mut manifests = Self::default();
        for path in paths {
            if path.is_dir() {
                for file in files_of(path)? {
                    manifests.add_file(&file)?;
                }
            } else {
                manifests.add_file(path)?;
            }
        }
        manifests.check()?;
        Ok(manifests)
    }

    /// Each policy must be about one of the vaults: one that is about none would be passed over.
    fn check(&self) -> Result<(), ManifestError> {
        let mut known = BTreeSet::new();
        for (vault, _) in &self.vaults {
            if !known.insert(vault) {
                return Err(ManifestError::Twice(vault.clone()));
            }
        }
        if known.is_empty() {
            return Err(ManifestError::NoVault);
        }
        for (vault, policy) in &self.about {
            if !known.contains(vault) {
                return Err(ManifestError::Unknown {
                    policy: policy.clone(),
                    vault: vault.clone(),
                });
            }
        }
        Ok(())
    }

    fn add_file(&mut self, path: &Path) -> Result<(), ManifestError> {
        let text = read(path)?;
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(&text).map_err(|error| ManifestError::Yaml {
                path: path.to_owned(),
                // What the parser says may quote a line, and a Secret may be beside it.
                reason: match error.location() {
                    Some(location) => format!("line {} cannot be read", location.line()),
                    None => "it cannot be read".to_owned(),
                },
            })?;
        for document in documents.into_iter().filter(|document| !document.is_null()) {
            self.add(path, &document)?;
        }
        Ok(())
    }

    fn add(&mut self, path: &Path, object: &Value) -> Result<(), ManifestError> {
        let text = |pointer: &str| {
            object
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let (version, kind) = (text("/apiVersion"), text("/kind").to_owned());
        let namespace = Some(text("/metadata/namespace")).filter(|namespace| !namespace.is_empty());
        let namespace = namespace.unwrap_or("default").to_owned();
        let name = text("/metadata/name").to_owned();
        let at = At {
            path,
            object: format!("{kind} {namespace}/{name}"),
        };
        if version.starts_with(GROUP) {
            match kind.as_str() {
                "Vault" => {
                    let vault: Vault = at.admit(object)?;
                    at.said(vault.spec.check())?;
                    let reference = VaultRef::new(at.said(namespace.parse())?, at.said(name.parse())?);
                    self.vaults.push((reference, vault.spec));
                }
                "AccessPolicy" => {
                    let mut policy: AccessPolicy = at.admit(object)?;
                    let about = VaultRef::new(at.said(namespace.parse())?, at.said(policy.spec.vault())?);
                    self.about.push((about, format!("{namespace}/{name}")));
                    policy.metadata.namespace = Some(namespace);
                    for subject in at.said(policy.spec.subjects())? {
                        if let SubjectMember::ServiceAccount(account) = subject {
                            self.accounts.push(account);
                        }
                    }
                    self.policies.push(policy);
                }
                "SecretRef" => {
                    let mut reference: SecretRef = at.admit(object)?;
                    let account = format!("{namespace}:{}", reference.spec.service_account_name);
                    self.accounts.push(at.said(account.parse())?);
                    reference.metadata.namespace = Some(namespace);
                    self.references.push(reference);
                }
                _ => self.others += 1,
            }
        } else if (version, kind.as_str()) == ("v1", "ServiceAccount") {
            self.accounts
                .push(at.said(format!("{namespace}:{name}").parse())?);
        } else {
            self.others += 1;
        }
        Ok(())
    }
}

/// Where an object was found.
struct At<'a> {
    path: &'a Path,
    object: String,
}

impl At<'_> {
    /// The object as an API server would store it.
    fn admit<T: DeserializeOwned>(&self, object: &Value) -> Result<T, ManifestError> {
        let version = object
            .get("apiVersion")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if version != API_VERSION {
            return self.said(Err(format!(
                "there is no version {version} of it: the one that there is is {API_VERSION}"
            )));
        }
        let name = object.pointer("/metadata/name").and_then(Value::as_str);
        if name.is_none_or(str::is_empty) {
            return self.said(Err("metadata.name: Required value: name is required"));
        }
        self.said(serde_json::from_value(self.said(create_strictly(object))?))
    }

    fn said<T, E: std::fmt::Display>(&self, result: Result<T, E>) -> Result<T, ManifestError> {
        result.map_err(|error| ManifestError::Object {
            path: self.path.to_owned(),
            object: self.object.clone(),
            reason: error.to_string(),
        })
    }
}

/// The YAML and JSON files of a directory, in the order of their names.
fn files_of(directory: &Path) -> Result<Vec<PathBuf>, ManifestError> {
    let failed = |source| ManifestError::Read {
        path: directory.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if matches!(extension, Some("yaml" | "yml" | "json")) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<String, ManifestError> {
    let read = if path == Path::new("-") {
        read_bounded(io::stdin().lock(), MAX_FILE)
    } else {
        fs::File::open(path).and_then(|file| read_bounded(file, MAX_FILE))
    };
    read.map_err(|source| ManifestError::Read {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VAULT: &str = "{apiVersion: strongroom.dev/v1alpha1, kind: Vault, metadata: {name: prod, namespace: a}, spec: SPEC}";

    fn policy(vault: &str) -> String {
        format!(
            "{{apiVersion: strongroom.dev/v1alpha1, kind: AccessPolicy, metadata: {{name: p, namespace: a}}, spec: {{\
             vaultRef: {{name: {vault}}}, effect: Allow, subjects: [{{serviceAccount: {{namespace: shop, name: api}}}}], \
             objects: [x], permissions: {{secrets: [get]}}}}}}"
        )
    }

    fn of(documents: &[&str]) -> Result<Manifests, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f.yaml");
        fs::write(&path, documents.join("\n---\n")).unwrap();
        let read = Manifests::read(&[path]);
        read.map_err(|error| {
            error
                .to_string()
                .replace(&directory.path().display().to_string(), "")
        })
    }

    #[test]
    fn what_would_be_passed_over_in_silence_is_refused() {
        let vault = VAULT.replace("SPEC", "{}");
        assert_eq!(of(&[&vault, &policy("prod")]).unwrap().accounts.len(), 1);
        for (documents, said) in [
            (vec![policy("prod")], "there is no Vault in the files"),
            (
                vec![vault.clone(), policy("other")],
                "AccessPolicy a/p: there is no Vault a/other in the files",
            ),
            (
                vec![vault.clone(), vault.clone()],
                "the Vault a/prod is there twice",
            ),
            (
                vec![vault.clone(), "a: {CANARY".to_owned()],
                "/f.yaml is no YAML: line 3 cannot be read",
            ),
        ] {
            let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
            assert_eq!(of(&documents).unwrap_err(), said);
        }
        let stale = VAULT.replace("SPEC", "{policy: {maxStaleness: soon}}");
        let refused = of(&[&stale]).unwrap_err();
        assert!(refused.starts_with("/f.yaml: Vault a/prod: "), "{refused}");
    }
}
