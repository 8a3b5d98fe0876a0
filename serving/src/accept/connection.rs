//! One connection: HTTP by what TLS agreed on, within the limits, until it is idle or the server drains.

use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use axum::body::Body;
use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{CONTENT_LENGTH, RETRY_AFTER},
};
use hyper::{
    body::{Body as _, Incoming},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::sleep,
};

use super::{
    Drain, Handler, Limits, Peer, Standing,
    activity::{Activity, Ended, Times},
    bodies::{Answered, Asked},
    chatter::{Bounded, Speaks},
    of_request::{Held, Size},
    pinned::WINDOW,
    slots::Slot,
};

/// How long the peer of an idle connection has to end it, once the server has announced the end.
const CLOSING: Duration = Duration::from_secs(2);

/// How often the server pings an HTTP/2 peer, and how long the peer may take to answer.
const PING: Duration = Duration::from_secs(30);

/// Streams that a peer may open and reset before the connection is closed (CVE-2023-44487).
const MAX_RESETS: usize = 64;

/// What a connection is served with, beside what answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Within<'a> {
    pub(crate) limits: &'a Limits,
    pub(crate) drain: &'a Drain,
    pub(crate) slot: &'a Slot,
}

impl Within<'_> {
    const fn times(self) -> Times {
        Times {
            head: self.limits.head_timeout,
            idle: self.limits.idle_timeout,
            patience: self.limits.patience,
        }
    }
}

/// Serves one connection of HTTP until it ends, the peer is idle or stands still for too long, it loses its slot, or the
/// drain begins. Says what was wrong with the peer, which is `None` where its address says nothing.
pub(crate) async fn serve<S>(
    stream: S,
    peer: Option<Peer>,
    is_http2: bool,
    handler: Arc<dyn Handler>,
    within: Within<'_>,
) -> Option<Ended>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Within { limits, drain, slot } = within;
    let activity = slot.activity();
    // TLS has verified who shows a certificate, and the file system who may open a socket.
    if peer.as_ref().is_none_or(|peer| !peer.certificates.is_empty()) {
        activity.prove();
    }
    let service = {
        let activity = activity.clone();
        service_fn(move |request| {
            // At once, and not when its task comes to run: all that come together take room together.
            let held = activity.arrive(size(&request));
            answer(
                request,
                held,
                peer.clone(),
                activity.clone(),
                Arc::clone(&handler),
            )
        })
    };
    let times = within.times();
    let builder = builder(is_http2, limits);
    let stream = Bounded::new(
        stream,
        activity.clone(),
        if is_http2 { Speaks::Http2 } else { Speaks::Http1 },
    );
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = connection.as_mut() => return None,
        () = slot.revoked() => return None,
        ended = activity.ended(times) => if ended == Ended::Stalled {
            return Some(ended);
        },
        () = drain.begun() => {}
    }
    connection.as_mut().graceful_shutdown();
    let closing = async {
        sleep(CLOSING).await;
        let idle = CLOSING;
        activity
            .ended(Times {
                head: idle,
                idle,
                ..times
            })
            .await
    };
    tokio::select! {
        _ = connection => None,
        ended = closing => Some(ended),
    }
}

/// Lets `serve` have one connection that speaks a protocol of its own, within the same times.
pub(crate) async fn serve_own<S, F>(
    stream: S,
    serve: impl FnOnce(Bounded<S>) -> F,
    within: Within<'_>,
) -> Option<Ended>
where
    F: Future<Output = ()>,
{
    let activity = within.slot.activity();
    tokio::select! {
        () = serve(Bounded::new(stream, activity.clone(), Speaks::Own)) => None,
        () = within.slot.revoked() => None,
        ended = activity.ended(within.times()) => Some(ended),
        () = within.drain.begun() => None,
    }
}

/// Hands a request to the handler once its source has a turn.
async fn answer(
    mut request: Request<Incoming>,
    held: Held,
    peer: Option<Peer>,
    activity: Activity,
    handler: Arc<dyn Handler>,
) -> Result<Response<Answered>, Infallible> {
    let Ok(in_flight) = activity.begin(held).await else {
        activity.answer_given();
        return Ok(crowded());
    };
    if let Some(peer) = peer {
        request.extensions_mut().insert(peer);
    }
    request.extensions_mut().insert(Standing::new(activity.clone()));
    let is_head = request.method() == Method::HEAD;
    let asked = request.map(|body| Body::new(Asked::new(body, Arc::clone(&in_flight))));
    let mut response = handler.handle(asked).await;
    if is_head {
        take_body(&mut response);
    }
    activity.answer_given();
    in_flight.answered();
    Ok(response.map(|body| Answered::new(body, in_flight)))
}

/// Leaves of an answer what is due to a HEAD: the head, which says how long the body would be (RFC 9110, 9.3.2). HTTP/1.1 does so by
/// itself, HTTP/2 sends what it is given.
fn take_body(response: &mut Response<Body>) {
    let body = std::mem::take(response.body_mut());
    if let Some(length) = body.size_hint().exact() {
        let headers = response.headers_mut();
        headers.entry(CONTENT_LENGTH).or_insert(length.into());
    }
}

fn size(request: &Request<Incoming>) -> Size {
    let fields = request.headers().iter();
    let fields = fields.map(|(name, value)| name.as_str().len().saturating_add(value.len()));
    let uri = request.uri();
    let path = uri.path_and_query().map_or(0, |path| path.as_str().len());
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    let body = request.body();
    Size {
        head: fields.fold(path.saturating_add(authority), usize::saturating_add),
        body: if body.is_end_stream() {
            Some(0)
        } else {
            body.size_hint().upper()
        },
    }
}

/// The answer to a request whose source has too many in flight. It has no body, which would wait for its taker.
fn crowded() -> Response<Answered> {
    let mut response = Response::new(Answered::none());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
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
        .keep_alive(limits.keeps_alive)
        .header_read_timeout(limits.head_timeout)
        .max_headers(limits.headers)
        .max_buf_size(usize::try_from(limits.head_bytes).unwrap_or(usize::MAX).max(8192));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(limits.head_bytes)
        .max_concurrent_streams(limits.streams)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_pending_accept_reset_streams(MAX_RESETS)
        .max_local_error_reset_streams(MAX_RESETS)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    builder
}
