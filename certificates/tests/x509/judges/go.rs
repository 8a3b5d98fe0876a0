//! The programs of the Go module beside these tests: crypto/x509 of the standard library, and the linter zlint.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;

use super::{Answer, Case, Name, Usage};

/// What Go makes of one case.
#[derive(Debug)]
pub struct Verdict {
    /// What it reads in the certificate, or why it reads nothing.
    pub read: Result<Read, String>,
    pub answers: Vec<Answer>,
}

/// What Go reads in a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Read {
    pub serial: String,
    pub not_before: i64,
    pub not_after: i64,
    pub key: String,
    pub emails: Vec<String>,
    pub dns_names: Vec<String>,
    pub uris: Vec<String>,
    pub ip_addresses: Vec<String>,
    pub key_usages: Vec<String>,
    pub extended_key_usages: Vec<String>,
    pub revocation_lists: Vec<String>,
    pub is_authority: bool,
}

#[derive(Deserialize)]
struct Said {
    problem: String,
    read: Option<Read>,
    answers: Vec<String>,
}

/// What one document is found to be by the linter.
#[derive(Debug, Deserialize)]
pub struct Opinion {
    pub problem: String,
    pub passed: usize,
    pub findings: Vec<Finding>,
}

/// A lint that did not pass.
#[derive(Debug, Deserialize)]
pub struct Finding {
    pub lint: String,
    pub status: String,
    pub says: String,
}

/// What crypto/x509 makes of each case, all in one process.
pub fn verdicts(cases: &[Case]) -> Vec<Verdict> {
    let sent: Vec<_> = cases.iter().map(sent).collect();
    let said: Vec<Said> = run("verify", &sent);
    assert_eq!(said.len(), cases.len());
    cases
        .iter()
        .zip(said)
        .map(|(case, said)| verdict(case, said))
        .collect()
}

fn sent(case: &Case) -> serde_json::Value {
    let questions = case.questions.iter().map(|question| {
        let usage = match question.usage {
            Usage::Server => "1.3.6.1.5.5.7.3.1",
            Usage::Client => "1.3.6.1.5.5.7.3.2",
            Usage::Email => "1.3.6.1.5.5.7.3.4",
            Usage::CodeSigning => "1.3.6.1.5.5.7.3.3",
            Usage::Anything => "",
        };
        let (host, mailbox) = match &question.name {
            None => ("", ""),
            Some(Name::Host(text) | Name::Address(text)) => (text.as_str(), ""),
            Some(Name::Mailbox(text)) => ("", text.as_str()),
        };
        json!({"at": question.at, "usage": usage, "host": host, "mailbox": mailbox})
    });
    let intermediates: Vec<_> = case
        .intermediates
        .iter()
        .map(|der| BASE64_STANDARD.encode(der))
        .collect();
    json!({
        "certificate": BASE64_STANDARD.encode(&case.leaf),
        "intermediates": intermediates,
        "root": BASE64_STANDARD.encode(&case.root),
        "list": BASE64_STANDARD.encode(case.list.as_deref().unwrap_or_default()),
        "questions": questions.collect::<Vec<_>>(),
    })
}

fn verdict(case: &Case, said: Said) -> Verdict {
    let answer = |why: String| Some(if why.is_empty() { Ok(()) } else { Err(why) });
    match said.read {
        Some(read) => Verdict {
            read: Ok(read),
            answers: said.answers.into_iter().map(answer).collect(),
        },
        None => Verdict {
            answers: case
                .questions
                .iter()
                .map(|_| answer(said.problem.clone()))
                .collect(),
            read: Err(said.problem),
        },
    }
}

/// What the lints of `sources` find in each document: its DER, and whether it is a list of revoked certificates.
pub fn opinions(sources: &[&str], documents: &[(&[u8], bool)]) -> Vec<Opinion> {
    let sent = documents
        .iter()
        .map(|(der, is_list)| json!({"der": BASE64_STANDARD.encode(der), "is_list": is_list}));
    let sent = json!({"sources": sources, "documents": sent.collect::<Vec<_>>()});
    let opinions: Vec<Opinion> = run("lint", &sent);
    assert_eq!(opinions.len(), documents.len());
    opinions
}

/// Runs a program of the module on JSON.
fn run<T: DeserializeOwned>(program: &str, given: &impl Serialize) -> T {
    let mut child = Command::new(programs().join(program))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let given = serde_json::to_vec(given).unwrap();
    // It reads everything before it writes anything.
    stdin.write_all(&given).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Where the programs are, built once. Without Go this fails: certificates that no other implementation has verified are
/// not tested.
fn programs() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("certificates-go");
        let built = Command::new("go")
            .args(["build", "-trimpath", "-buildvcs=false", "-o"])
            // A slash at its end: a directory.
            .arg(directory.join(""))
            .args(["./verify", "./lint"])
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/go"))
            .env("CGO_ENABLED", "0")
            .env_remove("GOFLAGS")
            .output()
            .expect("these tests build programs of Go and need go in the PATH (https://go.dev/dl)");
        assert!(
            built.status.success(),
            "{}",
            String::from_utf8_lossy(&built.stderr)
        );
        directory
    })
}
