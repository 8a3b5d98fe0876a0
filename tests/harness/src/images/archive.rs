//! The tar file of an image: one layer, its configuration, and a manifest.
//!
//! Format: <https://github.com/moby/docker-image-spec/blob/main/spec.md>, section "Combined image JSON +
//! filesystem changeset format". Every time stamp is zero and the order is fixed, so that equal contents
//! give equal bytes.

use std::{collections::BTreeSet, path::Path};

use anyhow::Result;
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};
use tar::{Builder, EntryType, Header};

/// One file or link of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A file.
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    File {
        /// Its absolute path.
        path: String,
        mode: u32,
        bytes: Vec<u8>,
    },
    /// A symbolic link.
    Link {
        /// Its absolute path.
        path: String,
        /// Where it points.
        target: String,
    },
    /// A directory that only its owner can open.
    PrivateDirectory {
        /// Its absolute path.
        path: String,
        /// Its user and group.
        owner: u64,
    },
}

impl Entry {
    /// A file that everyone may run.
    pub fn program(path: &str, bytes: Vec<u8>) -> Self {
        Self::File {
            path: path.to_owned(),
            mode: 0o755,
            bytes,
        }
    }

    fn path(&self) -> &str {
        let (Self::File { path, .. } | Self::Link { path, .. } | Self::PrivateDirectory { path, .. }) = self;
        path.trim_start_matches('/')
    }
}

/// How an image runs.
#[derive(Debug, Clone, Copy)]
pub struct Config<'a> {
    /// The user, as `uid:gid`.
    pub user: &'a str,
    /// The program and its first arguments.
    pub entrypoint: &'a [&'a str],
    /// Its further arguments, in whose place a user's own come.
    pub arguments: &'a [&'a str],
    /// The directory of the user's files, if the program has any.
    pub home: Option<&'a str>,
}

/// The tar file of an image.
pub fn build(reference: &str, config: &Config<'_>, mut entries: Vec<Entry>) -> Result<Vec<u8>> {
    entries.sort_by(|one, other| one.path().cmp(other.path()));
    let layer = layer(&entries)?;
    let layer_id = hex(&layer);
    let config = serde_json::to_vec(&describe(config, &layer_id))?;
    let config_name = format!("{}.json", hex(&config));
    let layer_name = format!("{layer_id}/layer.tar");
    let manifest = json!([{"Config": config_name, "RepoTags": [reference], "Layers": [layer_name]}]);

    let mut tar = Builder::new(Vec::new());
    append(&mut tar, &config_name, 0o644, &config)?;
    append(&mut tar, &layer_name, 0o644, &layer)?;
    append(&mut tar, "manifest.json", 0o644, &serde_json::to_vec(&manifest)?)?;
    Ok(tar.into_inner()?)
}

fn layer(entries: &[Entry]) -> Result<Vec<u8>> {
    let mut tar = Builder::new(Vec::new());
    for dir in directories(entries) {
        let mut header = header(EntryType::Directory, 0o755, 0);
        tar.append_data(&mut header, format!("{dir}/"), std::io::empty())?;
    }
    for entry in entries {
        match entry {
            Entry::File { mode, bytes, .. } => append(&mut tar, entry.path(), *mode, bytes)?,
            Entry::Link { target, .. } => {
                tar.append_link(&mut header(EntryType::Symlink, 0o777, 0), entry.path(), target)?;
            }
            Entry::PrivateDirectory { owner, .. } => {
                let mut header = header(EntryType::Directory, 0o700, 0);
                header.set_uid(*owner);
                header.set_gid(*owner);
                tar.append_data(&mut header, format!("{}/", entry.path()), std::io::empty())?;
            }
        }
    }
    Ok(tar.into_inner()?)
}

/// Every directory above an entry, parents first.
fn directories(entries: &[Entry]) -> BTreeSet<String> {
    let above = entries
        .iter()
        .flat_map(|entry| Path::new(entry.path()).ancestors().skip(1));
    above
        .filter_map(|dir| dir.to_str())
        .filter(|dir| !dir.is_empty())
        .map(str::to_owned)
        .collect()
}

fn append(tar: &mut Builder<Vec<u8>>, path: &str, mode: u32, bytes: &[u8]) -> Result<()> {
    let mut header = header(EntryType::Regular, mode, bytes.len() as u64);
    Ok(tar.append_data(&mut header, path, bytes)?)
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

fn describe(config: &Config<'_>, layer: &str) -> Value {
    let variables = [
        Some("PATH=/bin:/usr/bin".to_owned()),
        config.home.map(|home| format!("HOME={home}")),
    ];
    let mut run = json!({
        "User": config.user,
        "Entrypoint": config.entrypoint,
        "WorkingDir": "/",
        "Env": variables.iter().flatten().collect::<Vec<_>>(),
    });
    if let (Some(run), false) = (run.as_object_mut(), config.arguments.is_empty()) {
        run.insert("Cmd".to_owned(), json!(config.arguments));
    }
    json!({
        "architecture": architecture(),
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": run,
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{layer}")]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "strongroom-tests"}],
    })
}

/// The name that image formats have for this machine's processor.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn hex(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes).as_ref())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn entries() -> Vec<Entry> {
        vec![
            Entry::program("/strongroom-vault", b"elf".to_vec()),
            Entry::Link {
                path: "/bin/ls".to_owned(),
                target: "busybox".to_owned(),
            },
            Entry::program("/lib/x86_64-linux-gnu/libc.so.6", b"libc".to_vec()),
        ]
    }

    fn image(entries: Vec<Entry>) -> Vec<u8> {
        let config = Config {
            user: "65532:65532",
            entrypoint: &["/strongroom-vault"],
            arguments: &[],
            home: None,
        };
        build("strongroom.invalid/vault:dev", &config, entries).unwrap()
    }

    fn files(tar: &[u8]) -> Vec<(String, Vec<u8>, Header)> {
        let mut archive = tar::Archive::new(tar);
        let all = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (
                entry.path().unwrap().display().to_string(),
                bytes,
                entry.header().clone(),
            )
        });
        all.collect()
    }

    #[test]
    fn the_same_contents_give_the_same_bytes_in_any_order() {
        let mut other = entries();
        other.reverse();
        assert_eq!(image(entries()), image(other));
    }

    #[test]
    fn the_manifest_names_what_is_in_the_file() {
        let files = files(&image(entries()));
        let (_, manifest, _) = files.last().unwrap();
        let manifest: Value = serde_json::from_slice(manifest).unwrap();
        assert_eq!(manifest[0]["RepoTags"], json!(["strongroom.invalid/vault:dev"]));
        for name in [&manifest[0]["Config"], &manifest[0]["Layers"][0]] {
            assert!(
                files.iter().any(|(path, _, _)| path == name.as_str().unwrap()),
                "{name}"
            );
        }
    }

    #[test]
    fn the_configuration_names_the_layer_by_its_digest() {
        let files = files(&image(entries()));
        let config: Value = serde_json::from_slice(&files[0].1).unwrap();
        assert_eq!(
            config["rootfs"]["diff_ids"],
            json!([format!("sha256:{}", hex(&files[1].1))])
        );
        assert_eq!(config["config"]["User"], "65532:65532");
    }

    #[test]
    fn a_directory_comes_before_what_is_in_it_and_nothing_carries_a_time() {
        let image = image(entries());
        let layer = files(&files(&image)[1].1);
        let paths: Vec<&str> = layer.iter().map(|(path, _, _)| path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "bin/",
                "lib/",
                "lib/x86_64-linux-gnu/",
                "bin/ls",
                "lib/x86_64-linux-gnu/libc.so.6",
                "strongroom-vault"
            ]
        );
        assert!(
            layer
                .iter()
                .all(|(_, _, header)| header.mtime().unwrap() == 0 && header.uid().unwrap() == 0)
        );
    }
}
