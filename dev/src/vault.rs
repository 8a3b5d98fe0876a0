//! One vault on this machine: the server of production, on files that it needs and a store in memory or in a directory.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use aws_lc_rs::{error::Unspecified, rand};
use clap::Parser as _;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use strongroom_core::{FurtherDomain, VaultRef};
use strongroom_crds::vault::VaultSpec;
use strongroom_engine::store::{MemoryStore, Store};
use strongroom_operator::vault::desired::rules;
use strongroom_vault::{
    args::{Cli, Command, ServeArgs},
    clock::Clock,
    serve::{self, Running},
};
use zeroize::Zeroizing;

use crate::{
    authority::Issued,
    controls::Controls,
    front::Front,
    login::{TENANT, issuer},
    names::LOGIN_HOST,
    place::{keep_private, make_private, write_private},
    store::{self, Claim, DirectoryError},
};

/// The one URI that the operator's certificate would have. There is none: nobody has the key of its authority.
const OPERATOR: &str = "spiffe://strongroom.dev/laptop/operator";

/// The directory of the audit log, beside the objects.
const AUDIT: &str = "audit";

/// Where a vault keeps its objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// In memory: gone when the process ends.
    Memory,
    /// Below a directory, in the store of production, with the seal key beside it: whoever has the directory has the secrets.
    Directory(PathBuf),
}

impl Data {
    /// Takes the directory, if there is one, for as long as the result lives.
    ///
    /// # Errors
    /// It is another's, or cannot be used.
    pub fn claim(&self) -> Result<Option<Claim>, DirectoryError> {
        match self {
            Self::Memory => Ok(None),
            Self::Directory(directory) => Claim::of(directory).map(Some),
        }
    }

    /// Where the objects of a vault, its seal and its audit log are, where `own` is its directory of this run.
    fn kept(&self, vault: &VaultRef, own: &Path) -> PathBuf {
        match self {
            Self::Memory => own.join("data"),
            Self::Directory(directory) => directory.join(vault.namespace.as_str()).join(vault.name.as_str()),
        }
    }
}

/// Why a vault does not run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file that it needs cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Write { path: PathBuf, source: io::Error },
    /// The directory cannot keep its objects.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The library made no random bytes.
    #[error("no random bytes can be had")]
    Random(#[from] Unspecified),
    /// The library made no certificate.
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// Its spec says what no vault can be told.
    #[error("the vault {vault} cannot be as its spec says: {reason}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Spec { vault: VaultRef, reason: String },
    /// It does not start.
    #[error("the vault {vault} cannot start")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Start {
        vault: VaultRef,
        source: Box<serve::StartError>,
    },
}

/// What every vault of one process has.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// The directory of this run, where certificates lie.
    pub directory: &'a Path,
    /// What the vaults show.
    pub certificate: &'a Issued,
    /// The certificate of the authority that signed it, in a file.
    pub authority: &'a Path,
    /// Where the login listens.
    pub login: SocketAddr,
    /// Under which domains vaults are reached.
    pub domains: &'a [FurtherDomain],
    /// The time that they live by.
    pub clock: &'a Clock,
    /// What stands in front of them.
    pub controls: &'a Controls,
}

impl Surroundings<'_> {
    /// Starts a vault. To be called on a runtime.
    ///
    /// # Errors
    /// It cannot start, or a file cannot be written.
    pub fn start(
        &self,
        vault: &VaultRef,
        spec: &VaultSpec,
        data: &Data,
        listen: SocketAddr,
    ) -> Result<Running, StartError> {
        let own = self.own(vault);
        let kept = data.kept(vault, &own);
        if matches!(data, Data::Directory(_)) {
            store::mark(&kept)?;
        }
        write(&own.join("tls/tls.crt"), self.certificate.certificate.as_bytes())?;
        write(&own.join("tls/tls.key"), self.certificate.key.as_bytes())?;
        write(&own.join("admin-ca.crt"), nobodys_authority()?.as_bytes())?;
        let seal = kept.join("seal");
        if !seal.join("key").exists() {
            let mut key = Zeroizing::new([0; 32]);
            rand::fill(key.as_mut_slice())?;
            // The key comes last: where it is, all of the seal is.
            keep(&seal.join("id"), b"laptop")?;
            keep(&seal.join("key"), key.as_slice())?;
        }
        let args = self.arguments(vault, spec, &own, &kept, listen)?;
        let store: Arc<dyn Store> = match data {
            Data::Memory => Arc::new(MemoryStore::default()),
            // Not by its path: a vault that opens a store so refuses one of a laptop.
            Data::Directory(_) => store::open(&kept)?,
        };
        let front = |port| Front::new(port, self.controls.clone());
        let started = Running::start_behind(&args, Some(store), self.clock.clone(), front);
        started.map_err(|source| StartError::Start {
            vault: vault.clone(),
            source: Box::new(source),
        })
    }

    fn own(&self, vault: &VaultRef) -> PathBuf {
        self.directory.join(format!("{}.{}", vault.name, vault.namespace))
    }

    /// Where the audit log of a vault is.
    pub fn audit_log(&self, vault: &VaultRef, data: &Data) -> PathBuf {
        data.kept(vault, &self.own(vault)).join(AUDIT)
    }

    fn arguments(
        &self,
        vault: &VaultRef,
        spec: &VaultSpec,
        own: &Path,
        kept: &Path,
        listen: SocketAddr,
    ) -> Result<ServeArgs, StartError> {
        let anywhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0).to_string();
        let path = |path: PathBuf| path.display().to_string();
        let mut words = ["strongroom-vault", "serve", "--initialise"]
            .map(str::to_owned)
            .to_vec();
        for (flag, value) in [
            ("vault-name", vault.name.to_string()),
            ("namespace", vault.namespace.to_string()),
            // Everything that the environment could say otherwise.
            ("replica", "0".to_owned()),
            ("cluster-domain", "cluster.local".to_owned()),
            ("audit-dir", path(kept.join(AUDIT))),
            ("compared-within", "0".to_owned()),
            ("tenant-id", TENANT.to_owned()),
            ("issuer", issuer(self.login)),
            (
                "identity-url",
                format!("https://{LOGIN_HOST}:{}", self.login.port()),
            ),
            ("identity-peers", self.login.to_string()),
            ("identity-server-name", LOGIN_HOST.to_owned()),
            ("trust-bundle", path(self.authority.to_owned())),
            ("admin-ca", path(own.join("admin-ca.crt"))),
            ("admin-client-uri", OPERATOR.to_owned()),
            ("listen", listen.to_string()),
            ("admin-listen", anywhere.clone()),
            ("health-listen", anywhere),
            ("tls-dir", path(own.join("tls"))),
            ("seal-dir", path(kept.join("seal"))),
            ("data-dir", path(kept.to_owned())),
        ] {
            words.push(format!("--{flag}={value}"));
        }
        words.extend(
            self.domains
                .iter()
                .map(|domain| format!("--further-domain={domain}")),
        );
        words.extend(rules(spec));
        let refused = |reason: String| StartError::Spec {
            vault: vault.clone(),
            reason,
        };
        match Cli::try_parse_from(words)
            .map_err(|error| refused(error.to_string()))?
            .command
        {
            Command::Serve(args) => Ok(*args),
            Command::Audit(_) => Err(refused("it is not to be served".to_owned())),
        }
    }
}

/// The certificate of an authority whose key is gone already: whoever it signed for would be the operator.
fn nobodys_authority() -> Result<String, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    Ok(params.self_signed(&KeyPair::generate()?)?.pem())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), StartError> {
    put(path, || write_private(path, bytes))
}

fn keep(path: &Path, bytes: &[u8]) -> Result<(), StartError> {
    put(path, || keep_private(path, bytes))
}

fn put(path: &Path, put: impl FnOnce() -> io::Result<()>) -> Result<(), StartError> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let done = make_private(directory).and_then(|()| put());
    done.map_err(|source| StartError::Write {
        path: path.to_owned(),
        source,
    })
}
