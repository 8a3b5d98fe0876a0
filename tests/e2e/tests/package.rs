//! What people install of the command line: the archives of `scripts/package`, what krew and Homebrew read of them, and the image
//! of a vault for development. No cluster is needed.

#![allow(
    clippy::unwrap_used,
    reason = "this whole file is tests; clippy exempts only the functions marked so"
)]

#[path = "package/image.rs"]
mod image;

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output},
};

use strongroom_harness::{
    tools::{self, Store},
    workspace,
};
use tempfile::TempDir;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const TARGETS: [&str; 4] = [
    "x86_64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
    "x86_64-pc-windows-msvc",
    "aarch64-apple-darwin",
];
/// Where nobody can have anything (RFC 2606).
const BASE_URL: &str = "https://example.invalid/download";

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The script of a workspace, with a program of a version in the place of the one that Cargo would build.
fn package(root: &Path, words: &[&str], version: &str) -> Output {
    let mut command = Command::new(root.join("scripts/package"));
    command
        .args(words)
        .env("FAKE_VERSION", version)
        .env("SOURCE_DATE_EPOCH", "1800000000");
    command.output().unwrap()
}

fn fake(target: &str) -> String {
    let program = workspace::root().join("tests/e2e/tests/package/strongroom");
    format!("--program={target}={}", program.display())
}

/// Makes the archives of these targets in a directory.
fn archives(dist: &Path, targets: &[&str]) -> Output {
    let mut words = vec!["archives".to_owned(), "--dirty".to_owned()];
    words.push(format!("--dist={}", dist.display()));
    words.extend(targets.iter().map(|target| fake(target)));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    package(&workspace::root(), &words, VERSION)
}

fn manifests(dist: &Path, base_url: &str) -> Output {
    let dist = format!("--dist={}", dist.display());
    package(
        &workspace::root(),
        &["manifests", &dist, "--base-url", base_url],
        VERSION,
    )
}

fn succeeds(output: &Output) -> String {
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success(), "{said}");
    said
}

/// Refused with a sentence, and not with Python's account of where it stopped.
fn refused(output: &Output, sentence: &str) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("scripts/package: "), "{said}");
    assert!(said.contains(sentence), "{said}");
}

fn run(program: &str, words: &[&str], directory: &Path) -> String {
    succeeds(
        &Command::new(program)
            .args(words)
            .current_dir(directory)
            .output()
            .unwrap(),
    )
}

fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
    let read = |entry: fs::DirEntry| {
        (
            entry.file_name().into_string().unwrap(),
            fs::read(entry.path()).unwrap(),
        )
    };
    entries.map(read).collect()
}

#[test]
fn the_same_programs_give_the_same_archives_with_everything_that_people_need_and_checksums() {
    let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for dist in [&one, &other] {
        succeeds(&archives(dist.path(), &TARGETS));
    }
    assert_eq!(files(one.path()), files(other.path()));
    let names: Vec<String> = files(one.path()).into_keys().collect();
    let stem = |target: &str| format!("strongroom-{VERSION}-{target}");
    assert_eq!(
        names,
        [
            "SHA256SUMS".to_owned(),
            stem("aarch64-apple-darwin.tar.gz"),
            stem("x86_64-pc-windows-msvc.zip"),
            stem("x86_64-unknown-linux-gnu.tar.gz"),
            stem("x86_64-unknown-linux-musl.tar.gz"),
        ]
    );
    let checked = run("sha256sum", &["--check", "--strict", "SHA256SUMS"], one.path());
    assert_eq!(checked.matches(": OK").count(), 4, "{checked}");

    let top = stem("x86_64-unknown-linux-gnu");
    let archive = format!("{top}.tar.gz");
    let listed = run(
        "tar",
        &["--list", "--verbose", "--gzip", "--file", &archive],
        one.path(),
    );
    let programs = ["strongroom", "completions/kubectl_complete-strongroom"];
    let others = [
        "LICENSE",
        "README.md",
        "completions/_strongroom",
        "completions/strongroom.bash",
        "completions/strongroom.fish",
        "man/strongroom.1",
    ];
    for (mode, names) in [("-rwxr-xr-x", &programs[..]), ("-rw-r--r--", &others)] {
        for name in names {
            let line = listed
                .lines()
                .find(|line| line.ends_with(&format!(" {top}/{name}")));
            let line = line.unwrap_or_else(|| panic!("no {name}: {listed}"));
            assert!(
                line.starts_with(mode) && line.contains(" 0/0 ") && line.contains(" 2027-01-15 "),
                "{line}"
            );
        }
    }
    assert_eq!(listed.lines().count(), programs.len() + others.len(), "{listed}");
    let top = stem("x86_64-pc-windows-msvc");
    let listed = run(
        "python3",
        &["-m", "zipfile", "-l", &format!("{top}.zip")],
        one.path(),
    );
    assert!(listed.contains(&format!("{top}/strongroom.exe ")), "{listed}");
}

/// The golden files have VERSION and SUM where these are; `ruby -c` has read them.
#[test]
fn krew_and_homebrew_get_one_archive_of_each_system_with_its_checksum() {
    let dist = TempDir::new().unwrap();
    succeeds(&archives(dist.path(), &TARGETS));
    // The script finds it among the tools.
    tools::program(&Store::from_env().unwrap(), "validate-krew-manifest").unwrap();
    let said = succeeds(&manifests(dist.path(), BASE_URL));
    assert!(
        said.contains("strongroom.yaml passes validate-krew-manifest"),
        "{said}"
    );
    // What could not be checked is said, too.
    assert!(
        said.contains("strongroom.rb passes ruby -c")
            || said.contains("strongroom.rb was NOT checked with ruby -c"),
        "{said}"
    );
    let sums = fs::read_to_string(dist.path().join("SHA256SUMS")).unwrap();
    let golden = workspace::root().join("tests/e2e/tests/package/golden");
    for (name, systems) in [("strongroom.yaml", 3), ("strongroom.rb", 2)] {
        let mut rendered = fs::read_to_string(dist.path().join(name)).unwrap();
        let mut found = 0;
        for line in sums.lines() {
            let (sum, archive) = line.split_once("  ").unwrap();
            if rendered.contains(sum) {
                assert!(rendered.contains(&format!("{BASE_URL}/{archive}")), "{archive}");
                found += 1;
            }
            rendered = rendered.replace(sum, "SUM");
        }
        assert_eq!(found, systems, "{rendered}");
        let rendered = rendered.replace(VERSION, "VERSION");
        let path = golden.join(name);
        if std::env::var_os("STRONGROOM_WRITE_GOLDEN").is_some() {
            fs::write(&path, &rendered).unwrap();
        }
        assert_eq!(rendered, fs::read_to_string(&path).unwrap(), "{name}");
    }
}

#[test]
fn homebrew_is_told_where_there_is_nothing_for_a_system() {
    let dist = TempDir::new().unwrap();
    succeeds(&archives(dist.path(), &["x86_64-unknown-linux-gnu"]));
    succeeds(&manifests(dist.path(), BASE_URL));
    let formula = fs::read_to_string(dist.path().join("strongroom.rb")).unwrap();
    assert!(
        formula.contains("  depends_on :linux\n") && !formula.contains("on_macos"),
        "{formula}"
    );
}

/// A workspace of its own, as far as the script reads it, in a commit.
fn committed() -> TempDir {
    let directory = TempDir::new().unwrap();
    let root = workspace::root();
    for name in ["scripts", "packaging"] {
        fs::create_dir(directory.path().join(name)).unwrap();
    }
    let templates = fs::read_dir(root.join("packaging")).unwrap().map(Result::unwrap);
    let templates = templates.filter(|entry| entry.path().is_file());
    let templates = templates.map(|entry| format!("packaging/{}", entry.file_name().into_string().unwrap()));
    let others = ["scripts/package", "Cargo.toml", "LICENSE"].map(str::to_owned);
    for name in others.into_iter().chain(templates) {
        fs::copy(root.join(&name), directory.path().join(&name)).unwrap();
    }
    for words in [
        &["init", "--quiet"][..],
        &["add", "--all"],
        &[
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.invalid",
            "commit",
            "--quiet",
            "--message",
            "a",
        ],
    ] {
        run("git", words, directory.path());
    }
    directory
}

#[test]
fn what_nobody_could_build_again_is_not_packed_by_accident() {
    let (root, dist) = (committed(), TempDir::new().unwrap());
    let target = dist.path().join("dist");
    let into = format!("--dist={}", target.display());
    let words = ["archives", &into, &fake("x86_64-unknown-linux-gnu")];
    fs::write(root.path().join("LICENSE"), "other").unwrap();
    refused(&package(root.path(), &words, VERSION), "say --dirty");
    assert!(!target.exists());
    run("git", &["checkout", "--quiet", "LICENSE"], root.path());
    succeeds(&package(root.path(), &words, VERSION));
    assert!(target.join("SHA256SUMS").exists());
}

#[test]
fn what_is_asked_for_wrongly_is_refused_with_a_sentence() {
    let dist = TempDir::new().unwrap();
    refused(
        &archives(dist.path(), &["sparc-sun-solaris"]),
        "sparc-sun-solaris is none of",
    );
    refused(&manifests(dist.path(), BASE_URL), "has no archive of version");
    refused(
        &manifests(dist.path(), "http://example.invalid"),
        "must be https://HOST/PATH",
    );
    let into = format!("--dist={}", dist.path().display());
    let words = ["archives", "--dirty", &into, &fake("x86_64-unknown-linux-gnu")];
    refused(
        &package(&workspace::root(), &words, "9.9.9"),
        &format!("and not version {VERSION}"),
    );
    assert!(files(dist.path()).is_empty());
}

#[test]
fn the_oldest_glibc_is_the_newest_version_that_a_program_needs() {
    let program = workspace::program("strongroom").unwrap();
    let program = program.to_str().unwrap();
    let said = succeeds(&package(&workspace::root(), &["glibc", program], VERSION));
    let symbols = run("objdump", &["--dynamic-syms", program], Path::new("/"));
    let versions = symbols.split("(GLIBC_").skip(1);
    let versions = versions.filter_map(|rest| rest.split(')').next());
    let numbers = |version: &str| -> Vec<u32> {
        version
            .split('.')
            .map(|number| number.parse().unwrap_or_default())
            .collect()
    };
    let newest = versions.max_by_key(|version| numbers(version)).unwrap();
    assert_eq!(said.trim(), newest);
}
