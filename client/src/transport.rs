//! HTTP to one server: pinned, bounded, with a deadline.

mod answer;
mod connector;

use std::{error::Error, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Uri, uri::PathAndQuery};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as _, Incoming};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use strongroom_core::{causes, wiped};
use tonic::body::Body;
use zeroize::Zeroizing;

use crate::{server::Server, trust::Trust};
pub(crate) use answer::{HttpAnswer, one_line};
pub use connector::ConnectError;
use connector::Connector;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub enum TransportError {
    /// No connection: the request was not sent.
    #[error("cannot connect to {server}: {source}")]
    Connect { server: String, source: ConnectError },
    /// No answer in time; whether the request was carried out is unknown.
    #[error("{server} did not answer within {} s", after.as_secs())]
    Deadline {
        server: String,
        /// The time it had.
        after: Duration,
    },
    /// The connection broke; whether the request was carried out is unknown.
    #[error("the connection to {server} broke: {}", causes(source))]
    Broken {
        server: String,
        source: hyper_util::client::legacy::Error,
    },
    /// The connection broke while the answer came in.
    #[error("the answer of {server} broke off: {}", causes(source))]
    Truncated { server: String, source: hyper::Error },
    /// An answer larger than any honest one.
    #[error("{server} answered more than {limit} bytes")]
    TooLarge {
        server: String,
        /// The most that is read.
        limit: usize,
    },
    /// The server's name or a part of the request is not valid in HTTP.
    #[error("the request to {server} cannot be written: {source}")]
    Request { server: String, source: http::Error },
}

impl TransportError {
    /// Whether the request certainly did not reach the server.
    pub const fn was_not_sent(&self) -> bool {
        matches!(self, Self::Connect { .. } | Self::Request { .. })
    }

    /// Whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Connect { source, .. } => source.is_retryable(),
            Self::Deadline { .. } | Self::Broken { .. } | Self::Truncated { .. } => true,
            Self::TooLarge { .. } | Self::Request { .. } => false,
        }
    }
}

/// Whether one connection is opened for HTTP/2 at once, or the server says what it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http2,
    Negotiated,
}

/// The client of one server. Clones share its connection.
#[derive(Clone)]
pub(crate) struct Transport {
    client: Client<Connector, Body>,
    connector: Connector,
    authority: Arc<str>,
    server: Arc<str>,
    deadline: Duration,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl Transport {
    /// A client of `server`, which must show a certificate of its name from `trust`. `deadline` is for one request
    /// with its answer. Connects when first used.
    pub(crate) fn new(server: &Server, trust: Trust, protocol: Protocol, deadline: Duration) -> Self {
        let connector = Connector::new(server.clone(), trust, protocol);
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .http2_only(protocol == Protocol::Http2)
            .http1_max_buf_size(64 << 10)
            .http2_initial_stream_window_size(128 << 10)
            .http2_initial_connection_window_size(512 << 10)
            .http2_max_send_buf_size(64 << 10)
            .http2_max_header_list_size(16 << 10)
            // Without pings, a server that vanished with its node is noticed only by the deadline of each request,
            // and by an idle Watch never.
            .http2_keep_alive_interval(Duration::from_secs(10))
            .http2_keep_alive_timeout(Duration::from_secs(5))
            .build(connector.clone());
        let text: Arc<str> = server.to_string().into();
        Self {
            client,
            connector,
            authority: server.name().into(),
            server: text,
            deadline,
        }
    }

    /// The same client, with this authority in its requests in place of the server's bare name.
    pub(crate) fn with_authority(self, authority: &str) -> Self {
        Self {
            authority: authority.into(),
            ..self
        }
    }

    /// The server, for messages.
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// The time for one request.
    pub(crate) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// The underlying client, for gRPC.
    pub(crate) fn client(&self) -> Client<Connector, Body> {
        self.client.clone()
    }

    /// Connects if there is no connection, within this time.
    pub(crate) async fn connect(&self, within: Duration) -> Result<(), TransportError> {
        let connected = tokio::time::timeout(within, self.connector.prepare()).await;
        connected
            .unwrap_or(Err(ConnectError::Slow {
                step: "connection",
                after: within,
            }))
            .map_err(|source| TransportError::Connect {
                server: self.server.to_string(),
                source,
            })
    }

    /// `https://AUTHORITY` with `path`.
    pub(crate) fn uri(&self, path: PathAndQuery) -> Result<Uri, TransportError> {
        Uri::builder()
            .scheme("https")
            .authority(&*self.authority)
            .path_and_query(path)
            .build()
            .map_err(|source| TransportError::Request {
                server: self.server.to_string(),
                source,
            })
    }

    /// Sends `request`, whose URI is a path, and reads at most `limit` bytes of answer.
    pub(crate) async fn send(
        &self,
        request: Request<Bytes>,
        limit: usize,
    ) -> Result<HttpAnswer, TransportError> {
        self.send_within(request, limit, self.deadline).await
    }

    /// The same, with `within` as the time for the request with its answer.
    pub(crate) async fn send_within(
        &self,
        request: Request<Bytes>,
        limit: usize,
        within: Duration,
    ) -> Result<HttpAnswer, TransportError> {
        let (mut parts, body) = request.into_parts();
        let path = parts
            .uri
            .path_and_query()
            .cloned()
            .unwrap_or_else(|| PathAndQuery::from_static("/"));
        parts.uri = self.uri(path)?;
        let request = Request::from_parts(parts, Body::new(Full::new(body)));
        tokio::time::timeout(within, self.exchange(request, limit))
            .await
            .map_err(|_| TransportError::Deadline {
                server: self.server.to_string(),
                after: within,
            })?
    }

    async fn exchange(&self, request: Request<Body>, limit: usize) -> Result<HttpAnswer, TransportError> {
        let answer = self
            .client
            .request(request)
            .await
            .map_err(|error| self.classify(error))?;
        let (parts, body) = answer.into_parts();
        let body = self.read(body, limit).await?;
        Ok(HttpAnswer {
            status: parts.status,
            headers: parts.headers,
            body,
        })
    }

    async fn read(&self, mut body: Incoming, limit: usize) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        let too_large = || TransportError::TooLarge {
            server: self.server.to_string(),
            limit,
        };
        let announced = body.size_hint().exact().unwrap_or(4 << 10);
        let announced = usize::try_from(announced)
            .ok()
            .filter(|size| *size <= limit)
            .ok_or_else(too_large)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(announced));
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|source| TransportError::Truncated {
                server: self.server.to_string(),
                source,
            })?;
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len() + data.len() > limit {
                return Err(too_large());
            }
            wiped::extend(&mut bytes, &data);
        }
        Ok(bytes)
    }

    fn classify(&self, error: hyper_util::client::legacy::Error) -> TransportError {
        let server = self.server.to_string();
        let source = error
            .source()
            .and_then(|source| source.downcast_ref::<ConnectError>());
        match source {
            Some(source) => TransportError::Connect {
                server,
                source: source.clone(),
            },
            // It waited for the connection that another request was opening.
            None if error.is_connect() => TransportError::Connect {
                server,
                source: self.connector.failure(),
            },
            None => TransportError::Broken {
                server,
                source: error,
            },
        }
    }
}
