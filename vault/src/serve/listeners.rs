//! The ports of a vault, and the listeners that serve on them.

use std::{
    net::{SocketAddr, TcpListener},
    thread::{self, JoinHandle},
};

use rustls::ServerConfig;
use strongroom_serving::accept::{self, Drain, Handler, Limits, Listener};
use tokio::runtime;

use super::StartError;
use crate::{args::ServeArgs, service::Service};

/// Where a vault listens.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// REST and Watch, over TLS.
    pub data: SocketAddr,
    /// The admin API, over mutual TLS with the operator.
    pub admin: SocketAddr,
    /// Liveness, readiness and metrics, over plain HTTP.
    pub health: SocketAddr,
}

/// The ports, bound before the store is opened, so that a taken port leaves no trace in there.
pub(super) struct Sockets {
    pub(super) data: TcpListener,
    pub(super) admin: TcpListener,
    pub(super) health: TcpListener,
    pub(super) addresses: Addresses,
}

impl Sockets {
    pub(super) fn bind(args: &ServeArgs) -> Result<Self, StartError> {
        let listen = &args.listen;
        let refused = |address| move |source| StartError::Listen { address, source };
        let (data, data_address) = accept::bind(listen.listen).map_err(refused(listen.listen))?;
        let (admin, admin_address) =
            accept::bind(listen.admin_listen).map_err(refused(listen.admin_listen))?;
        let (health, health_address) =
            accept::bind(listen.health_listen).map_err(refused(listen.health_listen))?;
        let addresses = Addresses {
            data: data_address,
            admin: admin_address,
            health: health_address,
        };
        Ok(Self {
            data,
            admin,
            health,
            addresses,
        })
    }
}

/// Puts handlers on ports.
pub(super) struct Listeners<'a> {
    pub(super) service: &'a Service,
    /// Ends the listeners that outlive the data port's drain.
    pub(super) aside: &'a Drain,
}

impl Listeners<'_> {
    /// Serves on this runtime until the vault drains.
    pub(super) fn here(&self, tcp: TcpListener, tls: ServerConfig, handler: impl Handler) {
        let drain = &self.service.drain;
        let listener = self.listener(tcp, Some(tls), handler, Limits::default(), drain);
        drain.spawn(listener.run());
    }

    /// Serves on a thread and runtime of its own, so that it answers while the data port cannot, and until after that
    /// has drained.
    pub(super) fn apart(
        &self,
        name: &'static str,
        tcp: TcpListener,
        tls: Option<ServerConfig>,
        handler: impl Handler,
        limits: Limits,
    ) -> Result<JoinHandle<()>, StartError> {
        let failed = |source| StartError::Thread { name, source };
        let listener = self.listener(tcp, tls, handler, limits, self.aside);
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let run = move || runtime.block_on(listener.run());
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(run)
            .map_err(failed)
    }

    fn listener(
        &self,
        tcp: TcpListener,
        tls: Option<ServerConfig>,
        handler: impl Handler,
        limits: Limits,
        drain: &Drain,
    ) -> Listener {
        let counts = self.service.metrics.connections.clone();
        Listener::new(tcp, tls, handler, limits, counts, drain.clone())
    }
}
