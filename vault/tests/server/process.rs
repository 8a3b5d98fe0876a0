//! The program itself, killed and drained.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::{Certificate, Client, Identity, StatusCode};
use serde_json::{Value, json};
use strongroom_core::{Bundle, Generation};
use strongroom_testing::{
    signing_key::claims,
    vault::{ALL, AUDIENCE, Files, HOST, OPERATOR, allow, client},
};
use strongroom_wire::admin::{self, Status};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::audit::{assert_intact, records};

/// The program on files of its own.
pub struct Program {
    pub files: Files,
    data: SocketAddr,
    admin: SocketAddr,
    pub more: Vec<String>,
}

/// Ends with the test.
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Program {
    pub async fn new(more: &[&str]) -> Self {
        let more = more.iter().map(|word| (*word).to_owned()).collect();
        Self {
            files: Files::on_disk().await,
            data: free_address(),
            admin: free_address(),
            more,
        }
    }

    /// Starts it and waits until it knows a key; returns how long the first answer took.
    pub async fn start(&self) -> (Process, Duration) {
        let started = Instant::now();
        let mut arguments = self.files.arguments();
        for (flag, address) in [("--listen", self.data), ("--admin-listen", self.admin)] {
            let place = arguments.iter().position(|word| word == flag).unwrap();
            arguments[place + 1] = address.to_string();
        }
        arguments.extend(self.more.iter().cloned());
        let child = Command::new(env!("CARGO_BIN_EXE_strongroom-vault"))
            .args(&arguments[1..])
            .env("RUST_LOG", "error")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let process = Process(child);
        let client = self.client();
        let up = async {
            while client.get(self.url("/secrets")).send().await.is_err() {
                sleep(Duration::from_millis(2)).await;
            }
            let first = started.elapsed();
            while self.get(&client, "/secrets/a").await.0 == StatusCode::UNAUTHORIZED {
                sleep(Duration::from_millis(5)).await;
            }
            first
        };
        let first = timeout(Duration::from_secs(30), up)
            .await
            .expect("the program answers");
        (process, first)
    }

    /// Puts a bundle in force, as the operator does.
    pub async fn allow_all(&self) {
        let operator = self.files.admin.client(OPERATOR).both();
        let ca = Certificate::from_pem(&std::fs::read(self.files.path("ca.crt")).unwrap()).unwrap();
        let client = Client::builder()
            .tls_certs_only([ca])
            .identity(Identity::from_pem(operator.as_bytes()).unwrap())
            .resolve(HOST, self.admin)
            .no_proxy()
            .build()
            .unwrap();
        let url = |path: &str| format!("https://{HOST}:{}{path}", self.admin.port());
        let status: Status = client
            .get(url(admin::path::STATUS))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let policies = vec![allow("admins", "team-a/admin", &["*"], ALL)];
        let bundle = Bundle::new(
            status.vault_id.to_string(),
            Generation { epoch: 1, n: 1 },
            policies,
        );
        let put = client
            .put(url(admin::path::BUNDLE))
            .json(&bundle)
            .send()
            .await
            .unwrap();
        assert_eq!(put.status(), StatusCode::OK, "{}", put.text().await.unwrap());
    }

    pub fn client(&self) -> Client {
        client(&self.files.path("ca.crt"), self.data)
    }

    pub fn token(&self) -> String {
        let claims = claims(self.files.clock.now(), "team-a/admin", AUDIENCE);
        self.files.signer.token(&claims)
    }

    pub fn url(&self, path: &str) -> String {
        let query = if path.contains('?') {
            ""
        } else {
            "?api-version=7.4"
        };
        format!("https://{HOST}:{}{path}{query}", self.data.port())
    }

    async fn get(&self, client: &Client, path: &str) -> (StatusCode, Value) {
        let response = client
            .get(self.url(path))
            .bearer_auth(self.token())
            .send()
            .await
            .unwrap();
        (response.status(), response.json().await.unwrap())
    }

    pub async fn versions(&self, client: &Client, name: &str) -> BTreeSet<String> {
        let mut versions = BTreeSet::new();
        let mut path = format!("/secrets/{name}/versions");
        loop {
            let (_, page) = self.get(client, &path).await;
            for item in page["value"].as_array().unwrap() {
                versions.insert(
                    item["id"]
                        .as_str()
                        .unwrap()
                        .rsplit('/')
                        .next()
                        .unwrap()
                        .to_owned(),
                );
            }
            let Some(next) = page["nextLink"].as_str() else {
                return versions;
            };
            path = next[next.find("/secrets/").unwrap()..].to_owned();
        }
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

const WRITERS: usize = 4;
const ROUNDS: u64 = 50;

/// Writes numbers to one secret until the vault is gone; returns the last one acknowledged.
async fn write(program: Arc<Program>, name: String, from: u64) -> (String, u64) {
    let (client, token) = (program.client(), program.token());
    let mut acknowledged = from;
    loop {
        let body = json!({"value": (acknowledged + 1).to_string()});
        let url = program.url(&format!("/secrets/{name}"));
        match client.put(url).bearer_auth(&token).json(&body).send().await {
            Ok(response) if response.status() == StatusCode::OK => acknowledged += 1,
            Ok(response) => panic!("{}", response.text().await.unwrap_or_default()),
            Err(_) => return (name, acknowledged),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_lose_nothing_acknowledged_and_leave_nothing_unaudited() {
    // A fast disk takes more versions in this time than a vault keeps of one secret otherwise.
    let program = Arc::new(Program::new(&["--versions-per-object", "100000"]).await);
    let mut acknowledged: BTreeMap<String, u64> = (0..WRITERS).map(|n| (format!("w-{n}"), 0)).collect();
    let mut first_answers = Vec::new();
    for round in 0..ROUNDS {
        let (mut process, first) = program.start().await;
        first_answers.push(first);
        if round == 0 {
            program.allow_all().await;
        }
        let client = program.client();
        for (name, last) in &mut acknowledged {
            let (status, body) = program.get(&client, &format!("/secrets/{name}")).await;
            let kept: u64 = body["value"].as_str().map_or(0, |value| value.parse().unwrap());
            assert!(
                kept >= *last,
                "round {round}: {name} holds {kept}, {last} was acknowledged ({status})"
            );
            *last = kept;
        }
        let mut writers = JoinSet::new();
        for (name, last) in acknowledged.clone() {
            writers.spawn(write(Arc::clone(&program), name, last));
        }
        // A different moment each time, before and after the first acknowledgements.
        sleep(Duration::from_millis(20 + round * 37 % 150)).await;
        process.0.kill().unwrap();
        process.0.wait().unwrap();
        acknowledged = writers.join_all().await.into_iter().collect();
    }
    let (_process, _) = program.start().await;
    let client = program.client();
    let mut stored = BTreeSet::new();
    for name in acknowledged.keys() {
        stored.extend(program.versions(&client, name).await);
    }
    let log = program.files.path("data/audit");
    let set = records(&log)
        .into_iter()
        .filter(|record| record["operationName"] == "SecretSet");
    let audited: BTreeSet<String> = set
        .map(|record| {
            record["properties"]["id"]
                .as_str()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert!(stored.len() > 50, "only {} versions were written", stored.len());
    assert_eq!(
        stored.difference(&audited).count(),
        0,
        "versions without a record"
    );
    assert_eq!(
        audited.difference(&stored).count(),
        0,
        "records without a version"
    );
    assert_intact(&log);
    first_answers.sort();
    println!(
        "{} versions; first answer after a kill, median {:?}",
        stored.len(),
        first_answers[first_answers.len() / 2]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminated_vault_finishes_what_it_has_begun_and_exits_with_0() {
    let program = Arc::new(Program::new(&[]).await);
    let (mut process, _) = program.start().await;
    program.allow_all().await;
    let writer = tokio::spawn(write(Arc::clone(&program), "a".into(), 0));
    sleep(Duration::from_millis(300)).await;
    let id = process.0.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .unwrap()
            .success()
    );
    let (_, acknowledged) = timeout(Duration::from_secs(15), writer).await.unwrap().unwrap();
    let exit = timeout(
        Duration::from_secs(15),
        tokio::task::spawn_blocking(move || process.0.wait().unwrap()),
    );
    assert!(exit.await.unwrap().unwrap().success());
    let (_process, _) = program.start().await;
    let (_, body) = program.get(&program.client(), "/secrets/a").await;
    assert_eq!(body["value"], acknowledged.to_string());
    let log = program.files.path("data/audit");
    assert_intact(&log);
    assert!(verify(&log));
    let segment = std::fs::read_dir(&log)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let segment = segment
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .min()
        .unwrap();
    let altered = std::fs::read_to_string(&segment)
        .unwrap()
        .replacen("SecretSet", "SecretGet", 1);
    std::fs::write(&segment, altered).unwrap();
    assert!(!verify(&log));
}

/// What `audit verify` exits with: whether the log is intact.
fn verify(log: &Path) -> bool {
    let output = Command::new(env!("CARGO_BIN_EXE_strongroom-vault"))
        .args(["audit", "verify"])
        .arg(log)
        .output();
    output.unwrap().status.success()
}

#[test]
fn help_reads_well_and_wrong_arguments_get_a_sentence() {
    let run = |words: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_strongroom-vault"))
            .args(words)
            .output()
            .unwrap()
    };
    let help = run(&["serve", "--help"]);
    let text = String::from_utf8(help.stdout).unwrap();
    for word in [
        "--vault-name",
        "Identity:",
        "Listeners:",
        "Storage:",
        "Rules:",
        "STRONGROOM_VAULT_NAME",
    ] {
        assert!(text.contains(word), "{word} in\n{text}");
    }
    let wrong = run(&["serve", "--vault-name", "kubernetes"]);
    assert!(!wrong.status.success());
    let missing = run(&["audit", "verify", "/nonexistent/log"]);
    assert!(
        !missing.status.success() && String::from_utf8_lossy(&missing.stderr).contains("/nonexistent/log")
    );
}
