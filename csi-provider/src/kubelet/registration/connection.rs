//! One connection of the kubelet.

use std::{collections::BTreeMap, io, time::Duration};

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::Instant,
};

use super::{
    Notice, Plugin,
    frame::{self, Header, Kind},
};

/// What a client sends first (RFC 9113, section 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How long the message of a call may take, once it has begun.
const MESSAGE: Duration = Duration::from_secs(10);
/// Calls on one connection; the kubelet makes two.
const MAX_CALLS: u32 = 15;
/// Calls at once.
const MAX_OPEN: usize = 8;
/// The longest request. All of them together stay below the window that a connection begins with, so that it is
/// never reopened.
const MAX_BODY: usize = 4_096;

/// A connection below HTTP/2.
pub trait Wire: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Wire for T {}

/// What a connection is allowed.
#[derive(Debug, Clone, Copy)]
pub struct Bound {
    /// The longest time between two frames.
    pub idle: Duration,
}

/// Why a connection was ended.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// It broke.
    #[error("it broke: {0}")]
    Io(#[from] io::Error),
    /// Nothing came for too long.
    #[error("it was idle")]
    Idle,
    /// What came is not HTTP/2 as grpc-go speaks it, or more of it than two calls need.
    #[error("it {0}")]
    Refused(&'static str),
    /// A message that is none of ours.
    #[error("it sent a message that cannot be read: {0}")]
    Message(#[from] prost::DecodeError),
}

/// Answers calls until the client hangs up.
pub async fn serve(
    mut wire: impl Wire,
    plugin: &Plugin,
    on_notice: impl Fn(Notice),
    bound: Bound,
) -> Result<(), ConnectionError> {
    let mut preface = [0; PREFACE.len()];
    within(bound, wire.read_exact(&mut preface)).await?;
    if preface != *PREFACE {
        return Err(ConnectionError::Refused(
            "did not begin with the preface of HTTP/2",
        ));
    }
    let mut out = BytesMut::new();
    frame::put(&mut out, Kind::Settings, 0, 0, &[]);
    wire.write_all(&out).await?;
    let mut calls = Calls::default();
    while let Some((header, payload)) = read_frame(&mut wire, calls.bound(bound)).await? {
        if header.kind == Kind::GoAway {
            return Ok(());
        }
        if let Some((stream, body)) = calls.receive(header, &payload)? {
            let message =
                frame::message(&body).ok_or(ConnectionError::Refused("sent half a message, or two"))?;
            let (reply, notice) = plugin.answer(message)?;
            notice.into_iter().for_each(&on_notice);
            wire.write_all(&frame::answer(stream, &reply)).await?;
        }
        if let Some(reply) = acknowledgement(header, &payload)? {
            wire.write_all(&reply).await?;
        }
    }
    Ok(())
}

async fn within<T>(bound: Bound, step: impl Future<Output = io::Result<T>>) -> Result<T, ConnectionError> {
    Ok(tokio::time::timeout(bound.idle, step)
        .await
        .map_err(|_| ConnectionError::Idle)??)
}

/// The next frame; `None` where the client hung up between two.
async fn read_frame(
    wire: &mut impl Wire,
    bound: Bound,
) -> Result<Option<(Header, Vec<u8>)>, ConnectionError> {
    let mut header = [0; frame::HEADER];
    match within(bound, wire.read_exact(&mut header)).await {
        Err(ConnectionError::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    };
    let header = Header::parse(header);
    if header.length > frame::MAX_LENGTH {
        return Err(ConnectionError::Refused("sent a frame that is too long"));
    }
    let mut payload = vec![0; header.length as usize];
    within(bound, wire.read_exact(&mut payload)).await?;
    Ok(Some((header, payload)))
}

/// What SETTINGS and PING are answered with.
fn acknowledgement(header: Header, payload: &[u8]) -> Result<Option<BytesMut>, ConnectionError> {
    let mut out = BytesMut::new();
    match header.kind {
        Kind::Settings | Kind::Ping if header.stream != 0 => {
            return Err(ConnectionError::Refused("sent SETTINGS or PING on a stream"));
        }
        Kind::Ping if payload.len() != 8 => return Err(ConnectionError::Refused("sent a malformed PING")),
        Kind::Settings if !payload.len().is_multiple_of(6) => {
            return Err(ConnectionError::Refused("sent malformed SETTINGS"));
        }
        Kind::Settings | Kind::Ping if header.has(frame::ACK) => return Ok(None),
        Kind::Settings => frame::put(&mut out, Kind::Settings, frame::ACK, 0, &[]),
        Kind::Ping => frame::put(&mut out, Kind::Ping, frame::ACK, 0, payload),
        Kind::Data | Kind::Headers | Kind::ResetStream | Kind::GoAway | Kind::Refused | Kind::Ignored => {
            return Ok(None);
        }
    }
    Ok(Some(out))
}

/// The calls that have begun and not ended.
#[derive(Default)]
struct Calls {
    open: BTreeMap<u32, Vec<u8>>,
    /// Since when there have been such.
    since: Option<Instant>,
    last: u32,
    count: u32,
}

impl Calls {
    /// How long the next frame may take: the message of a call is not waited for as long as the next call.
    fn bound(&mut self, bound: Bound) -> Bound {
        if self.open.is_empty() {
            self.since = None;
            return bound;
        }
        let waited = self.since.get_or_insert_with(Instant::now).elapsed();
        Bound {
            idle: bound.idle.min(MESSAGE.saturating_sub(waited)),
        }
    }

    /// Takes a frame in. Answers with a call and its body once the call is complete.
    fn receive(&mut self, header: Header, payload: &[u8]) -> Result<Option<(u32, Vec<u8>)>, ConnectionError> {
        match header.kind {
            Kind::Headers => self.begin(header).map(|()| None),
            Kind::Data => self.extend(header, payload),
            Kind::ResetStream => {
                self.open.remove(&header.stream);
                Ok(None)
            }
            Kind::Refused => Err(ConnectionError::Refused(
                "sent a frame that grpc-go does not send",
            )),
            Kind::Settings | Kind::Ping | Kind::GoAway | Kind::Ignored => Ok(None),
        }
    }

    /// Header fields are not read: the message alone distinguishes the calls.
    fn begin(&mut self, header: Header) -> Result<(), ConnectionError> {
        self.count += 1;
        if !header.has(frame::END_HEADERS) || header.has(frame::END_STREAM) {
            return Err(ConnectionError::Refused(
                "began a call without a message, or with split headers",
            ));
        }
        if header.stream.is_multiple_of(2) || header.stream <= self.last {
            return Err(ConnectionError::Refused("used a stream twice, or one of ours"));
        }
        if self.open.len() >= MAX_OPEN || self.count > MAX_CALLS {
            return Err(ConnectionError::Refused(
                "made more calls than registration needs",
            ));
        }
        self.last = header.stream;
        self.open.insert(header.stream, Vec::new());
        Ok(())
    }

    fn extend(&mut self, header: Header, payload: &[u8]) -> Result<Option<(u32, Vec<u8>)>, ConnectionError> {
        let Some(body) = self.open.get_mut(&header.stream) else {
            return Err(ConnectionError::Refused("sent a message outside a call"));
        };
        if header.has(frame::PADDED) || body.len() + payload.len() > MAX_BODY {
            return Err(ConnectionError::Refused(
                "sent a message that is padded or too long",
            ));
        }
        body.extend_from_slice(payload);
        if !header.has(frame::END_STREAM) {
            return Ok(None);
        }
        Ok(self.open.remove(&header.stream).map(|body| (header.stream, body)))
    }
}
