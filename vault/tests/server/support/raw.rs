//! Bytes over TLS, for requests that no HTTP client would send.

use std::{net::SocketAddr, path::Path, time::Duration};

use rustls::pki_types::ServerName;
use strongroom_serving::tls::client_config;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

pub async fn connect(address: SocketAddr, trust_bundle: &Path) -> TlsStream<TcpStream> {
    let tcp = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("prod.team-a.svc").unwrap();
    TlsConnector::from(client_config(trust_bundle).unwrap())
        .connect(name, tcp)
        .await
        .unwrap()
}

/// Sends `request` as it is and reads until the answer's head and body are there or the connection ends.
pub async fn exchange(stream: &mut TlsStream<TcpStream>, request: &[u8]) -> String {
    // A server that refuses early may close while we still write.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let read = async {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            answer.extend_from_slice(&buffer[..count]);
            if is_whole(&answer) {
                break;
            }
        }
    };
    timeout(Duration::from_secs(30), read).await.expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    length
        .and_then(|length| length.parse().ok())
        .is_some_and(|length: usize| body.len() >= length)
}
