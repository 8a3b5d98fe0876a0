//! A vault in this process, and commands on it as a person would type them.

use std::time::{Duration, SystemTime};

use clap::Parser as _;
use strongroom_client::{Route, Server, Trust, identity::VaultToken, vault::VaultClient};
use strongroom_core::{Permission, VaultRef};
use strongroom_testing::{
    Directory,
    vault::{ALL, CERTIFICATES, HOST, KEYS, Vault, allow},
};

use crate::{
    Failure, Program,
    arguments::{Arguments, Command},
    cert::CertRequest,
    encoding,
    key::KeyRequest,
    printed::{Outcome, Printed},
    secret::SecretRequest,
    session::{Acting, Session},
};

/// The account that may do everything.
pub(crate) const ADMIN: &str = "team-a/admin";
/// An account that may do nothing.
pub(crate) const NOBODY: &str = "team-a/nobody";

/// A vault, and a directory for files.
pub(crate) struct World {
    vault: Vault,
    directory: Directory,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self {
            vault: Vault::start().await,
            directory: Directory::new(),
        }
    }

    /// Lets who may do everything have the vault's own authorities sign, too.
    pub(crate) async fn allow_signing(&self) {
        let everything = [ALL, KEYS, CERTIFICATES, &["certificates/strongroom/issuers/use"]].concat();
        let policies = vec![allow("signers", ADMIN, &["*"], &everything)];
        self.vault.policy(2, policies).await;
    }

    /// Writes a file; gives its path.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The path of a file.
    pub(crate) fn path(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_owned()
    }

    fn session(&self, account: &str) -> Session {
        let ca = std::fs::read(self.vault.files.path("ca.crt")).unwrap();
        let server = Server::new(HOST).by(Route::Socket(self.vault.running.addresses().data));
        let client = VaultClient::new(&server, Trust::from_pem(&ca).unwrap());
        let until = SystemTime::now() + Duration::from_mins(1);
        let token = VaultToken::new(self.vault.token(account).into(), until);
        let acting = Acting {
            account: account.replace('/', ":").parse().unwrap(),
            by_default: false,
        };
        let reference = VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap());
        Session::new(client, token, reference, acting)
    }

    /// Runs `strongroom LINE` as an account.
    pub(crate) async fn run_as(&self, account: &str, line: &str) -> Result<Outcome, Failure> {
        let words = std::iter::once("strongroom").chain(line.split(' '));
        let arguments = Arguments::try_parse_from(words).unwrap();
        let output = arguments.global.output();
        let session = self.session(account);
        match arguments.command {
            Command::Secret(secret) => {
                SecretRequest::prepare(secret.command, output)?
                    .perform(&session)
                    .await
            }
            Command::Key(key) => KeyRequest::prepare(key.command, output)?.perform(&session).await,
            Command::Cert(cert) => {
                CertRequest::prepare(cert.command, output)?
                    .perform(&session)
                    .await
            }
            Command::Policy(_)
            | Command::AzCloud(_)
            | Command::Dev(_)
            | Command::Config(_)
            | Command::Completion(_)
            | Command::Man(_) => panic!("{line} needs no vault"),
        }
    }

    /// Runs `strongroom LINE` as who may do everything; gives what it prints.
    pub(crate) async fn run(&self, line: &str) -> String {
        let outcome = self.outcome(line).await;
        assert!(outcome.is_yes, "{line}");
        text(&outcome.printed)
    }

    /// The same, as JSON.
    pub(crate) async fn json(&self, line: &str) -> serde_json::Value {
        serde_json::from_str(&self.run(&format!("{line} -o json")).await).unwrap()
    }

    /// The same, with the answer.
    pub(crate) async fn outcome(&self, line: &str) -> Outcome {
        let outcome = self.run_as(ADMIN, line).await;
        outcome.unwrap_or_else(|failure| panic!("{line}: {failure}"))
    }

    /// The bytes that `strongroom LINE` prints.
    pub(crate) async fn bytes(&self, line: &str) -> Vec<u8> {
        match self.outcome(line).await.printed {
            Printed::Bytes { bytes, .. } => bytes.as_bytes().to_vec(),
            other => panic!("{line}: {other:?}"),
        }
    }

    /// Why `strongroom LINE` does nothing.
    pub(crate) async fn refusal(&self, line: &str) -> Failure {
        match self.run_as(ADMIN, line).await {
            Ok(outcome) => panic!("{line}: {outcome:?}"),
            Err(failure) => failure,
        }
    }

    /// Runs `strongroom LINE` for an account without rights. The refusal must name this permission.
    pub(crate) async fn asks_policy_for(&self, line: &str, permission: Permission) {
        let failure = self.run_as(NOBODY, line).await.unwrap_err();
        let hint = failure.hint(Program::Command).unwrap_or_default();
        assert!(
            hint.contains(&format!("--permission {permission}")),
            "{line}: {failure}: {hint}"
        );
    }
}

fn text(printed: &Printed) -> String {
    match printed {
        Printed::Nothing => String::new(),
        Printed::Text(text) | Printed::Done(text) | Printed::Document(text) => text.clone(),
        Printed::Base64(bytes) => encoding::encode_base64(bytes.as_bytes()).to_string(),
        Printed::Bytes { bytes, .. } => String::from_utf8(bytes.as_bytes().to_vec()).unwrap(),
    }
}
