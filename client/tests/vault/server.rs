//! A client of a server on this machine that answers as a vault.

use strongroom_client::{Route, Server, Trust, vault::VaultClient};
use strongroom_testing::{Authority, TlsServer};

/// The vault's name.
pub const HOST: &str = "prod.team-a.svc";

/// A client that trusts `authority` and reaches `server` as the vault.
pub fn client(authority: &Authority, server: &TlsServer) -> VaultClient {
    let server = Server::new(HOST).by(Route::Socket(server.address()));
    VaultClient::new(&server, Trust::from_pem(authority.pem().as_bytes()).unwrap())
}
