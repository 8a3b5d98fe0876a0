//! Policies and SecretRefs in the files that a cluster is given.
//!
//! What would be passed over in silence could be a Deny, so a file that cannot be read in whole is refused.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;
use serde_json::Value;
use strongroom_core::NamespaceName;
use strongroom_crds::{AccessPolicy, GROUP, SecretRef, VERSION};

use super::read::StoredPolicy;
use crate::failure::PolicyFailure;

/// The longest file that is read.
const MAX_FILE: u64 = 16 << 20;

/// What is in the files.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// The policies, in the order of the files.
    pub(super) policies: Vec<StoredPolicy>,
    pub(super) references: Vec<SecretRef>,
    /// The namespaces of the vaults and policies.
    pub(super) namespaces: BTreeSet<NamespaceName>,
}

impl Files {
    /// Reads files, the YAML and JSON files of directories, and standard input for `-`. What names no namespace is in `home`.
    pub(super) fn read(
        paths: &[PathBuf],
        is_recursive: bool,
        home: &NamespaceName,
    ) -> Result<Self, PolicyFailure> {
        let mut files = Self::default();
        for path in paths {
            if path.is_dir() {
                for file in files_of(path, is_recursive)? {
                    files.add_file(&file, home)?;
                }
            } else {
                files.add_file(path, home)?;
            }
        }
        Ok(files)
    }

    fn add_file(&mut self, path: &Path, home: &NamespaceName) -> Result<(), PolicyFailure> {
        let text = read(path)?;
        let documents = serde_saphyr::from_multiple::<Value>(&text).map_err(|error| {
            PolicyFailure::Yaml {
                path: path.to_owned(),
                // What the parser says may quote a line, and a Secret may be beside it.
                line: error.location().map(|location| location.line()),
            }
        })?;
        for document in documents {
            self.add(path, document, home)?;
        }
        Ok(())
    }

    fn add(&mut self, path: &Path, mut object: Value, home: &NamespaceName) -> Result<(), PolicyFailure> {
        let text = |pointer: &str| {
            object
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let (version, kind) = (text("/apiVersion").to_owned(), text("/kind").to_owned());
        let is_ours = version.split_once('/').is_some_and(|(group, _)| group == GROUP);
        // As kubectl does: what has items is a list, which says what they are where they do not.
        if let Some(items) = object.get("items").and_then(Value::as_array) {
            for item in items {
                let mut item = item.clone();
                if let Some(members) = item.as_object_mut() {
                    let of_list = [
                        ("apiVersion", version.as_str()),
                        ("kind", kind.trim_end_matches("List")),
                    ];
                    for (member, value) in of_list {
                        members.entry(member).or_insert_with(|| value.into());
                    }
                }
                self.add(path, item, home)?;
            }
            return Ok(());
        }
        if !is_ours {
            return Ok(());
        }
        let namespace = Some(text("/metadata/namespace")).filter(|namespace| !namespace.is_empty());
        let namespace = namespace.unwrap_or(home.as_str()).to_owned();
        let name = text("/metadata/name").to_owned();
        let at = At {
            path,
            object: format!("{kind} {namespace}/{name}"),
        };
        at.check(&version, &name)?;
        let parsed: NamespaceName = at.said(namespace.parse())?;
        set_namespace(&mut object, &namespace);
        match kind.as_str() {
            "AccessPolicy" => {
                let policy: AccessPolicy = at.parse(object)?;
                self.add_policy(at.said(StoredPolicy::of_file(&policy))?)?;
                self.namespaces.insert(parsed);
            }
            "SecretRef" => self.references.push(at.parse(object)?),
            "Vault" => {
                self.namespaces.insert(parsed);
            }
            _ => {}
        }
        Ok(())
    }

    fn add_policy(&mut self, policy: StoredPolicy) -> Result<(), PolicyFailure> {
        if self.policies.iter().any(|other| other.is_same(&policy)) {
            return Err(PolicyFailure::Twice(format!(
                "{}/{}",
                policy.namespace, policy.name
            )));
        }
        self.policies.push(policy);
        Ok(())
    }
}

fn set_namespace(object: &mut Value, namespace: &str) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("namespace".to_owned(), namespace.into());
    }
}

/// Where an object was found.
struct At<'a> {
    path: &'a Path,
    object: String,
}

impl At<'_> {
    /// Whether this release reads the object at all.
    fn check(&self, version: &str, name: &str) -> Result<(), PolicyFailure> {
        let known = format!("{GROUP}/{VERSION}");
        if version != known {
            return self.said(Err(format!("its apiVersion is not {known}")));
        }
        if name.is_empty() {
            return self.said(Err("it has no metadata.name"));
        }
        Ok(())
    }

    fn parse<T: DeserializeOwned>(&self, object: Value) -> Result<T, PolicyFailure> {
        self.said(serde_json::from_value(object))
    }

    fn said<T, E: std::fmt::Display>(&self, result: Result<T, E>) -> Result<T, PolicyFailure> {
        result.map_err(|error| PolicyFailure::Object {
            path: self.path.to_owned(),
            object: self.object.clone(),
            reason: error.to_string(),
        })
    }
}

/// The YAML and JSON files of a directory, in the order of their names; with those below it where it is recursive.
fn files_of(directory: &Path, is_recursive: bool) -> Result<Vec<PathBuf>, PolicyFailure> {
    let failed = |source| PolicyFailure::Read {
        path: directory.to_owned(),
        source,
    };
    let (mut files, mut below) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        // A directory that is a link could lead back to where it is.
        if entry.file_type().map_err(failed)?.is_dir() {
            below.push(path);
        } else if matches!(extension, Some("yaml" | "yml" | "json")) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    below.sort();
    if is_recursive {
        for directory in below {
            files.extend(files_of(&directory, is_recursive)?);
        }
    }
    Ok(files)
}

fn read(path: &Path) -> Result<String, PolicyFailure> {
    let failed = |source| PolicyFailure::Read {
        path: path.to_owned(),
        source,
    };
    let mut text = String::new();
    let length = if path == Path::new("-") {
        io::stdin().lock().take(MAX_FILE + 1).read_to_string(&mut text)
    } else {
        let file = fs::File::open(path).map_err(failed)?;
        file.take(MAX_FILE + 1).read_to_string(&mut text)
    };
    match length {
        Ok(length) if length as u64 > MAX_FILE => Err(failed(io::ErrorKind::FileTooLarge.into())),
        Ok(_) => Ok(text),
        Err(error) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use strongroom_testing::Directory;

    use super::*;

    const POLICY: &str = "{apiVersion: strongroom.dev/v1alpha1, kind: AccessPolicy, metadata: {name: p}, spec: {\
         vaultRef: {name: prod}, effect: Allow, subjects: [{serviceAccount: {namespace: shop, name: api}}], \
         objects: [x], permissions: {secrets: [get]}}}";

    fn read(files: &[(&str, &str)], is_recursive: bool) -> Result<Files, String> {
        let directory = Directory::new();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let read = Files::read(
            &[directory.path().to_owned()],
            is_recursive,
            &"team-a".parse().unwrap(),
        );
        let place = directory.path().display().to_string();
        read.map_err(|error| error.to_string().replace(&place, ""))
    }

    fn names(files: &Files) -> Vec<String> {
        let names = files.policies.iter();
        names
            .map(|policy| format!("{}/{}", policy.namespace, policy.name))
            .collect()
    }

    #[test]
    fn policies_are_found_in_documents_and_in_lists_and_without_a_namespace_are_in_that_of_the_command() {
        let other = POLICY.replace("{name: p}", "{name: q, namespace: team-b}");
        let list = format!("{{apiVersion: v1, kind: List, items: [{other}, {{kind: ConfigMap}}]}}");
        let files = read(
            &[("a.yaml", &format!("{POLICY}\n---\n---\n{list}")), ("b.txt", "{")],
            false,
        );
        let files = files.unwrap();
        assert_eq!(names(&files), ["team-a/p", "team-b/q"]);
        let namespaces: Vec<_> = files.namespaces.iter().map(ToString::to_string).collect();
        assert_eq!(namespaces, ["team-a", "team-b"]);
    }

    #[test]
    fn directories_below_are_read_on_request_alone() {
        let below = [("a.yaml", ""), ("below/b.yml", POLICY)];
        assert!(read(&below, false).unwrap().policies.is_empty());
        assert_eq!(names(&read(&below, true).unwrap()), ["team-a/p"]);
    }

    #[test]
    fn what_would_be_passed_over_in_silence_is_refused() {
        let object = "/f.yaml: AccessPolicy team-a/p: ";
        let cases = [
            (
                format!("{POLICY}\n---\n{POLICY}"),
                "the AccessPolicy team-a/p is there twice".to_owned(),
            ),
            (
                POLICY.replace("v1alpha1", "v2"),
                format!("{object}its apiVersion is not strongroom.dev/v1alpha1"),
            ),
            (
                POLICY.replace("objects: [x]", "objects: [a*b]"),
                format!("{object}spec.objects[0]: "),
            ),
            (
                POLICY.replace("objects: [x]", "objects: [x], unless: true"),
                format!("{object}unknown field"),
            ),
            (
                POLICY.replace("effect: Allow", "effect: Perhaps"),
                format!("{object}spec.effect holds a value"),
            ),
            (
                POLICY.replace("{name: p}", "{labels: {}}"),
                "/f.yaml: AccessPolicy team-a/: it has no".to_owned(),
            ),
            (
                "a: {CANARY".to_owned(),
                "/f.yaml cannot be read as YAML".to_owned(),
            ),
        ];
        for (text, said) in cases {
            let refused = read(&[("f.yaml", &text)], false).unwrap_err();
            assert!(
                refused.starts_with(&said) && !refused.contains("CANARY"),
                "{refused}"
            );
        }
    }
}
