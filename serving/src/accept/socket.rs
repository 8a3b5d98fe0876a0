//! The sockets that a listener accepts on.

use std::{
    io,
    net::{self, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::unix,
};

use rustix::{
    io::Errno,
    net::{
        AddressFamily, SocketFlags, SocketType, listen, socket_with,
        sockopt::{
            set_ipv6_v6only, set_socket_recv_buffer_size, set_socket_reuseaddr, set_socket_send_buffer_size,
        },
    },
};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::Source;

/// What the kernel keeps of a connection for each direction, in bytes. By itself it takes megabytes from a peer that does
/// not wait, and for one that does not read; they count as the memory of the pod. Twice this is what it makes of it.
const KERNEL_BUFFER: usize = 128 << 10;

/// Connections that the kernel keeps until they are accepted. A source that connects as fast as it can fills a shorter
/// queue, and those whom the kernel then forgets try again after a second.
const BACKLOG: i32 = 4096;

/// `port` on every address of the machine, of IPv4 and of IPv6: what a program listens on unless it is told otherwise.
pub const fn everywhere(port: u16) -> SocketAddr {
    SocketAddr::new(net::IpAddr::V6(Ipv6Addr::UNSPECIFIED), port)
}

/// A port on `address`, and what it became where the address leaves that open.
///
/// `[::]` takes connections of both families, whatever `net.ipv6.bindv6only` of the node says; where the kernel has no
/// IPv6 it is `0.0.0.0`.
///
/// # Errors
/// Where the system refuses it.
pub fn bind(address: SocketAddr) -> io::Result<(net::TcpListener, SocketAddr)> {
    let tcp = with_fallback(address, open)?;
    let bound = tcp.local_addr()?;
    Ok((tcp, bound))
}

/// `open` of `address`; of every IPv4 address in place of every address on a kernel without IPv6.
fn with_fallback<T>(address: SocketAddr, open: impl Fn(SocketAddr) -> io::Result<T>) -> io::Result<T> {
    match open(address) {
        Err(error) if address.ip() == Ipv6Addr::UNSPECIFIED && is_without_ipv6(&error) => {
            open(SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port())))
        }
        opened => opened,
    }
}

/// A port that is taken has another error: what holds it may hold it for one family only, and half a listener helps
/// nobody.
fn is_without_ipv6(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL)
    )
}

fn open(address: SocketAddr) -> io::Result<net::TcpListener> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::STREAM, flags, None)?;
    // A process that follows another need not wait until the other's last connections are forgotten.
    set_socket_reuseaddr(&socket, true)?;
    if address.ip() == Ipv6Addr::UNSPECIFIED {
        set_ipv6_v6only(&socket, false)?;
    }
    // What it accepts inherits both.
    set_socket_recv_buffer_size(&socket, KERNEL_BUFFER)?;
    set_socket_send_buffer_size(&socket, KERNEL_BUFFER)?;
    rustix::net::bind(&socket, &address)?;
    listen(&socket, BACKLOG)?;
    Ok(socket.into())
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A kernel that refuses IPv6 with `error`, and what it was asked for at last.
    fn refusing_ipv6(error: Errno) -> io::Result<SocketAddr> {
        with_fallback(everywhere(8443), |address| match address {
            SocketAddr::V4(_) => Ok(address),
            SocketAddr::V6(_) => Err(error.into()),
        })
    }

    #[test]
    fn a_kernel_without_ipv6_listens_on_every_ipv4_address() {
        for error in [Errno::AFNOSUPPORT, Errno::ADDRNOTAVAIL] {
            assert_eq!(refusing_ipv6(error).unwrap(), "0.0.0.0:8443".parse().unwrap());
        }
    }

    #[test]
    fn a_port_that_is_taken_is_an_error_and_no_listener_of_one_family() {
        let refused = refusing_ipv6(Errno::ADDRINUSE).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        // So it is on a real kernel, whichever family holds the port.
        let (_held, address) = bind("0.0.0.0:0".parse().unwrap()).unwrap();
        let refused = bind(everywhere(address.port())).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn an_address_of_one_family_is_no_other() {
        let refused = with_fallback("[::1]:8443".parse().unwrap(), |address| match address {
            SocketAddr::V4(_) => Ok(address),
            SocketAddr::V6(_) => Err(Errno::AFNOSUPPORT.into()),
        });
        assert!(refused.is_err());
    }
}
