//! The committed corpus.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The inputs of one target, by the name of their file.
pub struct Corpus(Vec<(String, Vec<u8>)>);

impl Corpus {
    /// The corpus of the target `name`.
    pub fn of(name: &str) -> Self {
        let mut inputs: Vec<_> = names(&root().join(name))
            .into_iter()
            .map(|file| {
                let input = fs::read(root().join(name).join(&file)).unwrap();
                (file, input)
            })
            .collect();
        inputs.sort();
        Self(inputs)
    }

    /// All of it.
    pub fn inputs(&self) -> &[(String, Vec<u8>)] {
        &self.0
    }

    /// The input in the file `name`.
    pub fn find(&self, name: &str) -> Option<&Vec<u8>> {
        self.0
            .iter()
            .find(|(file, _)| file == name)
            .map(|(_, input)| input)
    }
}

/// The directories of the corpus.
pub fn directories() -> BTreeSet<String> {
    names(&root())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}
