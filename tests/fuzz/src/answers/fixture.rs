//! A server that answers what it is told to.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use parking_lot::Mutex;
use strongroom_client::{Route, Server, Trust};
use strongroom_testing::{Authority, TlsServer, vault::HOST};
use tokio::runtime::{Builder, Runtime};

/// The statuses that an input chooses from.
const STATUSES: [u16; 8] = [200, 204, 302, 401, 403, 409, 422, 503];

/// The server, and how to reach it.
pub(super) struct Hostile {
    pub(super) runtime: Runtime,
    pub(super) server: Server,
    pub(super) trust: Trust,
    said: Said,
    /// Kept, since it ends with this.
    _running: TlsServer,
}

/// What it answers.
type Said = Arc<Mutex<(StatusCode, Bytes)>>;

impl Hostile {
    /// A server with a vault's certificate.
    pub(super) fn start() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (authority, said) = (Authority::new("serving"), Said::default());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&said));
        let running = runtime.block_on(TlsServer::start(&authority, HOST, router));
        Self {
            server: Server::new(HOST).by(Route::Socket(running.address())),
            trust: Trust::from_pem(authority.pem().as_bytes()).unwrap(),
            runtime,
            said,
            _running: running,
        }
    }

    /// From now on answers with this body and a status that `choice` chooses.
    pub(super) fn say(&self, choice: u8, body: &[u8]) -> StatusCode {
        let status = StatusCode::from_u16(STATUSES[usize::from(choice) % STATUSES.len()]).unwrap();
        *self.said.lock() = (status, Bytes::copy_from_slice(body));
        status
    }
}

async fn answer(State(said): State<Said>) -> Response {
    let (status, body) = said.lock().clone();
    let mut response = (status, Body::from(body)).into_response();
    let headers = response.headers_mut();
    // Nothing of these is followed.
    headers.insert(
        header::LOCATION,
        HeaderValue::from_static("https://elsewhere.example/"),
    );
    headers.insert(
        header::RETRY_AFTER,
        HeaderValue::from_static("18446744073709551615"),
    );
    response
}

/// Panics unless what is shown of an error is short, and on one line.
pub(super) fn must_be_short(error: &dyn std::error::Error) {
    let said = error.to_string();
    assert!(
        said.chars().count() <= 2048,
        "{} characters of an error",
        said.chars().count()
    );
    assert!(!said.chars().any(char::is_control), "{said:?}");
}
