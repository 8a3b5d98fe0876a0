//! The headers that every answer carries, as the real service sends them.

use std::{convert::Infallible, net::IpAddr, pin::Pin, task};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts};
use http_body::{Frame, SizeHint};
use strongroom_audit::CorrelationId;
use strongroom_core::{Operation, Uid};
use strongroom_serving::accept::Peer;

use crate::{access::outcome, pool::Share};

/// The header by which a caller ties our log to its own.
pub(crate) const CLIENT_REQUEST_ID: &str = "x-ms-client-request-id";

/// The longest client request id that is sent back.
const MAX_CLIENT_REQUEST_ID: usize = 128;

const FIXED: [(HeaderName, HeaderValue); 6] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    (header::PRAGMA, HeaderValue::from_static("no-cache")),
    (header::EXPIRES, HeaderValue::from_static("-1")),
    (
        header::STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=31536000;includeSubDomains"),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        HeaderName::from_static("x-ms-keyvault-service-version"),
        HeaderValue::from_static(env!("CARGO_PKG_VERSION")),
    ),
];

/// How much of a large text the connection is given at once.
const CHUNK: usize = 64 * 1024;

/// A large text, and the room for it, if it is not shared by all who ask for it. The room is given back when the connection has
/// taken the text, or ends. The connection takes a chunk when it has sent the one before.
struct Large {
    text: Bytes,
    _room: Option<Share<Uid>>,
}

impl http_body::Body for Large {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut task::Context<'_>,
    ) -> task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let length = self.text.len().min(CHUNK);
        let chunk = (length > 0).then(|| self.text.split_to(length));
        task::Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.text.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.text.len() as u64)
    }
}

/// The status of the answer to an operation that is done.
pub(crate) fn status(operation: Operation) -> StatusCode {
    StatusCode::from_u16(outcome::success(operation).status).unwrap_or_default()
}

/// 200 with JSON, or 204 where there is nothing to say. A large text comes with the room that it takes.
pub(crate) fn success(json: Option<Bytes>, room: Option<Share<Uid>>) -> Response {
    let Some(json) = json else {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        return response;
    };
    let body = match room {
        Some(room) => Body::new(Large {
            text: json,
            _room: Some(room),
        }),
        None => Body::from(json),
    };
    let mut response = Response::new(body);
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// 200 with bytes of this type, which all answers share.
pub(crate) fn shared(content_type: &'static str, bytes: Bytes) -> Response {
    let mut response = Response::new(Body::new(Large {
        text: bytes,
        _room: None,
    }));
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

/// Says in `response` where what was asked for is to be found.
pub(crate) fn locate(response: &mut Response, url: &str) {
    // An address of ours is always a header.
    if let Ok(url) = HeaderValue::try_from(url) {
        response.headers_mut().insert(header::LOCATION, url);
    }
}

/// Says in `response` after how many seconds it is worth to ask again.
pub(crate) fn defer(response: &mut Response, seconds: u64) {
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
}

/// What an answer says of its request.
#[derive(Debug)]
pub(crate) struct Echo {
    client_request_id: Option<HeaderValue>,
    network: Option<HeaderValue>,
}

impl Echo {
    /// Of this request: the caller's own id of it, and the address that it came from.
    pub(crate) fn of(request: &Parts) -> Self {
        let peer = request.extensions.get::<Peer>();
        Self {
            client_request_id: client_request_id(&request.headers),
            network: peer.and_then(|peer| network_info(peer.address.ip().to_canonical())),
        }
    }
}

/// The address that a vault sees its caller at, in the real service's form.
fn network_info(address: IpAddr) -> Option<HeaderValue> {
    let (connection, family) = match address {
        IpAddr::V4(_) => ("Ipv4", "InterNetwork"),
        IpAddr::V6(_) => ("Ipv6", "InterNetworkV6"),
    };
    HeaderValue::try_from(format!(
        "conn_type={connection};addr={address};act_addr_fam={family};"
    ))
    .ok()
}

/// Adds what every answer carries: what it says of its request, and our id of it.
pub(crate) fn stamp(response: &mut Response, echo: Echo, request_id: CorrelationId) {
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, value);
    }
    if let Ok(id) = HeaderValue::try_from(request_id.to_string()) {
        headers.insert(HeaderName::from_static("x-ms-request-id"), id);
    }
    if let Some(id) = echo.client_request_id {
        headers.insert(HeaderName::from_static(CLIENT_REQUEST_ID), id);
    }
    if let Some(network) = echo.network {
        headers.insert(HeaderName::from_static("x-ms-keyvault-network-info"), network);
    }
}

/// The caller's own id of its request, if it is harmless to send back.
fn client_request_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let id = headers.get(CLIENT_REQUEST_ID)?;
    let harmless = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let fits = (1..=MAX_CLIENT_REQUEST_ID).contains(&id.len()) && id.as_bytes().iter().all(harmless);
    fits.then(|| id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echoed(id: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(CLIENT_REQUEST_ID, HeaderValue::from_str(id).unwrap());
        client_request_id(&headers).is_some()
    }

    #[test]
    fn the_callers_address_is_shown_as_the_real_service_shows_it() {
        let shown = |address: &str| network_info(address.parse().unwrap()).unwrap();
        assert_eq!(
            shown("10.0.0.7"),
            "conn_type=Ipv4;addr=10.0.0.7;act_addr_fam=InterNetwork;"
        );
        assert_eq!(
            shown("fd00::7"),
            "conn_type=Ipv6;addr=fd00::7;act_addr_fam=InterNetworkV6;"
        );
    }

    #[test]
    fn only_a_harmless_client_request_id_is_sent_back() {
        assert!(echoed("6f9c2c1e-0000-4000-8000-00000000000a"));
        for id in ["", "a b", "a;b", "<script>", &"a".repeat(129)] {
            assert!(!echoed(id), "{id}");
        }
    }
}
