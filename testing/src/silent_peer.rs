//! A peer that is alive and lets the server wait: it ends no head, sends no body, takes no answer, or moves a byte a
//! second. It answers pings, so that nothing but its standing still is wrong with it.
//!
//! It writes HTTP by hand, over TLS or plainly, to any listening port or socket.
//!
//! ```text
//!   frames      what it writes
//!   port        where it connects
//!   siege       every way of standing still at one port, beside a client that goes on
//!   listeners   every listener of every program: the tests that lay siege to it
//! ```

pub mod frames;
pub mod listeners;
mod port;
mod siege;

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split},
    time::{Instant, MissedTickBehavior, interval, timeout_at},
};

pub use port::Port;
pub use siege::{Siege, Way};

use self::frames::{DATA, END_HEADERS, END_STREAM, HEADERS, frame, head, opening, stream, window_update};

/// The HTTP that a peer speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Http {
    /// HTTP/1.1.
    One,
    /// HTTP/2.
    Two,
}

/// What can carry a peer's bytes.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// One connection of such a peer.
pub struct SilentPeer {
    stream: Box<dyn Stream>,
    host: String,
    http: Http,
}

/// What became of a connection.
#[derive(Debug)]
pub struct Held {
    /// After how long the server ended it, if it did.
    pub ended: Option<Duration>,
    /// What the server sent, as far as it was taken.
    pub received: Vec<u8>,
}

impl SilentPeer {
    /// A peer on `stream`, which is connected.
    pub fn over(stream: Box<dyn Stream>, host: &str, http: Http) -> Self {
        Self {
            stream,
            host: host.to_owned(),
            http,
        }
    }

    /// Sends a head that does not end.
    pub async fn half_head(&mut self) {
        let half = match self.http {
            Http::One => format!("GET / HTTP/1.1\r\nHost: {}\r\nA: ", self.host).into_bytes(),
            Http::Two => [
                opening(0),
                frame(HEADERS, END_STREAM, 1, &head("GET", &self.host, "/", &[])),
            ]
            .concat(),
        };
        self.send(&half).await;
    }

    /// Sends the heads of `count` requests with bodies of a hundred bytes, and nothing of the bodies. HTTP/1.1 has one.
    pub async fn heads_without_bodies(&mut self, count: u32, path: &str, content_type: &str) {
        let fields = [("content-type", content_type), ("content-length", "100")];
        let heads = match self.http {
            Http::One => format!(
                "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: {content_type}\r\nContent-Length: 100\r\n\r\n",
                self.host
            )
            .into_bytes(),
            Http::Two => {
                let block = head("POST", &self.host, path, &fields);
                let heads = (0..count).flat_map(|number| frame(HEADERS, END_HEADERS, stream(number), &block));
                opening(0).into_iter().chain(heads).collect()
            }
        };
        self.send(&heads).await;
    }

    /// Asks for `path` on `count` streams of which it takes `window` bytes each.
    pub async fn ask_with_window(&mut self, window: u32, count: u32, path: &str) {
        assert_eq!(self.http, Http::Two, "HTTP/1.1 has no window of its own");
        let block = head("GET", &self.host, path, &[]);
        let heads =
            (0..count).flat_map(|number| frame(HEADERS, END_STREAM | END_HEADERS, stream(number), &block));
        let all: Vec<u8> = opening(window).into_iter().chain(heads).collect();
        self.send(&all).await;
    }

    /// Stays for `time`, and takes nothing at all, not even from the kernel.
    pub async fn hold_deaf(self, time: Duration) {
        tokio::time::sleep(time).await;
        drop(self.stream);
    }

    /// Stays for `time` at most, and does nothing but answer pings.
    pub async fn hold(self, time: Duration) -> Held {
        self.trickle(time, |_| Vec::new()).await
    }

    /// Stays for `time` at most, and sends a byte a second of the body of each of `count` requests.
    pub async fn send_a_byte_a_second(self, time: Duration, count: u32) -> Held {
        let http = self.http;
        self.trickle(time, move |_| match http {
            Http::One => b"a".to_vec(),
            Http::Two => (0..count)
                .flat_map(|number| frame(DATA, 0, stream(number), b"a"))
                .collect(),
        })
        .await
    }

    /// Stays for `time` at most, and takes a byte a second of each of `count` answers.
    pub async fn take_a_byte_a_second(self, time: Duration, count: u32) -> Held {
        self.trickle(time, move |_| {
            (0..count)
                .flat_map(|number| window_update(stream(number), 1))
                .collect()
        })
        .await
    }

    /// Stays for `time` at most, and sends what `next` gives each second.
    pub async fn trickle(self, time: Duration, mut next: impl FnMut(u32) -> Vec<u8>) -> Held {
        let (began, is_http2) = (Instant::now(), self.http == Http::Two);
        let (mut read, mut write) = split(self.stream);
        let (mut received, mut frames, mut buffer) = (Vec::new(), Vec::new(), vec![0; 16 << 10]);
        let mut seconds = interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut second = 0;
        let ended = timeout_at(began + time, async {
            loop {
                let bytes = tokio::select! {
                    read = read.read(&mut buffer) => match read {
                        Ok(count @ 1..) => {
                            received.extend(&buffer[..count]);
                            frames.extend(&buffer[..count]);
                            if is_http2 { frames::pongs(&mut frames) } else { Vec::new() }
                        }
                        Ok(0) | Err(_) => return,
                    },
                    _ = seconds.tick() => {
                        second += 1;
                        next(second)
                    }
                };
                if write.write_all(&bytes).await.and(write.flush().await).is_err() {
                    return;
                }
            }
        });
        let ended = ended.await.is_ok().then(|| began.elapsed());
        Held { ended, received }
    }

    /// Sends `bytes`; a server that has ended the connection is found out later.
    pub async fn send(&mut self, bytes: &[u8]) {
        drop(self.stream.write_all(bytes).await);
        drop(self.stream.flush().await);
    }
}
