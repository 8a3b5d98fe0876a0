//! A bound on the bytes that a connection may send outside requests, and a note of when it takes none.
//!
//! Frames that belong to no request (pings, settings, window updates, priorities) cost work and lead nowhere, and HTTP/2
//! sets no bound on them (RFC 9113, section 10.5). A peer earns them by requests, by bodies that it sends, by answers
//! that it takes, and by time.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::activity::Activity;

/// Bytes that a peer may send before it has earned any, and the most that it may save up: some 120,000 pings. A body
/// that was refused before it had come may still be on its way, up to the connection's window.
const MOST: u64 = 2 << 20;

/// What a connection's bytes mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    /// HTTP/1.1: there are no frames outside of requests.
    Http1,
    /// HTTP/2.
    Http2,
    /// A protocol that the listener does not know: each answer counts as a request.
    Own,
}

/// A connection that ends when the peer sends more over HTTP/2 than it has earned, and that notes what moves.
#[derive(Debug)]
pub struct Bounded<S> {
    stream: S,
    activity: Activity,
    speaks: Speaks,
    earned: u64,
    left: u64,
}

impl<S> Bounded<S> {
    pub(crate) const fn new(stream: S, activity: Activity, speaks: Speaks) -> Self {
        Self {
            stream,
            activity,
            speaks,
            earned: 0,
            left: MOST,
        }
    }

    fn spend(&mut self, bytes: usize) -> io::Result<()> {
        self.activity.heard(bytes);
        if self.speaks != Speaks::Http2 {
            return Ok(());
        }
        let earned = self.activity.earned();
        let more = earned.wrapping_sub(self.earned);
        self.earned = earned;
        let left = self.left.saturating_add(more).min(MOST);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.left = left.checked_sub(bytes).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "too many frames outside of requests")
        })?;
        Ok(())
    }

    /// Notes whether the peer lets anything through.
    fn written<T>(&self, polled: Poll<io::Result<T>>, bytes: impl Fn(&T) -> usize) -> Poll<io::Result<T>> {
        match &polled {
            Poll::Pending => self.activity.transport().wait(),
            Poll::Ready(Ok(done)) => {
                self.activity.transport().arrived(bytes(done));
                if self.speaks == Speaks::Own && bytes(done) > 0 {
                    self.activity.own_answered();
                }
            }
            Poll::Ready(Err(_)) => {}
        }
        polled
    }
}

impl<S: AsFd> AsFd for Bounded<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let read = buffer.filled().len().saturating_sub(before);
        Poll::Ready(self.spend(read))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(polled, |count| *count)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(context);
        if matches!(polled, Poll::Ready(Ok(()))) {
            self.activity.all_written();
        }
        self.written(polled, |()| 0)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.written(polled, |count| *count)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;
    use crate::accept::{
        of_request::Size,
        pinned::{Budget, Pinned},
        turns::Turns,
    };

    /// Bytes of which a peer sends too many.
    const ALL: usize = 4 << 20;

    fn activity() -> Activity {
        Activity::new(Turns::new(1, 1), Pinned::new(Budget::new(usize::MAX)))
    }

    /// Reads until the end or an error, a request's worth at a time, and gives the count of bytes.
    async fn read(activity: &Activity, speaks: Speaks, between: impl AsyncFn()) -> u64 {
        let endless = vec![0; ALL];
        let mut stream = Bounded::new(endless.as_slice(), activity.clone(), speaks);
        let (mut read, mut buffer) = (0, vec![0; 16 << 10]);
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            read += u64::try_from(count).unwrap();
            between().await;
        }
        read
    }

    #[tokio::test]
    async fn a_peer_without_requests_is_cut_off_and_one_with_requests_is_not() {
        let all = u64::try_from(ALL).unwrap();
        assert_eq!(read(&activity(), Speaks::Http2, async || ()).await, MOST);
        assert_eq!(read(&activity(), Speaks::Http1, async || ()).await, all);
        let asking = activity();
        assert_eq!(
            read(&asking, Speaks::Http2, async || drop(
                asking.begin(asking.arrive(Size::default())).await
            ))
            .await,
            all
        );
    }

    #[tokio::test]
    async fn a_request_in_flight_does_not_make_frames_outside_of_it_free() {
        let activity = activity();
        let _in_flight = activity.begin(activity.arrive(Size::default())).await.unwrap();
        let read = read(&activity, Speaks::Http2, async || ()).await;
        assert!(read <= MOST, "{read} bytes");
    }
}
