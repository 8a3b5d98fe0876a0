//! The files that become others by what was fetched.

use std::collections::{BTreeMap, BTreeSet};

use strongroom_core::{ObjectPath, Version};

use crate::{
    source::load::Reason,
    volume::{
        Content, ContentError, FilePath, Value,
        spec::{FileSpec, Given, Object, VolumeSpec},
    },
};

/// What was fetched of each object.
type Fetched = BTreeMap<ObjectPath, (Version, Value)>;

/// The files that become others by what was fetched.
#[derive(Debug)]
pub struct Made {
    /// Their contents.
    pub files: BTreeMap<FilePath, Content>,
    /// The objects of which the files keep the versions that they hold.
    pub refused: BTreeSet<ObjectPath>,
    /// Those of them whose value makes no content, and why. The others are in a file together with such a one.
    pub faults: BTreeMap<ObjectPath, Reason>,
}

/// Makes the files of which an object has another version than the files hold. An object that cannot be in all of its files is
/// in none of them.
pub fn make(spec: &VolumeSpec, held: &BTreeMap<Object, Version>, fetched: &Fetched) -> Made {
    let mut making = Making {
        watched: spec.watched(),
        held,
        fetched,
        refused: BTreeSet::new(),
        faults: BTreeMap::new(),
    };
    let mut made = BTreeMap::new();
    // What is refused for one file is refused for all, in which it may be beside others.
    while let Some(file) = spec.files.iter().find(|file| making.refuses(file, &mut made)) {
        let news = making.news_of(file);
        making.refused.extend(news);
    }
    let others = spec.files.iter().filter(|file| !making.news_of(file).is_empty());
    let files = others.filter_map(|file| Some((file.path.clone(), made.remove(&file.path)?.ok()?)));
    Made {
        files: files.collect(),
        refused: making.refused,
        faults: making.faults,
    }
}

struct Making<'a> {
    watched: BTreeMap<ObjectPath, &'a Object>,
    held: &'a BTreeMap<Object, Version>,
    fetched: &'a Fetched,
    refused: BTreeSet<ObjectPath>,
    faults: BTreeMap<ObjectPath, Reason>,
}

impl Making<'_> {
    /// Whether there is something new for the file, and it cannot be made of it.
    fn refuses(
        &mut self,
        file: &FileSpec,
        made: &mut BTreeMap<FilePath, Result<Content, ContentError>>,
    ) -> bool {
        if self.news_of(file).is_empty() {
            return false;
        }
        let given: Option<Vec<_>> = file.source.objects().map(|object| self.given(object)).collect();
        let Some(given) = given else { return true };
        let content = made
            .entry(file.path.clone())
            .or_insert_with(|| file.source.content_of(&given));
        let Err(error) = content else { return false };
        if let Some(object) = file.source.at_fault(error) {
            self.faults.insert(object.path(), error.clone().into());
        }
        true
    }

    /// The objects of the file that have another version than it holds.
    fn news_of(&self, file: &FileSpec) -> Vec<ObjectPath> {
        let is_new = |object: &&Object| {
            let version = self.given(object).and_then(|(_, version)| version);
            version.is_some() && self.held.get(*object).copied() != version
        };
        file.source.objects().filter(is_new).map(Object::path).collect()
    }

    /// What there is of the object to make files of.
    fn given(&self, object: &Object) -> Option<Given<'_>> {
        let path = object.path();
        if self.refused.contains(&path) || self.watched.get(&path) != Some(&object) {
            return None;
        }
        let (version, value) = self.fetched.get(&path)?;
        Some((value, Some(*version)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use strongroom_core::ObjectKind;
    use strongroom_crds::secret_ref::SecretEncoding;
    use strongroom_testing::Authority;

    use super::*;

    /// Two certificates, each in a store under one password, and an encoded secret.
    fn spec() -> VolumeSpec {
        let store = |name: &str| {
            let password = json!({"secret": "password"});
            let certificate = json!({"name": name, "part": "Bundle", "format": "JKS", "password": password});
            json!({"path": format!("{name}.jks"), "certificate": certificate})
        };
        let spec = json!({
            "vaultRef": {"name": "prod", "namespace": "team-a"}, "serviceAccountName": "api",
            "files": [
                store("tls-a"), store("tls-b"),
                {"path": "tls-a.crt", "certificate": {"name": "tls-a", "part": "Chain"}},
                {"path": "keytab", "secret": {"name": "keytab", "encoding": "Hex"}},
                {"path": "keytab.txt", "secret": {"name": "keytab"}},
            ],
        });
        VolumeSpec::parse(&serde_json::from_value(spec).unwrap()).unwrap()
    }

    fn version(number: u8) -> Version {
        Version::from_bytes([number; 16])
    }

    /// The first version of everything.
    fn held(spec: &VolumeSpec) -> BTreeMap<Object, Version> {
        let objects = spec.objects().into_iter();
        objects.map(|object| (object.clone(), version(1))).collect()
    }

    fn path(name: &str) -> ObjectPath {
        ObjectPath {
            kind: ObjectKind::Secrets,
            name: name.parse().unwrap(),
        }
    }

    fn value(text: &str) -> Value {
        Value::Secret(Content::from(text.as_bytes().to_vec()).into())
    }

    fn certificate() -> String {
        Authority::new("house").issue(&["shop"], &[], &[]).both()
    }

    /// What is made of these versions and values, by paths.
    fn made(fetched: &[(&str, u8, &str)]) -> (Vec<String>, Vec<String>, Vec<String>) {
        let spec = spec();
        let fetched = fetched
            .iter()
            .map(|(name, number, text)| (path(name), (version(*number), value(text))));
        let made = make(&spec, &held(&spec), &fetched.collect());
        let names =
            |objects: Vec<&ObjectPath>| objects.iter().map(|object| object.name.to_string()).collect();
        (
            made.files.keys().map(ToString::to_string).collect(),
            names(made.refused.iter().collect()),
            names(made.faults.keys().collect()),
        )
    }

    const NONE: &[String] = &[];

    #[test]
    fn of_two_certificates_under_one_password_each_is_renewed_without_the_other() {
        let (files, refused, faults) = made(&[("tls-a", 2, &certificate()), ("password", 1, "p")]);
        assert_eq!(files, ["tls-a.crt", "tls-a.jks"]);
        assert_eq!((refused.as_slice(), faults.as_slice()), (NONE, NONE));
    }

    #[test]
    fn a_new_password_waits_for_all_its_stores() {
        let tls = certificate();
        let (files, refused, faults) = made(&[("tls-a", 1, &tls), ("password", 2, "p")]);
        assert_eq!(files, NONE);
        assert_eq!((refused, faults.as_slice()), (vec!["password".to_owned()], NONE));
        let (files, refused, _) = made(&[("tls-a", 1, &tls), ("tls-b", 1, &tls), ("password", 2, "p")]);
        assert_eq!(files, ["tls-a.jks", "tls-b.jks"]);
        assert_eq!(refused, NONE);
    }

    #[test]
    fn what_waits_for_a_password_that_waits_waits_too() {
        let tls = certificate();
        let (files, refused, faults) =
            made(&[("tls-a", 2, &tls), ("tls-b", 2, "hunter2"), ("password", 2, "p")]);
        assert_eq!(files, NONE);
        assert_eq!(refused, ["password", "tls-a", "tls-b"]);
        assert_eq!(faults, ["tls-b"], "the others are as they should be");
    }

    #[test]
    fn what_is_as_the_files_have_it_makes_none_of_them_anew() {
        let tls = certificate();
        let (files, refused, _) = made(&[("tls-a", 1, &tls), ("tls-b", 1, &tls), ("password", 1, "p")]);
        assert_eq!((files.as_slice(), refused.as_slice()), (NONE, NONE));
    }

    #[test]
    fn what_cannot_be_in_one_of_its_files_is_in_none_and_keeps_nothing_else_back() {
        let (files, refused, faults) = made(&[
            ("keytab", 2, "CANARY"),
            ("tls-b", 2, &certificate()),
            ("password", 1, "p"),
        ]);
        assert_eq!(files, ["tls-b.jks"]);
        assert_eq!(
            (refused, faults),
            (vec!["keytab".to_owned()], vec!["keytab".to_owned()])
        );
        let spec = spec();
        let fetched = BTreeMap::from([(path("keytab"), (version(2), value("CANARY")))]);
        let faults = make(&spec, &held(&spec), &fetched).faults;
        let undecodable = Reason::Content(ContentError::Undecodable(SecretEncoding::Hex));
        assert_eq!(faults[&path("keytab")], undecodable);
    }
}
