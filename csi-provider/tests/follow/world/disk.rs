//! The files. Each holds the number of its version, so that a test can distinguish older files from newer ones.

use std::collections::BTreeMap;

use strongroom_core::{ObjectKind, Version};
use strongroom_csi::{
    follow::state::Change,
    volume::{
        Content, File, FilePath, Image, KeyFiles, Value,
        spec::{FileSpec, Object, Source, VolumeSpec},
        tree::Written,
    },
};

use super::{
    spec::{self, Wanted},
    vault::Vault,
};

#[derive(Default)]
pub struct Disk {
    files: BTreeMap<FilePath, Content>,
    spec: Option<VolumeSpec>,
    acknowledged: BTreeMap<(usize, Object), Version>,
    /// The newest trust bundle.
    pub bundle: u32,
    pub writes: u64,
    /// What the files are asked for with once they are replaced.
    pub next: Option<Wanted>,
}

impl Disk {
    /// What a file holds: of a key, in words that say its encoding before the number.
    pub fn read(&self, path: &str) -> Option<String> {
        let content = self.files.get(&path.parse().unwrap())?;
        Some(String::from_utf8(content.as_bytes().to_vec()).unwrap())
    }

    /// The version of an object in the files.
    pub fn version(&self, object: &Object) -> Option<Version> {
        let file = self.spec.as_ref()?.files_of(object).next()?;
        let text = self.read(file.path.as_str())?;
        let number = text.rsplit(' ').next().unwrap();
        Some(spec::version(number.parse().unwrap()))
    }

    pub fn acknowledged(&mut self, vault: usize, object: &Object, version: Version) {
        self.acknowledged.insert((vault, object.clone()), version);
    }

    /// What a spec reads as now.
    pub fn image(&self, spec: &VolumeSpec, vaults: &[Vault; 2]) -> Image {
        let vault = &vaults[spec::index(&spec.vault)];
        let mut image = Image::default();
        for file in &spec.files {
            let content = match &file.source {
                Source::TrustBundle(_) => self.bundle.to_string().into_bytes().into(),
                Source::Secret(_)
                | Source::Decoded { .. }
                | Source::Certificate { .. }
                | Source::Store { .. }
                | Source::Key { .. } => made(file, vault, |object| vault.current(object).unwrap()),
            };
            image
                .files
                .insert(file.path.clone(), File { mode: 0o444, content });
        }
        image
    }

    pub fn replace(&mut self, image: &Image, wanted: Wanted) {
        self.files = contents(image);
        self.spec = Some(spec::of(wanted));
    }

    pub fn write(&mut self, change: Change) -> Written {
        let before = self.files.clone();
        match change {
            Change::Replace { image, .. } => {
                self.files = contents(&image);
                self.spec = self.next.map(spec::of);
            }
            Change::Merge { spec, contents } => {
                for file in &spec.files {
                    let news = match &file.source {
                        Source::TrustBundle(_) => Some(self.bundle.to_string().into_bytes().into()),
                        Source::Secret(_)
                        | Source::Decoded { .. }
                        | Source::Certificate { .. }
                        | Source::Store { .. }
                        | Source::Key { .. } => contents.get(&file.path).cloned(),
                    };
                    if let Some(content) = news {
                        self.files.insert(file.path.clone(), content);
                    }
                }
                self.spec = Some(spec);
            }
        }
        if self.files == before {
            return Written::Unchanged;
        }
        self.writes += 1;
        Written::Replaced
    }

    /// Checks that a file of a pinned version holds that version, and that no file is older than the version that
    /// the driver acknowledged to its vault.
    pub fn check(&self) {
        let Some(spec) = &self.spec else { return };
        let vault = spec::index(&spec.vault);
        for object in spec.objects() {
            let acknowledged = self.acknowledged.get(&(vault, object.clone()));
            let held = self.version(object);
            let is_older =
                acknowledged.is_some_and(|known| held.is_none_or(|held| held.as_bytes() < known.as_bytes()));
            assert!(
                object.version.is_none() || held == object.version,
                "{object} is {held:?}"
            );
            assert!(
                !is_older,
                "{object} is {held:?}, and {acknowledged:?} was acknowledged"
            );
        }
    }

    /// Checks that stores are of the versions that the other files have.
    pub fn check_stores(&self, vaults: &[Vault; 2]) {
        let Some(spec) = &self.spec else { return };
        let vault = spec::index(&spec.vault);
        for file in &spec.files {
            if matches!(file.source, Source::Store { .. }) {
                let expected = made(file, &vaults[vault], |object| self.version(object).unwrap());
                assert!(
                    self.files[&file.path] == expected,
                    "{} is of other versions than its neighbours",
                    file.path
                );
            }
        }
    }
}

/// What a file is, of these versions.
fn made(file: &FileSpec, vault: &Vault, version: impl Fn(&Object) -> Version) -> Content {
    let objects = file.source.objects();
    let given: Vec<_> = objects
        .map(|object| (vault.value(object, version(object)), Some(version(object))))
        .collect();
    let given: Vec<_> = given.iter().map(|(value, version)| (value, *version)).collect();
    file.source.content_of(&given).unwrap()
}

fn contents(image: &Image) -> BTreeMap<FilePath, Content> {
    let content = |(path, file): (&FilePath, &File)| (path.clone(), file.content.clone());
    image.files.iter().map(content).collect()
}

/// What a vault gives of a version: its number, and of a key beside its encoding.
pub fn value(kind: ObjectKind, version: Version) -> Value {
    let number = u128::from_be_bytes(*version.as_bytes());
    let content = |text: String| Content::from(text.into_bytes());
    match kind {
        ObjectKind::Keys => Value::Key(KeyFiles {
            pem: content(format!("PEM {number}")),
            jwk: content(format!("JWK {number}")),
        }),
        ObjectKind::Secrets | ObjectKind::Certificates => Value::Secret(content(number.to_string()).into()),
    }
}

/// What a vault gives of a version that is no certificate and no password: its number, after a byte that ends a password.
pub fn spoiled(version: Version) -> Value {
    let number = u128::from_be_bytes(*version.as_bytes());
    Value::Secret(Content::from(format!("\0 {number}").into_bytes()).into())
}
