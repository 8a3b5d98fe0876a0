//! The real vault without its ports, on a store in memory, at one moment.

use std::{
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use strongroom_serving::accept::Peer;
use strongroom_testing::{
    signing_key::claims,
    vault::{ALL, AUDIENCE, Files, KEYS, allow, deny, put, set},
};
use strongroom_vault::{
    access::{Access, AccessConfig},
    service::Service,
};
use tokio::runtime::{Builder, Runtime};

use super::authority::Authority;

/// Now, for the vault and for every token.
pub(super) const NOW: i64 = 1_800_000_000;
/// Whose token is good.
pub(super) const ACCOUNT: &str = "shop/api";
/// The secret that this account may not read, and its value.
pub(super) const HIDDEN: (&str, &str) = ("hidden", "CANARY-of-the-hidden-secret");
/// The word that stands in an input for the account's token.
pub(super) const GENUINE: &str = "genuine";

/// The parts of a vault.
pub(super) struct Served {
    pub(super) runtime: Runtime,
    pub(super) service: Service,
    pub(super) access: Arc<Access>,
    /// A good token of [`ACCOUNT`].
    pub(super) token: String,
    pub(super) files: Files,
    /// The attestation authority that the vault believes.
    pub(super) authority: Authority,
}

impl Served {
    /// A vault with secrets that [`ACCOUNT`] may do everything with, and one that it may not.
    pub(super) fn start() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let guard = runtime.enter();
        let authority = Authority::new();
        let files = Files::in_memory().with(&[&authority.argument()]);
        stop(&files);
        let service = files.service();
        for name in ["db", "other"] {
            set(&service, name, "hunter2");
        }
        set(&service, HIDDEN.0, HIDDEN.1);
        let rules = vec![
            allow("all", ACCOUNT, &["*"], ALL),
            allow("keys", ACCOUNT, &["*"], KEYS),
            deny("hidden", ACCOUNT, &[HIDDEN.0], ALL),
        ];
        put(&service, (1, 1), rules).unwrap();
        let config = AccessConfig {
            account_rate: NonZeroU32::MAX,
            audit_least_age: Duration::ZERO,
        };
        let access = Access::new(service.clone(), config);
        let token = files.signer.token(&claims(NOW, ACCOUNT, AUDIENCE));
        drop(guard);
        Self {
            runtime,
            service,
            access,
            token,
            files,
            authority,
        }
    }

    /// Lets it be [`NOW`].
    pub(super) fn stop_clock(&self) {
        stop(&self.files);
    }
}

fn stop(files: &Files) {
    files.clock.advance(NOW - files.clock.now());
}

/// The other end of a connection: another source each time, so that no source has its share used up.
pub(super) fn peer() -> Peer {
    static SOURCES: AtomicU32 = AtomicU32::new(0);
    let source = SOURCES.fetch_add(1, Ordering::Relaxed) & 0x00ff_ffff;
    Peer {
        address: (IpAddr::from(Ipv4Addr::from(0x0a00_0000 | source)), 4711).into(),
        tls: None,
        certificates: Arc::new([]),
    }
}
