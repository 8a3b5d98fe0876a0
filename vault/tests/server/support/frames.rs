//! Connections that are flooded with HTTP/2 frames.

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

pub use strongroom_testing::silent_peer::frames::*;

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
    stream.write_all(&opening(65_535)).await.unwrap();
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

/// The head of `GET /`.
pub fn get() -> Vec<u8> {
    head("GET", HOST, "/", &[])
}
