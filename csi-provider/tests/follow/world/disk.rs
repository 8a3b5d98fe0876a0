//! The files. Each holds the number of its version, so that a test can distinguish older files from newer ones.

use std::collections::BTreeMap;

use strongroom_core::{ObjectKind, Version};
use strongroom_csi::{
    follow::state::Change,
    volume::{
        Content, File, FilePath, Image, KeyFiles, Value,
        spec::{Object, Source, VolumeSpec},
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
                Source::Secret(object)
                | Source::Decoded { object, .. }
                | Source::Certificate { object, .. }
                | Source::Key { object, .. } => {
                    let value = vault.value(object, vault.current(object).unwrap());
                    file.source.content_of(&value).unwrap()
                }
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
                let watched = spec.watched();
                for file in &spec.files {
                    match &file.source {
                        Source::TrustBundle(_) => {
                            let bundle = self.bundle.to_string().into_bytes();
                            self.files.insert(file.path.clone(), bundle.into());
                        }
                        Source::Secret(object)
                        | Source::Decoded { object, .. }
                        | Source::Certificate { object, .. }
                        | Source::Key { object, .. } => {
                            let path = object.path();
                            let is_watched = watched.get(&path) == Some(&object);
                            if let Some(value) = contents.get(&path).filter(|_| is_watched) {
                                let content = file.source.content_of(value).unwrap();
                                self.files.insert(file.path.clone(), content);
                            }
                        }
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
