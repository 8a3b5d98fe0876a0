//! How the servers of the cluster are reached.

use std::{collections::BTreeMap, net::SocketAddr};

use strongroom_client::{Route, Server};
use strongroom_core::VaultRef;

/// How the servers of the cluster are reached. Has no say in whom to trust.
#[derive(Debug, Clone, Default)]
pub enum Endpoints {
    /// By the names of their Services.
    #[default]
    ClusterDns,
    /// At these addresses, by server name; a name that is not listed has none. For a node driver outside the cluster.
    Addresses(BTreeMap<String, SocketAddr>),
    /// Vaults under names of their own, and no other server.
    Vaults(BTreeMap<VaultRef, Server>),
}

impl Endpoints {
    /// The server of a vault.
    pub fn vault(&self, vault: &VaultRef) -> Server {
        match self {
            Self::Vaults(known) => {
                let known = known.get(vault).cloned();
                known.unwrap_or_else(|| unlisted(Server::vault(vault)))
            }
            Self::ClusterDns | Self::Addresses(_) => self.server(Server::vault(vault)),
        }
    }

    /// `server`, reached this way.
    pub fn server(&self, server: Server) -> Server {
        match self {
            Self::ClusterDns => server,
            Self::Addresses(known) => match known.get(server.name()) {
                Some(address) => server.by(Route::Socket(*address)),
                None => unlisted(server),
            },
            Self::Vaults(_) => unlisted(server),
        }
    }
}

/// A server that is not reached.
fn unlisted(server: Server) -> Server {
    // RFC 2606: such a name never resolves.
    server.by(Route::Host {
        host: "unlisted.invalid".into(),
        port: 443,
    })
}
