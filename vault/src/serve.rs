//! Starting and stopping a vault: every part is made once and given to its users.

mod background;
mod data;
mod error;
mod listeners;
mod parts;
mod pulse;

use std::{sync::Arc, thread::JoinHandle, time::Duration};

use strongroom_audit::{Class, Entry, Event};
use strongroom_engine::store::Store;
use strongroom_serving::{
    accept::{Drain, Handler, Limits},
    health,
    tls::{ServingCertificate, server_config},
};
use strongroom_wire::watch::watch_server::WatchServer;
use tokio::{
    runtime::Handle,
    task::{JoinSet, spawn_blocking},
    time::sleep,
};
use tonic::service::Routes;

pub use data::{LAPTOP_MARK, STORE};
pub use error::StartError;
pub use listeners::Addresses;
pub use parts::{peers, service};

use self::{
    background::Upkeep,
    listeners::{Listeners, Sockets},
    pulse::Pulse,
};
use crate::{
    access::Access,
    admin::{Admin, OperatorAuthority},
    args::ServeArgs,
    clock::Clock,
    rest::{Api, DataPort},
    service::Service,
    watch::{self, Watch},
};

/// How the operator names the seal that is a mounted key.
const SEAL_KIND: &str = "KubernetesSecret";

/// A vault that serves.
#[derive(Debug)]
pub struct Running {
    service: Service,
    access: Arc<Access>,
    addresses: Addresses,
    watch: Watch,
    tasks: JoinSet<()>,
    /// Ends the admin and health listeners, which outlive the data port's drain.
    aside: Drain,
    threads: Vec<JoinHandle<()>>,
    /// Ends last: what stops waits for timers.
    _pulse: Pulse,
}

impl Running {
    /// Starts a vault as `args` say. To be called on a runtime, where the data port is served; the admin and health
    /// ports get threads of their own.
    pub fn start(args: &ServeArgs, clock: Clock) -> Result<Self, StartError> {
        Self::open(args, clock, || data::store(&args.storage), |port| port)
    }

    /// The same on `store`, in place of the file in the data directory.
    pub fn start_on(args: &ServeArgs, store: Arc<dyn Store>, clock: Clock) -> Result<Self, StartError> {
        Self::open(args, clock, || Ok(store), |port| port)
    }

    /// The same on `store` or, without one, on the file in the data directory, with what `front` makes of the data port in its
    /// place: it may answer by itself, and change what is answered.
    pub fn start_behind<H: Handler>(
        args: &ServeArgs,
        store: Option<Arc<dyn Store>>,
        clock: Clock,
        front: impl FnOnce(DataPort) -> H,
    ) -> Result<Self, StartError> {
        let open = || store.map_or_else(|| data::store(&args.storage), Ok);
        Self::open(args, clock, open, front)
    }

    fn open<H: Handler>(
        args: &ServeArgs,
        clock: Clock,
        store: impl FnOnce() -> Result<Arc<dyn Store>, StartError>,
        front: impl FnOnce(DataPort) -> H,
    ) -> Result<Self, StartError> {
        let certificate = ServingCertificate::load(&args.listen.tls_dir)?;
        let identity = &args.identity;
        let authority = OperatorAuthority::load(&identity.admin_ca, &identity.admin_client_uri)?;
        let peers = parts::peers(args, &clock)?;
        let sockets = Sockets::bind(args)?;
        let addresses = sockets.addresses;
        let service = parts::service(args, &peers, store, clock)?;
        let access = Access::new(service.clone(), parts::access_config(args));
        let api = Api::new(
            Arc::clone(&access),
            &service,
            parts::api_config(args, &certificate),
        );
        let watch = Watch::new(Arc::clone(&access), &service, watch::Limits::default());
        let aside = Drain::default();
        let listeners = Listeners {
            service: &service,
            aside: &aside,
        };
        let admin_tls = authority.server_config(Arc::clone(&certificate))?;
        let admin = Admin {
            vault: args.vault(),
            access: Arc::clone(&access),
            service: service.clone(),
            watch: watch.clone(),
            seal_kind: SEAL_KIND,
        };
        let admin = admin.into_router(&authority);
        let threads = vec![
            listeners.apart(
                "health",
                sockets.health,
                None,
                health::router(service.clone()),
                health::LIMITS,
            )?,
            listeners.apart("admin", sockets.admin, Some(admin_tls), admin, Limits::default())?,
        ];
        let routes = Routes::new(watch.service()).into_axum_router();
        let port = DataPort::new(api).with_service::<WatchServer<Watch>>(routes);
        let pulse = Pulse::start(Handle::current()).map_err(|source| StartError::Thread {
            name: "pulse",
            source,
        })?;
        let data_tls = server_config(Arc::clone(&certificate))?;
        listeners.here(sockets.data, data_tls, front(port));
        let upkeep = Upkeep {
            service: service.clone(),
            access: Arc::clone(&access),
            peers,
            certificate,
            authority,
            is_disk_shared: data::share_a_disk(&args.storage),
            compared_within: parts::compared_within(args),
        };
        Ok(Self {
            service,
            access,
            addresses,
            watch,
            tasks: upkeep.start(),
            aside,
            threads,
            _pulse: pulse,
        })
    }

    /// Where it listens.
    pub const fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// The vault's parts.
    pub const fn service(&self) -> &Service {
        &self.service
    }

    /// The volumes that follow it.
    pub const fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Waits until a key of the identity service is known.
    pub async fn first_keys(&self) {
        while !self.service.authenticator.has_keys() {
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Drains: not ready any more, no new connections, requests in flight finish, the log says that the vault stopped.
    /// True when everything finished in time.
    pub async fn stop(mut self) -> bool {
        self.service.drain.begin();
        let finished = self.service.drain.finished().await;
        self.tasks.shutdown().await;
        background::record_refusals(&self.service);
        self.access.record_refusals(true);
        let stop = Entry::event(self.service.clock.time(), &Event::VaultStop);
        if let Err(error) = self.service.audit.append(Class::Administration, &stop) {
            tracing::warn!(%error, "the stop is not in the audit log");
        }
        self.aside.begin();
        let finished = self.aside.finished().await && finished;
        let threads = std::mem::take(&mut self.threads);
        // Their runtimes end with whatever was left on them.
        let join = spawn_blocking(move || threads.into_iter().all(|thread| thread.join().is_ok()));
        join.await.unwrap_or(false) && finished
    }
}
