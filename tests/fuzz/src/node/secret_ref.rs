//! The files of a SecretRef, as its author wrote them past the rules of the API server.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Component, Path},
};

use jiff::Timestamp;
use strongroom_crds::SecretRefSpec;
use strongroom_csi::volume::{
    File, Image,
    image::default_mode,
    spec::{MAX_FILES, VolumeSpec},
    tree::Tree,
};

use crate::{Seed, Verdict};

/// The input is the spec of a SecretRef.
///
/// - Each path that is taken is one to four names below the volume, none of them a way back or one of the volume's own; no
///   two files are in each other's way.
/// - Written to a directory, every file is where its path says and holds its own content, and nothing is anywhere else.
pub fn secret_ref(input: &[u8]) -> Verdict {
    let Ok(spec) = serde_json::from_slice::<SecretRefSpec>(input) else {
        return Verdict::Refused;
    };
    let parsed = VolumeSpec::parse(&spec);
    match &parsed {
        Ok(parsed) => {
            judge(parsed);
            write(parsed);
        }
        Err(error) => {
            let said = error.to_string();
            assert!(
                said.len() <= 8192 && !said.chars().any(char::is_control),
                "{said}"
            );
        }
    }
    Verdict::of(&parsed)
}

fn judge(spec: &VolumeSpec) {
    assert!((1..=MAX_FILES).contains(&spec.files.len()));
    for file in &spec.files {
        let path = Path::new(file.path.as_str());
        let parts: Vec<_> = path.components().collect();
        assert!((1..=4).contains(&parts.len()), "{}", file.path);
        for part in parts {
            let Component::Normal(name) = part else {
                panic!("{} leaves its place", file.path);
            };
            assert!(
                !name.as_encoded_bytes().starts_with(b".."),
                "{} is the volume's own",
                file.path
            );
        }
        for other in &spec.files {
            let is_below = Path::new(other.path.as_str()).starts_with(path);
            assert!(
                std::ptr::eq(file, other) || !is_below,
                "{} is in the way of {}",
                file.path,
                other.path
            );
        }
        assert!(file.mode.is_none_or(|mode| mode & !0o777 == 0), "{:?}", file.mode);
    }
}

/// Writes the files, each with its own path as content, and looks where they are.
fn write(spec: &VolumeSpec) {
    let place = tempfile::tempdir().unwrap();
    let volume = place.path().join("volume");
    fs::create_dir(&volume).unwrap();
    let files = spec.files.iter().map(|file| {
        let content = file.path.as_str().as_bytes().to_vec().into();
        let mode = file.mode.unwrap_or_else(|| default_mode(None));
        (file.path.clone(), File { mode, content })
    });
    let image = Image {
        files: files.collect(),
        group: None,
    };
    let tree = Tree::open(&volume).unwrap();
    tree.write(&image, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(tree.read().unwrap(), image);
    for file in &spec.files {
        let path = volume.join(file.path.as_str());
        let found = fs::metadata(&path).unwrap();
        assert!(found.is_file() && found.mode() & 0o7000 == 0);
        assert_eq!(
            fs::read(&path).unwrap(),
            file.path.as_str().as_bytes(),
            "{}",
            file.path
        );
    }
    let beside = fs::read_dir(place.path()).unwrap().count();
    assert_eq!(beside, 1, "something was written outside of the volume");
    let tops: std::collections::BTreeSet<_> = spec.files.iter().map(|file| file.path.top()).collect();
    let shown = fs::read_dir(&volume)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let shown = shown
        .filter(|name| !name.as_encoded_bytes().starts_with(b".."))
        .count();
    assert_eq!(shown, tops.len(), "something else is in the volume");
}

/// Specs that are taken, and paths that are not.
pub fn seeds() -> Vec<Seed> {
    let spec = |files: &str| {
        format!(
            r#"{{"vaultRef":{{"name":"prod","namespace":"team-a"}},"serviceAccountName":"api","files":[{files}]}}"#
        )
    };
    let at = |path: &str| format!(r#"{{"path":"{path}","secret":{{"name":"db"}}}}"#);
    let refused = |name, path: &str| Seed::refused(name, spec(&at(path)));
    let many: Vec<_> = (0..65).map(|n| at(&n.to_string())).collect();
    let version = "0123456789abcdef0123456789abcdef";
    let all = format!(
        r#"{{"path":"tls/ca.crt","trustBundle":{{}}}},{{"path":"a/b/c/.env","mode":"0400","secret":{{"name":"DB","version":"{version}"}}}}"#
    );
    let bundle = |fields: &str| spec(&format!(r#"{{"path":"ca","trustBundle":{{{fields}}}}}"#));
    vec![
        Seed::taken("one", spec(&at("password"))),
        Seed::taken("trust-store", bundle(r#""roots":"System","format":"PKCS12""#)),
        Seed::refused("trust-of-a-later-release", bundle(r#""roots":"Nobody""#)),
        Seed::taken("all", spec(&all)),
        Seed::taken("beside", spec(&[at("a/b"), at("a/c"), at("a.b")].join(","))),
        Seed::taken("most", spec(&many[..64].join(","))),
        Seed::refused("too-many", spec(&many.join(","))),
        Seed::refused("twice", spec(&[at("a"), at("a")].join(","))),
        Seed::refused("in-the-way", spec(&[at("a/b"), at("a")].join(","))),
        Seed::refused(
            "mode",
            spec(&at("a").replace(r#""secret""#, r#""mode":"4755","secret""#)),
        ),
        Seed::refused("none", spec("")),
        refused("parent", "../a"),
        refused("parent-inside", "a/../../b"),
        refused("absolute", "/etc/passwd"),
        refused("of-the-volume", "..data/a"),
        refused("nul", "a\\u0000"),
        refused("deep", "a/b/c/d/e"),
    ]
}
