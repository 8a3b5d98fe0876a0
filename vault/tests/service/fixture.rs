//! A vault's parts, put together as the program does.

use std::{collections::BTreeMap, fs, num::NonZeroU32, sync::Arc, time::Duration};

use strongroom_audit::{Entry, Event, Log, LogConfig, VaultResource};
use strongroom_core::{Bundle, BundlePolicy, Effect, Generation, Permission, VaultRef, Version};
use strongroom_engine::{
    Answer, AttributesPatch, Initialise, Objects, SecretFields, SecretPatch, SecretValue, Unsealed,
    VaultOptions, WriteRequest,
    crypt::seal::SecretFile,
    secret::SECRETS,
    store::{MemoryStore, Store},
};
use strongroom_serving::accept::Drain;
use strongroom_testing::Directory;
use strongroom_vault::{
    access::{Access, AccessConfig},
    auth::{Authenticator, Expected, Peers},
    clock::Clock,
    metrics::Metrics,
    policy::{Policy, PutError, Taken},
    service::Service,
    storage::StorageHealth,
};
use strongroom_wire::admin::PolicyStatus;

use crate::tokens::{Account, ISSUER, Signer, TENANT};

/// What outlives a restart, and what stands around the vault.
pub struct Fixture {
    pub directory: Directory,
    pub clock: Clock,
    pub signer: Signer,
    store: Arc<dyn Store>,
    max_staleness: Option<Duration>,
}

impl Fixture {
    pub fn new() -> Self {
        Self::with_staleness(None)
    }

    /// A vault on `store`.
    pub fn on(store: Arc<dyn Store>) -> Self {
        Self { store, ..Self::new() }
    }

    pub fn with_staleness(max_staleness: Option<Duration>) -> Self {
        let directory = Directory::new();
        fs::create_dir(directory.path().join("seal")).unwrap();
        fs::write(directory.path().join("seal/key"), [7; 32]).unwrap();
        fs::write(directory.path().join("seal/id"), "seal-1").unwrap();
        let authority = rcgen::generate_simple_self_signed(["identity.test".to_owned()]).unwrap();
        fs::write(directory.path().join("ca.crt"), authority.cert.pem()).unwrap();
        Self {
            directory,
            clock: Clock::default(),
            signer: Signer::new(),
            store: Arc::new(MemoryStore::default()),
            max_staleness,
        }
    }

    /// Starts the vault on what is there.
    pub fn start(&self) -> Service {
        let path = |name: &str| self.directory.path().join(name);
        let mut options = VaultOptions::new(SECRETS, path("keyring"));
        options.initialise = Initialise::Allowed;
        let seal = Box::new(SecretFile::read(&path("seal")).unwrap());
        let unsealed = Unsealed::open(options, Arc::clone(&self.store), seal).unwrap();
        let config = LogConfig::new(path("audit"), &unsealed.vault_id().to_string(), "prod-0");
        let audit = Arc::new(Log::open(config, unsealed.audit_head()).unwrap());
        let objects = unsealed.start(Arc::clone(&audit)).unwrap();
        let policy = Policy::open(objects.clone(), self.max_staleness, self.clock.clone()).unwrap();
        Service {
            authenticator: Arc::new(self.authenticator()),
            policy: Arc::new(policy),
            audit,
            resource: Arc::new(VaultResource::new(&vault())),
            refusals: Service::refusal_counter(self.clock.time()),
            storage: Arc::new(StorageHealth::default()),
            metrics: Arc::new(Metrics::new("test")),
            clock: self.clock.clone(),
            drain: Drain::default(),
            objects,
        }
    }

    /// Access to the objects of `service`, whose audit records wait for the disk if `audit_waits`.
    pub fn access(service: &Service, audit_waits: bool) -> Arc<Access> {
        let config = AccessConfig {
            account_rate: NonZeroU32::new(1000).unwrap(),
            audit_waits,
        };
        Access::new(service.clone(), config)
    }

    fn authenticator(&self) -> Authenticator {
        let trust = self.directory.path().join("ca.crt");
        let peers = Peers::new(
            "127.0.0.1:1".to_owned(),
            "identity.test",
            &trust,
            self.clock.clone(),
        );
        let peers = Arc::new(peers.unwrap());
        self.signer.teach(&peers.keys(), self.clock.now());
        let expected = Expected {
            issuer: ISSUER.to_owned(),
            tenant: TENANT.to_owned(),
            vault: vault(),
            cluster_domain: "cluster.local".to_owned(),
        };
        Authenticator::new(expected, peers, self.clock.clone())
    }

    /// A token for `account` that is good for ten minutes.
    pub fn token(&self, account: Account) -> String {
        self.signer.token(account, self.clock.now(), 600)
    }

    /// Every line of the audit log.
    pub fn audit_lines(&self) -> Vec<serde_json::Value> {
        let mut files: Vec<_> = fs::read_dir(self.directory.path().join("audit"))
            .unwrap()
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
            .collect();
        files.sort();
        let text: String = files
            .iter()
            .map(|file| fs::read_to_string(file).unwrap())
            .collect();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The audit records of `operation`.
    pub fn audited(&self, operation: &str) -> Vec<serde_json::Value> {
        let mut lines = self.audit_lines();
        lines.retain(|line| line["operationName"] == operation);
        lines
    }
}

/// The vault under test.
fn vault() -> VaultRef {
    VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap())
}

/// One policy: `subjects` may, or may not, get the objects of `pattern`.
pub fn rule(name: &str, effect: Effect, subjects: &[&str], pattern: &str) -> BundlePolicy {
    BundlePolicy {
        name: name.to_owned(),
        effect,
        subjects: subjects.iter().map(|uid| uid.parse().unwrap()).collect(),
        objects: vec![pattern.parse().unwrap()],
        permissions: [Permission::SecretGet].into_iter().collect(),
    }
}

/// Lets `subjects` get everything.
pub fn allow(subjects: &[&str]) -> BundlePolicy {
    rule("allow", Effect::Allow, subjects, "*")
}

/// The bytes of a bundle for `vault`.
pub fn bundle(vault: &Objects, (epoch, n): (u64, u64), policies: Vec<BundlePolicy>) -> Vec<u8> {
    let bundle = Bundle::new(vault.vault_id().to_string(), Generation { epoch, n }, policies);
    serde_json::to_vec(&bundle).unwrap()
}

/// Puts a bundle as the admin API does, but for the audit.
pub fn put(service: &Service, place: (u64, u64), policies: Vec<BundlePolicy>) -> Result<Taken, PutError> {
    service
        .policy
        .put(&bundle(&service.objects, place, policies), |_| Ok(()))
}

/// What is in force.
pub fn in_force(service: &Service) -> PolicyStatus {
    service.policy.status().unwrap()
}

/// Writes `request` and waits for it.
pub fn write(service: &Service, request: WriteRequest) -> Answer {
    let (done, outcome) = std::sync::mpsc::sync_channel(1);
    let now = service.clock.time();
    let record = move |_: &_| Entry::event(now, &Event::VaultStop);
    let done = Box::new(move |result| done.send(result).unwrap());
    service
        .objects
        .submit(request, now.into(), Box::new(record), done)
        .unwrap();
    outcome.recv().unwrap().unwrap()
}

/// Sets a secret; returns its new version.
pub fn set(service: &Service, name: &str, value: &str) -> Version {
    let request = WriteRequest::Set {
        name: name.parse().unwrap(),
        content: SecretValue::new(value.to_owned()),
        fields: SecretFields { content_type: None },
        attributes: AttributesPatch::default(),
        tags: BTreeMap::new(),
    };
    match write(service, request) {
        Answer::Object(secret) => secret.version,
        other => panic!("not a secret: {other:?}"),
    }
}

/// Enables or disables the current version of a secret.
pub fn enable(service: &Service, name: &str, enabled: bool) {
    let attributes = AttributesPatch {
        enabled: Some(enabled),
        ..AttributesPatch::default()
    };
    let name = name.parse().unwrap();
    write(
        service,
        WriteRequest::Update {
            name,
            version: None,
            fields: SecretPatch { content_type: None },
            attributes,
            tags: None,
        },
    );
}

/// Deletes a secret.
pub fn delete(service: &Service, name: &str) {
    write(
        service,
        WriteRequest::Delete {
            name: name.parse().unwrap(),
        },
    );
}
