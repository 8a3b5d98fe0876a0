//! Container images made from nothing: programs of this workspace and of the tools, as tar files.
//!
//! No registry and no builder is needed. The files are in the format of `docker save`, so that
//! `ctr images import`, `kind load image-archive` and `docker load` all read them, and the same
//! programs give the same bytes.

pub mod archive;
mod base;
mod laptop;
mod program;
mod table;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

pub use archive::{Config, Entry};
pub use table::{Contents, IMAGES, Image, LAPTOP, REGISTRY};

use crate::{cargo, progress::Step, tools::Store};

/// The images of a cluster's own pods, which `harness up` imports: with their full references.
pub fn base(store: &Store) -> Result<Vec<(String, Vec<u8>)>> {
    table::BASE
        .iter()
        .map(|image| {
            Ok((
                image.reference(None),
                build(image, store, None, &BTreeMap::new())?,
            ))
        })
        .collect()
}

/// The reference of the cluster's DNS image.
pub fn dns_reference() -> String {
    table::COREDNS.reference(None)
}

/// Builds the images of this workspace as tests use them: the programs once, then one tar per image.
pub fn workspace(store: &Store, names: &[String], tag: &str) -> Result<Vec<(String, Vec<u8>)>> {
    built_as(cargo::PROFILE, store, names, tag)
}

/// The same as they are released: for people who install them, and for measurements.
pub fn released(store: &Store, names: &[String], tag: &str) -> Result<Vec<(String, Vec<u8>)>> {
    built_as(program::RELEASE, store, names, tag)
}

/// The image of the pods in `examples`.
pub fn shell(store: &Store) -> Result<(String, Vec<u8>)> {
    let image = &table::SHELL;
    Ok((
        image.reference(None),
        build(image, store, None, &BTreeMap::new())?,
    ))
}

/// The image of a vault on a laptop, with a command line that is built already.
pub fn laptop(program: &Path, tag: &str) -> Result<Vec<u8>> {
    pack(&LAPTOP, Some(tag), laptop::entries(program)?)
}

fn built_as(profile: &str, store: &Store, names: &[String], tag: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let images = chosen(names)?;
    let programs = program::build(&images, profile)?;
    let step = Step::begin("Packing images");
    let all = images.iter().map(|image| {
        Ok((
            image.reference(Some(tag)),
            build(image, store, Some(tag), &programs)?,
        ))
    });
    let all = all.collect::<Result<Vec<_>>>()?;
    step.done();
    Ok(all)
}

/// Writes images as files and gives their paths.
pub fn write(images: &[(String, Vec<u8>)], dir: &Path) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let mut paths = Vec::new();
    for (reference, bytes) in images {
        let path = dir.join(format!("{}.tar", reference.replace(['/', ':'], "-")));
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        paths.push(path);
    }
    Ok(paths)
}

fn chosen(names: &[String]) -> Result<Vec<&'static Image>> {
    if names.is_empty() {
        return Ok(IMAGES.iter().collect());
    }
    let all = || IMAGES.iter().chain([&LAPTOP]);
    let known = || all().map(|image| image.name).collect::<Vec<_>>().join(", ");
    let find = |name: &String| {
        let found = all().find(|image| image.name == name);
        found.with_context(|| format!("there is no image called {name}; the images are: {}", known()))
    };
    names.iter().map(find).collect()
}

fn build(
    image: &Image,
    store: &Store,
    tag: Option<&str>,
    programs: &BTreeMap<String, PathBuf>,
) -> Result<Vec<u8>> {
    let built = |target: &str| {
        let path = programs.get(target);
        path.with_context(|| format!("{target} was not built"))
    };
    let entries = match image.contents {
        Contents::Program { target, .. } => program::entries(built(target)?, target)?,
        Contents::Laptop => laptop::entries(built(program::COMMAND_LINE)?)?,
        Contents::Tool { tool, path } => base::tool(store, tool, path)?,
        Contents::Shell => base::shell(store)?,
    };
    pack(image, tag, entries)
}

fn pack(image: &Image, tag: Option<&str>, entries: Vec<Entry>) -> Result<Vec<u8>> {
    let reference = image.reference(tag);
    let config = Config {
        user: image.user,
        entrypoint: image.entrypoint,
        arguments: image.arguments,
        home: image.home,
    };
    archive::build(&reference, &config, entries).with_context(|| format!("cannot pack {reference}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_chosen_by_its_name() {
        let found = chosen(&["vault".to_owned()]).unwrap();
        assert_eq!(
            found.iter().map(|image| image.name).collect::<Vec<_>>(),
            ["vault"]
        );
        assert_eq!(chosen(&["strongroom".to_owned()]).unwrap()[0].name, LAPTOP.name);
        assert!(
            chosen(&["valut".to_owned()])
                .unwrap_err()
                .to_string()
                .contains("vault, operator")
        );
    }

    #[test]
    fn a_file_is_named_for_its_image() {
        let dir = tempfile::tempdir().unwrap();
        let paths = write(
            &[("strongroom.invalid/vault:dev".to_owned(), Vec::new())],
            dir.path(),
        )
        .unwrap();
        assert_eq!(paths, [dir.path().join("strongroom.invalid-vault-dev.tar")]);
    }
}
