//! One connection: HTTP by what TLS agreed on, within the limits, until it is idle or the server drains.

use std::{pin::pin, time::Duration};

use axum::{Router, body::Body};
use http::Request;
use http_body_util::BodyExt;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::sleep,
};
use tower::ServiceExt;

use super::{Drain, Limits, Peer, chatter::Bounded, slots::Slot};

/// How long the peer of an idle connection has to end it, once the server has announced the end.
const CLOSING: Duration = Duration::from_secs(2);

/// How often the server pings an HTTP/2 peer, and how long the peer may take to answer.
const PING: Duration = Duration::from_secs(30);

/// Streams that a peer may open and reset before the connection is closed (CVE-2023-44487).
const MAX_RESETS: usize = 64;

/// Serves one connection until it ends, has been idle for too long, loses its slot, or the drain begins.
pub(crate) async fn serve<S>(
    stream: S,
    peer: Peer,
    is_http2: bool,
    router: Router,
    limits: &Limits,
    drain: &Drain,
    slot: &Slot,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = slot.activity();
    let in_flight = activity.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        let (router, guard) = (router.clone(), in_flight.begin());
        async move {
            let response = router.oneshot(request.map(Body::new)).await?;
            Ok::<_, std::convert::Infallible>(response.map(|body| {
                body.map_frame(move |frame| {
                    let _ = &guard;
                    frame
                })
            }))
        }
    });
    let builder = builder(is_http2, limits);
    let stream = Bounded::new(stream, activity.clone(), is_http2);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let finished = tokio::select! {
        _ = connection.as_mut() => true,
        () = drain.begun() => false,
        () = activity.idle(limits.idle_timeout) => false,
        () = slot.revoked() => true,
    };
    if !finished {
        connection.as_mut().graceful_shutdown();
        let closing = async {
            sleep(CLOSING).await;
            activity.idle(CLOSING).await;
        };
        tokio::select! {
            _ = connection => {}
            () = closing => {}
        }
    }
}

/// What a peer may do on one connection. The version is fixed by TLS, so that nothing waits for a first byte to
/// guess it.
fn builder(is_http2: bool, limits: &Limits) -> Builder<TokioExecutor> {
    let builder = Builder::new(TokioExecutor::new());
    let mut builder = if is_http2 {
        builder.http2_only()
    } else {
        builder.http1_only()
    };
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_headers(limits.headers)
        .max_buf_size(usize::try_from(limits.head_bytes).unwrap_or(usize::MAX).max(8192));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(limits.head_bytes)
        .max_concurrent_streams(limits.streams)
        .max_pending_accept_reset_streams(MAX_RESETS)
        .max_local_error_reset_streams(MAX_RESETS)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    builder
}
