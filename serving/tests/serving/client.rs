//! The other end: HTTP/1.1 by hand, so that a test decides what is sent and when.

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::timeout,
};

/// The longest wait for anything that must happen.
const PATIENCE: Duration = Duration::from_secs(10);

pub async fn ask<S: AsyncWrite + Unpin>(stream: &mut S, path: &str) {
    let head = format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
}

/// Reads until what was read ends with `end`.
pub async fn read_to<S: AsyncRead + Unpin>(stream: &mut S, end: &str) -> String {
    let mut read = Vec::new();
    while !read.ends_with(end.as_bytes()) {
        let byte = timeout(PATIENCE, stream.read_u8()).await.unwrap();
        read.push(byte.unwrap_or_else(|_| panic!("ended after {:?}", String::from_utf8_lossy(&read))));
    }
    String::from_utf8(read).unwrap()
}

/// Waits until the server ends the connection; gives what came before.
pub async fn rest<S: AsyncRead + Unpin>(stream: &mut S) -> String {
    let mut read = Vec::new();
    // A reset is an end too.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut read)).await.unwrap();
    String::from_utf8(read).unwrap()
}
