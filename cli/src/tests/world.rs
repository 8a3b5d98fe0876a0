//! A vault in this process, and commands on it as a person would type them.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use clap::Parser as _;
use futures::future::BoxFuture;
use secrecy::ExposeSecret as _;
use strongroom_client::{
    Dial, Route, Server, Trust, identity::VaultToken, server::Stream, vault::VaultClient,
};
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

/// Connects to an address.
struct Socket(SocketAddr);

impl Dial for Socket {
    fn dial(&self) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> {
        let address = self.0;
        Box::pin(async move {
            let stream = tokio::net::TcpStream::connect(address).await?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        })
    }
}

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

    /// Lets the vault's clock go on: what is made next is made in another second.
    pub(crate) fn advance(&self, seconds: i64) {
        self.vault.files.clock.advance(seconds);
    }

    /// Replaces the policies of the vault by one, which lets who may do everything do this alone.
    pub(crate) async fn allow_only(&self, permissions: &[&'static str]) {
        let policies = vec![allow("admins", ADMIN, &["*"], permissions)];
        self.vault.policy(3, policies).await;
    }

    /// The certificate that the vault's comes from.
    pub(crate) fn authorities(&self) -> String {
        std::fs::read_to_string(self.vault.files.path("ca.crt")).unwrap()
    }

    /// The ways to the vault's data port and to its health port.
    pub(crate) fn dials(&self) -> [Arc<dyn Dial>; 2] {
        let addresses = self.vault.running.addresses();
        [addresses.data, addresses.health].map(|address| Arc::new(Socket(address)) as Arc<dyn Dial>)
    }

    pub(crate) fn session(&self, account: &str) -> Session {
        let address = self.vault.running.addresses().data;
        self.session_by(account, &Server::new(HOST).by(Route::Socket(address)))
    }

    /// The vault, reached in a way of its own.
    pub(crate) fn session_by(&self, account: &str, server: &Server) -> Session {
        let client = VaultClient::new(server, Trust::from_pem(self.authorities().as_bytes()).unwrap());
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
            Command::Secret(secret) => match SecretRequest::prepare(secret.command, output)? {
                SecretRequest::Ready(request) => request.perform(&session).await,
                SecretRequest::Copy(copy) => copy.perform(&session, &session).await,
                SecretRequest::Kubernetes(_) => panic!("{line} needs a cluster"),
            },
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
            | Command::Man(_)
            | Command::Vault(_)
            | Command::Check(_)
            | Command::Crds(_)
            | Command::Debug(_)
            | Command::Ref(_)
            | Command::Report(_)
            | Command::Version(_) => panic!("{line} needs no vault, or a cluster"),
            Command::Token(_) => panic!("{line} is tried by itself"),
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
        Printed::Revealed(text) => text.expose_secret().to_owned(),
        Printed::Base64(bytes) => encoding::encode_base64(bytes.as_bytes()).to_string(),
        Printed::Bytes { bytes, .. } => String::from_utf8(bytes.as_bytes().to_vec()).unwrap(),
    }
}
