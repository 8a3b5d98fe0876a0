//! Accepts connections until the drain begins; those that are open finish.

use std::{
    io, net,
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::ServerConfig;
use tokio::{net::UnixListener, time::sleep};

use super::{
    Counts, Drain, Handler, Limits, Source, Wire,
    accepted::{Accepted, Answers, Own},
    slots::{Bounds, NoSlot, Slot, Slots},
    socket::Socket,
};
use crate::rate::RateLimiter;

/// How long to wait before the next try where the system cannot accept, for want of file descriptors for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A listener that hands requests to a handler, or connections to what knows their protocol.
pub struct Listener {
    socket: Socket,
    answers: Answers,
    limits: Arc<Limits>,
    counts: Counts,
    drain: Drain,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener")
            .field("socket", &self.socket)
            .finish_non_exhaustive()
    }
}

impl Listener {
    /// A listener on `tcp` (see [`bind`](super::bind)), with `tls` or, for a port whose answers are no secret, without.
    /// It counts the connections that it opens and refuses in `counts`.
    pub fn new(
        tcp: net::TcpListener,
        tls: Option<ServerConfig>,
        handler: impl Handler,
        limits: Limits,
        counts: Counts,
        drain: Drain,
    ) -> Self {
        let tls = tls.map(|tls| Arc::new(tls).into());
        let (socket, answers) = (Socket::Port(tcp), Answers::Port(tls, Arc::new(handler)));
        Self::of(socket, answers, limits, counts, drain)
    }

    /// A listener for gRPC on a socket of the file system, whose mode says who may connect. To be called on a runtime.
    ///
    /// # Errors
    /// That of the socket.
    pub fn grpc(unix: UnixListener, handler: impl Handler, limits: Limits, drain: Drain) -> io::Result<Self> {
        let socket = Socket::File(unix.into_std()?);
        Ok(Self::of(
            socket,
            Answers::Grpc(Arc::new(handler)),
            limits,
            Counts::default(),
            drain,
        ))
    }

    /// A listener that lets `serve` have each connection to a socket of the file system, within the same limits. To be
    /// called on a runtime.
    ///
    /// # Errors
    /// That of the socket.
    pub fn own<F>(
        unix: UnixListener,
        serve: impl Fn(Wire) -> F + Send + Sync + 'static,
        limits: Limits,
        drain: Drain,
    ) -> io::Result<Self>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let socket = Socket::File(unix.into_std()?);
        let own: Own = Arc::new(move |wire| Box::pin(serve(wire)));
        Ok(Self::of(
            socket,
            Answers::Own(own),
            limits,
            Counts::default(),
            drain,
        ))
    }

    fn of(socket: Socket, answers: Answers, limits: Limits, counts: Counts, drain: Drain) -> Self {
        Self {
            socket,
            answers,
            limits: Arc::new(limits),
            counts,
            drain,
        }
    }

    /// Accepts until the drain begins, on the current runtime.
    pub async fn run(self) {
        let Self {
            socket,
            answers,
            limits,
            counts,
            drain,
        } = self;
        let socket = match socket.on_runtime() {
            Ok(socket) => socket,
            Err(error) => return tracing::error!(%error, "cannot listen"),
        };
        let open = Slots::new(Bounds::open(&limits));
        let shaking = Slots::new(Bounds::shaking(&limits));
        let rate = rate(&limits);
        loop {
            let accepted = tokio::select! {
                () = drain.begun() => return,
                () = open.grown() => {
                    for _ in 0..open.relieve() {
                        counts.refused("memory");
                    }
                    continue;
                }
                accepted = socket.accept() => accepted,
            };
            let connected = match accepted {
                Ok(connected) => connected,
                Err(error) => {
                    accept_failed(&error, &counts).await;
                    continue;
                }
            };
            let source = connected.source();
            let (open, shaking) = match take(&open, &shaking, &rate, source) {
                Ok(slots) => slots,
                Err(reason) => {
                    counts.refused(reason);
                    continue;
                }
            };
            let accepted = Accepted {
                answers: answers.clone(),
                limits: Arc::clone(&limits),
                counts: counts.clone(),
                drain: drain.clone(),
                open,
            };
            drain.spawn(accepted.serve(connected, shaking));
        }
    }
}

async fn accept_failed(error: &io::Error, counts: &Counts) {
    if !matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    ) {
        tracing::error!(%error, "cannot accept connections");
        counts.refused("accept");
        sleep(ACCEPT_PAUSE).await;
    }
}

/// How often each source may connect.
fn rate(limits: &Limits) -> RateLimiter<Source> {
    let per_second = NonZeroU32::new(limits.connections_per_second).unwrap_or(NonZeroU32::MIN);
    let open = u32::try_from(limits.connections_per_source).unwrap_or(u32::MAX);
    RateLimiter::new(
        per_second,
        per_second.max(NonZeroU32::new(open).unwrap_or(NonZeroU32::MIN)),
    )
}

/// A slot of each kind for a connection from `source`, or why it gets none. A source that is at one of its limits gets
/// neither, before any other connection makes room for it.
fn take(
    open: &Arc<Slots>,
    shaking: &Arc<Slots>,
    rate: &RateLimiter<Source>,
    source: Source,
) -> Result<(Slot, Slot), &'static str> {
    shaking.check(source).map_err(|_| "handshakes")?;
    open.check(source).map_err(NoSlot::reason)?;
    rate.admit(&source, Instant::now()).map_err(|_| "rate")?;
    let open = open.take(source).map_err(NoSlot::reason)?;
    let shaking = shaking.take(source).map_err(|_| "handshakes")?;
    Ok((open, shaking))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn a_source_at_one_of_its_limits_takes_the_place_of_nobody() {
        let rate = rate(&Limits::default());
        let [one, other] = [1, 2].map(|last| Source::from(IpAddr::from([10, 0, 0, last])));
        // Both tables are full, and each source is at its limit of the other kind.
        for (of_open, of_shaking, reason) in [(9, 1, "handshakes"), (1, 9, "source")] {
            let [open, shaking] = [of_open, of_shaking].map(|per_source| {
                Slots::new(Bounds {
                    total: 2,
                    per_source,
                    unproven: 1,
                    proven: 1,
                    pinned: usize::MAX,
                })
            });
            let held = [one, other].map(|source| take(&open, &shaking, &rate, source).unwrap());
            assert_eq!(take(&open, &shaking, &rate, one).unwrap_err(), reason);
            let lost = held
                .iter()
                .filter(|(open, shaking)| open.is_revoked() || shaking.is_revoked());
            assert_eq!(lost.count(), 0, "{reason}");
        }
    }
}
