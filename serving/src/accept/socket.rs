//! The sockets that a listener accepts on.

use std::{
    io,
    net::{self, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::unix,
};

use rustix::net::{
    listen,
    sockopt::{set_socket_recv_buffer_size, set_socket_send_buffer_size},
};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::Source;

/// What the kernel keeps of a connection for each direction, in bytes. By itself it takes megabytes from a peer that does
/// not wait, and for one that does not read; they count as the memory of the pod. Twice this is what it makes of it.
const KERNEL_BUFFER: usize = 128 << 10;

/// Connections that the kernel keeps until they are accepted. A source that connects as fast as it can fills a shorter
/// queue, and those whom the kernel then forgets try again after a second.
const BACKLOG: i32 = 4096;

/// A port on `address`, and what it became where the address leaves that open. A node without IPv6 listens on what it has.
///
/// # Errors
/// Where the system refuses it.
pub fn bind(address: SocketAddr) -> io::Result<(net::TcpListener, SocketAddr)> {
    let tcp = match net::TcpListener::bind(address) {
        Err(_) if address.ip() == Ipv6Addr::UNSPECIFIED => {
            net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port()))?
        }
        bound => bound?,
    };
    tcp.set_nonblocking(true)?;
    // The standard library asks for a backlog of 128, and the kernel takes the last word.
    listen(&tcp, BACKLOG)?;
    // What it accepts inherits both.
    set_socket_recv_buffer_size(&tcp, KERNEL_BUFFER)?;
    set_socket_send_buffer_size(&tcp, KERNEL_BUFFER)?;
    let bound = tcp.local_addr()?;
    Ok((tcp, bound))
}

/// Where connections come from.
#[derive(Debug)]
pub(crate) enum Socket {
    Port(net::TcpListener),
    File(unix::net::UnixListener),
}

impl Socket {
    /// The same for the current runtime.
    pub(crate) fn on_runtime(self) -> io::Result<OnRuntime> {
        Ok(match self {
            Self::Port(tcp) => OnRuntime::Port(TcpListener::from_std(tcp)?),
            Self::File(unix) => OnRuntime::File(UnixListener::from_std(unix)?),
        })
    }
}

/// A socket that a runtime waits for.
#[derive(Debug)]
pub(crate) enum OnRuntime {
    Port(TcpListener),
    File(UnixListener),
}

/// One connection.
#[derive(Debug)]
pub(crate) enum Connected {
    Port(TcpStream, SocketAddr),
    File(UnixStream),
}

impl OnRuntime {
    pub(crate) async fn accept(&self) -> io::Result<Connected> {
        Ok(match self {
            Self::Port(tcp) => {
                let (stream, address) = tcp.accept().await?;
                Connected::Port(stream, address)
            }
            Self::File(unix) => Connected::File(unix.accept().await?.0),
        })
    }
}

impl Connected {
    pub(crate) fn source(&self) -> Source {
        match self {
            Self::Port(_, address) => address.ip().into(),
            Self::File(_) => Source::LOCAL,
        }
    }
}
