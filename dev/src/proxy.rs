//! A proxy for programs on a machine that does not resolve names below `localhost`: it takes them for this machine, as it
//! should be (RFC 6761, 6.3), and leads everywhere else as the machine itself does. No file of the system is changed.
//!
//! It speaks `CONNECT` alone (RFC 9110, 9.3.6): what goes through it is encrypted, and the client verifies the name at its other
//! end.

use std::{
    env, io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use http::Uri;
use strongroom_serving::accept::Drain;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};

use crate::environment::MARK;

/// The longest head of a request.
const MAX_HEAD: usize = 8 << 10;

/// The most headers of a request.
const MAX_HEADERS: usize = 64;

/// The most connections at once.
const MOST: usize = 512;

/// How long a request and a connection to its target may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait before the next try where the system cannot accept.
const PAUSE: Duration = Duration::from_millis(50);

/// Whether the system takes a name for this machine.
pub async fn resolves(host: &str) -> bool {
    let found = tokio::net::lookup_host((host, 443));
    match timeout(Duration::from_secs(1), found).await {
        // The vault listens there, and not on ::1.
        Ok(Ok(mut addresses)) => addresses.any(|address| address.ip() == Ipv4Addr::LOCALHOST),
        Ok(Err(_)) | Err(_) => false,
    }
}

/// The proxy that this process itself is told to use cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{variable} names a proxy that cannot be used here: one of http://HOST:PORT without a password can. Unset it for this command, or have the system resolve names below localhost"
)]
pub struct UpstreamError {
    variable: &'static str,
}

/// The proxy that this process itself is told to use, for everything but this machine.
#[derive(Debug, Clone, Default)]
pub struct Upstream(Option<Arc<Behind>>);

#[derive(Debug)]
struct Behind {
    host: String,
    port: u16,
    /// Ends of names that are reached without it.
    not_for: Vec<String>,
}

impl Upstream {
    /// As the environment says. The proxy of a vault that runs is none: it may be gone.
    ///
    /// # Errors
    /// It names one that cannot be used.
    pub fn of_this_process() -> Result<Self, UpstreamError> {
        Self::of(|name| env::var(name).ok())
    }

    fn of(variable: impl Fn(&str) -> Option<String>) -> Result<Self, UpstreamError> {
        let variables = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        let named = variables.into_iter().find_map(|name| {
            let value = variable(name).filter(|value| !value.is_empty());
            value.map(|value| (name, value))
        });
        let not_for = variable("NO_PROXY")
            .or_else(|| variable("no_proxy"))
            .unwrap_or_default();
        let (name, proxy) = match named {
            Some(named) if variable(MARK).is_none() && not_for.trim() != "*" => named,
            Some(_) | None => return Ok(Self(None)),
        };
        let unusable = || UpstreamError { variable: name };
        let uri: Uri = proxy.parse().map_err(|_| unusable())?;
        let authority = uri
            .authority()
            .filter(|authority| !authority.as_str().contains('@'));
        let authority = authority.ok_or_else(unusable)?;
        if uri.scheme_str().is_some_and(|scheme| scheme != "http") {
            return Err(unusable());
        }
        let not_for = not_for
            .split(',')
            .map(|name| name.trim().trim_start_matches(['*', '.']));
        Ok(Self(Some(Arc::new(Behind {
            host: authority.host().to_owned(),
            port: authority.port_u16().unwrap_or(80),
            not_for: not_for
                .filter(|name| !name.is_empty())
                .map(str::to_ascii_lowercase)
                .collect(),
        }))))
    }

    fn of_host(&self, host: &str) -> Option<&Behind> {
        let host = host.to_ascii_lowercase();
        let is_meant = |name: &String| {
            let before = host.strip_suffix(name.as_str());
            before.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        self.0
            .as_deref()
            .filter(|behind| !behind.not_for.iter().any(is_meant))
    }
}

/// Serves on loopback until the drain begins; gives the address.
///
/// # Errors
/// It cannot listen.
pub async fn serve(drain: &Drain, upstream: Upstream) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let places = Arc::new(Semaphore::new(MOST));
    let until = drain.clone();
    let tunnels = drain.clone();
    drain.spawn(async move {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = until.begun() => return,
            };
            let Ok((stream, _)) = accepted else {
                // For want of file descriptors, for example.
                sleep(PAUSE).await;
                continue;
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                continue;
            };
            let (until, upstream) = (until.clone(), upstream.clone());
            tunnels.spawn(async move {
                tokio::select! {
                    _ = tunnel(stream, upstream) => {}
                    () = until.begun() => {}
                }
                drop(place);
            });
        }
    });
    Ok(address)
}

/// Takes one request, and passes on what follows.
async fn tunnel(mut client: TcpStream, upstream: Upstream) -> io::Result<()> {
    let head = timeout(PATIENCE, head(&mut client)).await??;
    let Some((host, port)) = parse(&head) else {
        return client
            .write_all(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
            .await;
    };
    let behind = upstream.of_host(&host).filter(|_| !is_this_machine(&host));
    let connected = match behind {
        _ if is_this_machine(&host) => {
            timeout(PATIENCE, TcpStream::connect((Ipv4Addr::LOCALHOST, port))).await
        }
        Some(behind) => timeout(PATIENCE, TcpStream::connect((behind.host.as_str(), behind.port))).await,
        None => timeout(PATIENCE, TcpStream::connect((host.as_str(), port))).await,
    };
    let Ok(Ok(mut server)) = connected else {
        return client
            .write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            .await;
    };
    if behind.is_some() {
        // It answers the request itself.
        server.write_all(&head).await?;
    } else {
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    }
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

/// Whether a name means this machine wherever it is asked for.
fn is_this_machine(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

/// The head of the request that comes.
async fn head(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut byte = [0; 1];
    // Nothing after the head may be read: it is for the server.
    while !head.ends_with(b"\r\n\r\n") && head.len() < MAX_HEAD {
        client.read_exact(&mut byte).await?;
        head.extend(byte);
    }
    Ok(head)
}

/// The host and port that a request is to connect to; none where it is no `CONNECT`.
fn parse(head: &[u8]) -> Option<(String, u16)> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    request.parse(head).ok().filter(httparse::Status::is_complete)?;
    if request.method != Some("CONNECT") {
        return None;
    }
    let (host, port) = request.path?.rsplit_once(':')?;
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    Some((host.to_owned(), port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_to_connect_names_its_target_and_no_other_request_does() {
        let of = |line: &str| parse(format!("{line} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
        assert_eq!(
            of("CONNECT dev.vault.localhost:8443"),
            Some(("dev.vault.localhost".into(), 8443))
        );
        assert_eq!(of("CONNECT [::1]:443"), Some(("::1".into(), 443)));
        for other in ["GET http://a/", "CONNECT a", "CONNECT a:x", "CONNECT"] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    fn upstream(variables: &[(&str, &str)]) -> Result<Upstream, UpstreamError> {
        Upstream::of(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_proxy_of_this_process_is_behind_it_but_for_what_needs_none() {
        let behind = [
            ("HTTPS_PROXY", "http://proxy.example:3128"),
            ("NO_PROXY", "internal.example, .corp"),
        ];
        let of = upstream(&behind).unwrap();
        let of = |host: &str| of.of_host(host).map(|behind| (behind.host.clone(), behind.port));
        assert_eq!(of("example.com"), Some(("proxy.example".to_owned(), 3128)));
        for host in ["internal.example", "A.internal.example", "x.corp"] {
            assert_eq!(of(host), None, "{host}");
        }
        for none in [
            vec![],
            vec![behind[0], ("no_proxy", "*")],
            // It is that of another vault on this machine, which may be gone.
            vec![behind[0], (MARK, "1")],
        ] {
            assert!(
                upstream(&none).unwrap().of_host("example.com").is_none(),
                "{none:?}"
            );
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_an_error_and_nothing_goes_past_it() {
        for proxy in [
            "socks5://a:1",
            "https://a:1",
            "http://user:password@proxy.example:3128",
            "http://",
        ] {
            for variable in ["HTTPS_PROXY", "all_proxy"] {
                let refused = upstream(&[(variable, proxy)]).unwrap_err();
                assert_eq!(refused, UpstreamError { variable }, "{proxy}");
            }
        }
    }

    #[test]
    fn names_below_localhost_are_this_machine() {
        for host in ["localhost", "Dev.Vault.LOCALHOST"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in ["mylocalhost", "localhost.example.com", ""] {
            assert!(!is_this_machine(host), "{host}");
        }
    }

    #[tokio::test]
    async fn what_is_sent_through_it_arrives_at_this_machine() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = server.local_addr().unwrap().port();
        let echo = tokio::spawn(async move {
            let (mut stream, _) = server.accept().await.unwrap();
            let mut bytes = [0; 4];
            stream.read_exact(&mut bytes).await.unwrap();
            stream.write_all(&bytes).await.unwrap();
        });
        let drain = Drain::default();
        let mut client = TcpStream::connect(serve(&drain, Upstream::default()).await.unwrap())
            .await
            .unwrap();
        let request = format!("CONNECT nobody.vault.localhost:{port} HTTP/1.1\r\nHost: x\r\n\r\nping");
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = [0; 23];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 OK\r\n\r\nping");
        echo.await.unwrap();
        drain.begin();
    }
}
