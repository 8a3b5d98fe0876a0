//! Servers of a cluster, reached from this machine by the names in their certificates.
//!
//! A client keeps its verification on: it asks the proxy for the name, and the name proves itself at the other end. A client
//! that takes no proxy connects to the port of the server, and has to be told the name.

use std::{io, net::SocketAddr, sync::Arc};

use strongroom_client::Dial;
use strongroom_serving::accept::Drain;

use crate::proxy::{self, Upstream};

/// A server, and where it is to be reached.
#[derive(Clone)]
pub struct Behind {
    /// The name in its certificate.
    pub name: String,
    /// How it is connected to.
    pub dial: Arc<dyn Dial>,
    /// The port of loopback that leads to it; 0 is one that is free.
    pub port: u16,
}

/// A proxy that knows the servers, and a port for each. Everything ends when it is dropped.
pub struct Door {
    drain: Drain,
    proxy: SocketAddr,
    ports: Vec<SocketAddr>,
}

impl Door {
    /// Listens on loopback. Whoever uses this machine can connect; what they may do, their tokens say.
    ///
    /// # Errors
    /// A port cannot be listened on.
    pub async fn open(servers: &[Behind], upstream: Upstream) -> io::Result<Self> {
        let drain = Drain::default();
        let mut ports = Vec::new();
        for server in servers {
            ports.push(proxy::forward(&drain, server.port, Arc::clone(&server.dial)).await?);
        }
        let names = servers
            .iter()
            .map(|server| (server.name.clone(), Arc::clone(&server.dial)));
        let proxy = proxy::serve_names(&drain, names.collect(), upstream).await?;
        Ok(Self { drain, proxy, ports })
    }

    /// Where the proxy is.
    pub const fn proxy(&self) -> SocketAddr {
        self.proxy
    }

    /// Where each server is, in the order in which they were given.
    pub fn ports(&self) -> &[SocketAddr] {
        &self.ports
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.drain.begin();
    }
}
