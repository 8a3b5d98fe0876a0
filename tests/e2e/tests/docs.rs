//! The documentation says what the code says.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

#[path = "docs/sentences.rs"]
mod sentences;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use strongroom_harness::page::shown;

/// Where reasons of conditions and events are decided.
const REPORTING: [&str; 4] = [
    "operator/src/vault",
    "operator/src/policy",
    "operator/src/secret_ref",
    "csi-provider/src/follow",
];

/// Words in CamelCase there that are no reasons: kinds, values of fields, actions of events, fixtures.
const OTHERS: [&str; 29] = [
    "Allow",
    "Always",
    "Anchor",
    "Any",
    "Compile",
    "ConfigMap",
    "Default",
    "Delete",
    "Deny",
    "Deleted",
    "Disabled",
    "Forbidden",
    "IfNotPresent",
    "NetworkPolicy",
    "NotFound",
    "Parallel",
    "Perhaps",
    "ReadWriteOnce",
    "Reconcile",
    "Recover",
    "Resolve",
    "RollingUpdate",
    "RuntimeDefault",
    "Secret",
    "SecretRef",
    "ServiceAccount",
    "StaleGeneration",
    "StatefulSet",
    "Vault",
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn sources(path: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The string literals of a source that are one word in CamelCase.
fn words(source: &str) -> BTreeSet<String> {
    let is_word = |text: &&str| {
        text.starts_with(|first: char| first.is_ascii_uppercase())
            && text.len() > 2
            && text.chars().all(|letter| letter.is_ascii_alphanumeric())
            && text.chars().any(|letter| letter.is_ascii_lowercase())
    };
    source.split('"').filter(is_word).map(str::to_owned).collect()
}

#[test]
fn every_reason_that_the_code_gives_is_explained() {
    let page = fs::read_to_string(repository().join("docs/conditions.md")).unwrap();
    let mut files = Vec::new();
    for directory in REPORTING {
        sources(&repository().join(directory), &mut files);
    }
    let mut missing = BTreeSet::new();
    for file in files
        .iter()
        .filter(|file| !file.components().any(|part| part.as_os_str() == "desired"))
    {
        let source = fs::read_to_string(file).unwrap();
        let shipped = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for word in words(shipped) {
            let plain = ["True", "False", "Unknown", "Ready", "Stalled"].contains(&word.as_str());
            if !plain && !OTHERS.contains(&word.as_str()) && !page.contains(&format!("`{word}`")) {
                missing.insert(format!("{word} in {}", file.display()));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "docs/conditions.md does not explain {missing:#?}"
    );
}

#[test]
fn every_reason_that_is_explained_is_one_that_the_code_gives() {
    let page = fs::read_to_string(repository().join("docs/conditions.md")).unwrap();
    let mut files = Vec::new();
    for directory in REPORTING {
        sources(&repository().join(directory), &mut files);
    }
    // A reason that only tests know is one that nothing gives.
    let shipped = |file: &PathBuf| {
        let source = fs::read_to_string(file).unwrap();
        source
            .split("#[cfg(test)]\nmod tests {")
            .next()
            .unwrap()
            .to_owned()
    };
    files.push(repository().join("operator/src/conditions.rs"));
    let code: String = files
        .iter()
        .filter(|file| file.file_stem().is_some_and(|stem| stem != "tests"))
        .map(shipped)
        .collect();
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let word = row.split('`').nth(1).unwrap();
        assert!(
            code.contains(&format!("\"{word}\"")),
            "no code gives the reason {word}"
        );
    }
}

/// Steps that nobody runs are wrong some day, and someone loses their data by them.
#[test]
fn every_recipe_of_the_installation_is_run_by_a_test_or_says_why_not() {
    let page = fs::read_to_string(repository().join("docs/install.md")).unwrap();
    let mut files = Vec::new();
    sources(&repository().join("tests/e2e/tests/lifecycle"), &mut files);
    let tests: String = files
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let blocks: Vec<_> = page.split("```sh\n").collect();
    assert!(blocks.len() > 7, "{}", blocks.len());
    for before in &blocks[..blocks.len() - 1] {
        let line = before.lines().last().unwrap_or_default();
        let mark = line
            .strip_prefix("<!-- ")
            .and_then(|mark| mark.strip_suffix(" -->"));
        let mark = mark.unwrap_or_else(|| panic!("steps after {line:?} have no name"));
        let is_run = tests.contains(&format!("steps(\"{mark}\""));
        assert!(
            is_run || mark.starts_with("not run: "),
            "no test runs the steps {mark}"
        );
    }
}

fn pages() -> Vec<PathBuf> {
    let mut pages = vec![repository().join("README.md")];
    for directory in ["docs", "docs/reference", "docs/sdk"] {
        let entries = fs::read_dir(repository().join(directory))
            .unwrap()
            .map(|entry| entry.unwrap().path());
        pages.extend(entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    pages
}

#[test]
fn links_between_pages_lead_somewhere() {
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        // In a block, `](` is of another language.
        let text: String = text.split("\n```").step_by(2).collect();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://") && !target.starts_with('#')) {
            let path = page.parent().unwrap().join(target.split('#').next().unwrap());
            assert!(
                path.exists(),
                "{} links to {target}, which is not there",
                page.display()
            );
        }
    }
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(page: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(page).unwrap();
    let text: String = text.split("\n```").step_by(2).collect();
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = words
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn links_into_pages_lead_to_a_heading() {
    let mut checked = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let text: String = text.split("\n```").step_by(2).collect();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://")) {
            let Some((file, anchor)) = target.split_once('#') else {
                continue;
            };
            let to = if file.is_empty() {
                page.clone()
            } else {
                page.parent().unwrap().join(file)
            };
            assert!(
                anchors(&to).contains(anchor),
                "{} links to {target}",
                page.display()
            );
            checked += 1;
        }
    }
    assert!(checked > 20, "{checked}");
}

#[test]
fn pages_show_the_files_that_they_name_as_these_are() {
    let outdated = shown::outdated(&repository()).unwrap();
    let pages: Vec<_> = outdated.iter().map(|(page, _)| page).collect();
    assert!(outdated.is_empty(), "make generate, and commit {pages:?}");
}

#[test]
fn each_sdks_page_shows_everything_of_its_example_but_what_tools_write() {
    let written = [
        "requirements.lock",
        "package-lock.json",
        "go.sum",
        "dependencies.sha256",
    ];
    let examples = repository().join("examples/sdk");
    let mut languages = 0;
    for entry in fs::read_dir(&examples).unwrap() {
        let directory = entry.unwrap().path();
        if !directory.is_dir() {
            continue;
        }
        languages += 1;
        let language = directory.file_name().unwrap().to_str().unwrap();
        let page = fs::read_to_string(repository().join(format!("docs/sdk/{language}.md"))).unwrap();
        let shows: BTreeSet<PathBuf> = page
            .lines()
            .filter_map(shown::file_of)
            .map(PathBuf::from)
            .collect();
        let mut has = BTreeSet::new();
        files(&directory, &mut has);
        has.retain(|path| !written.iter().any(|name| path.ends_with(name)));
        assert_eq!(shows, has, "{language}");
    }
    assert_eq!(languages, 7);
}

/// Every file below a directory, from the repository, but what builds make there.
fn files(directory: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let made = ["node_modules", "target", "bin", "obj", "__pycache__"];
        if made.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        if path.is_dir() {
            files(&path, found);
        } else {
            found.insert(path.strip_prefix(repository()).unwrap().to_owned());
        }
    }
}

/// Whether a file, or one below a directory, has a test.
fn has_tests(path: &Path) -> bool {
    let mut files = vec![path.to_owned()];
    if path.is_dir() {
        files.clear();
        sources(path, &mut files);
    }
    let is_tested = |file: &PathBuf| {
        let source = fs::read_to_string(file).unwrap();
        source.contains("#[test]") || source.contains("#[tokio::test")
    };
    files.iter().any(is_tested)
}

#[test]
fn every_test_that_the_security_pages_name_is_there() {
    for (page, least) in [("docs/security.md", 10), ("docs/security-checklist.md", 40)] {
        let text = fs::read_to_string(repository().join(page)).unwrap();
        let is_source = |word: &str| {
            Path::new(word)
                .extension()
                .is_some_and(|extension| extension == "rs")
        };
        let is_test = |word: &&str| !word.contains(' ') && (word.contains("/tests/") || is_source(word));
        let named: BTreeSet<&str> = text.split('`').filter(is_test).collect();
        assert!(named.len() > least, "{page}: {named:?}");
        for path in named {
            let file = repository().join(path);
            assert!(file.exists(), "{page}: {path}");
            // What tests share holds none.
            let is_shared = path.starts_with("testing/");
            assert!(is_shared || has_tests(&file), "{page}: no test in {path}");
        }
    }
}

#[test]
fn the_checklist_has_a_line_for_each_attack_and_each_line_names_a_test_or_says_why_not() {
    let text = fs::read_to_string(repository().join("docs/security-checklist.md")).unwrap();
    let lines = text.lines().filter_map(|line| {
        let (number, rest) = line.strip_prefix("| ")?.split_once(". ")?;
        Some((number.parse::<u32>().ok()?, rest))
    });
    let lines: Vec<_> = lines.collect();
    let numbers: Vec<u32> = lines.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=23).collect::<Vec<_>>());
    for (number, rest) in lines {
        assert!(
            rest.contains(".rs`") || rest.contains("not apply"),
            "line {number}"
        );
    }
}
