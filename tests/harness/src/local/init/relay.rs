//! Connections that arrive on a socket of the machine's loopback go on inside of the bundle.

use std::{net::TcpListener, os::fd::AsFd, thread};

use anyhow::{Context, Result};
use tokio::{io::copy_bidirectional, net::TcpStream};

/// Serves the socket on standard input. It belongs to the network namespace in which it was opened;
/// the connections made here belong to the bundle's.
pub fn start(target: String) -> Result<()> {
    let socket = TcpListener::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    socket.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    thread::Builder::new()
        .name("relay".to_owned())
        .spawn(move || {
            if let Err(error) = runtime.block_on(serve(socket, target)) {
                eprintln!("the relay has ended: {error:#}");
            }
        })
        .context("cannot start a thread")?;
    Ok(())
}

async fn serve(socket: TcpListener, target: String) -> Result<()> {
    let socket = tokio::net::TcpListener::from_std(socket)?;
    loop {
        let (outer, _) = socket.accept().await?;
        let target = target.clone();
        tokio::spawn(async move {
            // While the API server is down the client sees a closed connection, as it would without a relay.
            if let Ok(inner) = TcpStream::connect(target).await {
                let _ = outer.set_nodelay(true);
                let _ = inner.set_nodelay(true);
                let (mut outer, mut inner) = (outer, inner);
                let _ = copy_bidirectional(&mut outer, &mut inner).await;
            }
        });
    }
}
