//! HTTP/2 frames as no client library sends them (RFC 9113, section 4).

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use rustls::pki_types::ServerName;
use strongroom_serving::tls::client_config;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use strongroom_testing::vault::HOST;

pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;

/// One frame.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The head of `GET /` (RFC 7541: three fields of the static table, and the authority as a literal).
pub fn head() -> Vec<u8> {
    let mut block = vec![0x82, 0x87, 0x84, 0x41, u8::try_from(HOST.len()).unwrap()];
    block.extend(HOST.as_bytes());
    block
}

/// A connection that speaks HTTP/2, after the preface.
pub async fn connect(address: SocketAddr, trust_bundle: &Path) -> TlsStream<TcpStream> {
    let mut tls = (*client_config(trust_bundle).unwrap()).clone();
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let tcp = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from(HOST).unwrap();
    let mut stream = TlsConnector::from(Arc::new(tls))
        .connect(name, tcp)
        .await
        .unwrap();
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await
        .unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    stream
}

/// Sends what `next` makes, `most` times or until the connection ends; answers how often it was sent.
pub async fn flood(stream: TlsStream<TcpStream>, most: u32, mut next: impl FnMut(u32) -> Vec<u8>) -> u32 {
    let (mut read, mut write) = tokio::io::split(stream);
    let ended = async {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(1..) = read.read(&mut buffer).await {}
    };
    let sending = async {
        for sent in 0..most {
            if write.write_all(&next(sent)).await.is_err() {
                return sent;
            }
        }
        // The last of it may be what ends the connection.
        tokio::time::sleep(Duration::from_secs(5)).await;
        most
    };
    let mut sent = 0;
    let flooding = async {
        tokio::select! {
            () = ended => {}
            all = sending => sent = all,
        }
    };
    timeout(Duration::from_mins(1), flooding)
        .await
        .expect("the flood ends");
    sent
}
