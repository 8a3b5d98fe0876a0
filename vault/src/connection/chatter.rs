//! A bound on what a connection may say without asking for anything.
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

/// Bytes that are read between two requests while none is in flight: some 15,000 pings, and several times the longest
/// head.
const MOST: usize = 256 * 1024;

/// A connection that ends when it says too much while no request is in flight.
#[derive(Debug)]
pub(super) struct Bounded<S> {
    stream: S,
    activity: Activity,
    begun: u64,
    spent: usize,
}

impl<S> Bounded<S> {
    pub(super) const fn new(stream: S, activity: Activity) -> Self {
        Self {
            stream,
            activity,
            begun: 0,
            spent: 0,
        }
    }

    fn spend(&mut self, bytes: usize) -> io::Result<()> {
        let begun = self.activity.begun();
        if begun != self.begun || self.activity.idle_since().is_none() {
            (self.begun, self.spent) = (begun, 0);
            return Ok(());
        }
        self.spent = self.spent.saturating_add(bytes);
        if self.spent > MOST {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "much said and nothing asked",
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

    /// Reads a mebibyte, as long as it is let.
    async fn read(activity: &Activity, between: impl Fn()) -> usize {
        let endless = vec![0; 1 << 20];
        let mut stream = Bounded::new(endless.as_slice(), activity.clone());
        let (mut read, mut buffer) = (0, vec![0; 16 << 10]);
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            read += count;
            between();
        }
        read
    }

    #[tokio::test]
    async fn who_asks_for_nothing_is_cut_off_and_who_asks_is_not() {
        let activity = Activity::new();
        assert_eq!(read(&activity, || ()).await, MOST);
        assert_eq!(read(&activity, || drop(activity.begin())).await, 1 << 20);
        let _in_flight = activity.begin();
        assert_eq!(read(&activity, || ()).await, 1 << 20);
    }
}
