//! A bound on the bytes that a connection may send outside requests.
//!
//! Frames that belong to no request (pings, settings, window updates, priorities) cost work and lead nowhere, and HTTP/2
//! sets no bound on them (RFC 9113, section 10.5).

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::activity::Activity;

/// Bytes that are read between two requests while none is in flight: some 120,000 pings. A body that was refused before
/// it had come may still be on its way, up to the connection's window of a mebibyte.
const MOST: usize = 2 << 20;

/// A connection that ends when the peer sends too much over HTTP/2 while no request is in flight. HTTP/1.1 has no
/// frames outside of requests, and no bound here.
#[derive(Debug)]
pub(crate) struct Bounded<S> {
    stream: S,
    activity: Activity,
    is_http2: bool,
    begun: u64,
    spent: usize,
}

impl<S> Bounded<S> {
    pub(crate) const fn new(stream: S, activity: Activity, is_http2: bool) -> Self {
        Self {
            stream,
            activity,
            is_http2,
            begun: 0,
            spent: 0,
        }
    }

    fn spend(&mut self, bytes: usize) -> io::Result<()> {
        let begun = self.activity.begun();
        if !self.is_http2 || begun != self.begun || self.activity.idle_since().is_none() {
            (self.begun, self.spent) = (begun, 0);
            return Ok(());
        }
        self.spent = self.spent.saturating_add(bytes);
        if self.spent > MOST {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "too many frames outside of requests",
            ));
        }
        Ok(())
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
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    const ALL: usize = 2 * MOST;

    /// Reads until the end or an error, and gives the count of bytes.
    async fn read(activity: &Activity, is_http2: bool, between: impl Fn()) -> usize {
        let endless = vec![0; ALL];
        let mut stream = Bounded::new(endless.as_slice(), activity.clone(), is_http2);
        let (mut read, mut buffer) = (0, vec![0; 16 << 10]);
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            read += count;
            between();
        }
        read
    }

    #[tokio::test]
    async fn a_peer_without_requests_is_cut_off_and_one_with_requests_is_not() {
        let activity = Activity::new();
        assert_eq!(read(&activity, true, || ()).await, MOST);
        assert_eq!(read(&activity, false, || ()).await, ALL);
        assert_eq!(read(&activity, true, || drop(activity.begin())).await, ALL);
        let _in_flight = activity.begin();
        assert_eq!(read(&activity, true, || ()).await, ALL);
    }
}
