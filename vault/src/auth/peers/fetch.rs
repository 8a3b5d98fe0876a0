//! One GET of one replica's keys: no redirects, no proxy, a bounded body.

use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::{Request, StatusCode, header::HOST};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The longest key set read, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// Why one replica's keys could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No connection.
    #[error("cannot connect")]
    Connect(#[source] std::io::Error),
    /// No TLS session, or not with the replica meant.
    #[error("cannot agree on TLS")]
    Tls(#[source] std::io::Error),
    /// No request could be made of the pinned name.
    #[error("cannot make the request")]
    Request(#[source] http::Error),
    /// The exchange broke off.
    #[error("cannot exchange the request")]
    Exchange(#[source] hyper::Error),
    /// Anything but 200.
    #[error("the answer is {0}")]
    Status(StatusCode),
    /// The body broke off or is too long.
    #[error("cannot read at most {MAX_BODY} bytes")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The body of `GET /keys` at `address`, from a server that proves to be `name`.
pub(super) async fn keys(
    address: SocketAddr,
    name: ServerName<'static>,
    tls: Arc<ClientConfig>,
) -> Result<Bytes, FetchError> {
    let request = Request::get("/keys")
        .header(HOST, name.to_str().as_ref())
        .body(Empty::<Bytes>::new())
        .map_err(FetchError::Request)?;
    let tcp = TcpStream::connect(address).await.map_err(FetchError::Connect)?;
    let stream = TlsConnector::from(tls)
        .connect(name, tcp)
        .await
        .map_err(FetchError::Tls)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(FetchError::Exchange)?;
    let exchange = async move {
        let response = sender.send_request(request).await.map_err(FetchError::Exchange)?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status()));
        }
        let body = Limited::new(response.into_body(), MAX_BODY)
            .collect()
            .await
            .map_err(FetchError::Body)?;
        Ok(body.to_bytes())
    };
    tokio::pin!(exchange, connection);
    tokio::select! {
        body = &mut exchange => body,
        closed = &mut connection => {
            closed.map_err(FetchError::Exchange)?;
            exchange.await
        }
    }
}
