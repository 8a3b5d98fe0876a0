//! A proxy for programs on a machine that does not resolve some names. It takes names below `localhost` for this machine, as
//! it should be (RFC 6761, 6.3), leads [`Names`] to the servers that they stand for, and everything else where the machine
//! itself leads it. No file of the system is changed.
//!
//! It speaks `CONNECT` alone (RFC 9110, 9.3.6): what goes through it is encrypted, and the client verifies the name at its other
//! end.

use std::{
    collections::BTreeMap,
    env, io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use http::Uri;
use strongroom_client::{Dial, server::Stream};
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

/// Servers that are reached in ways of their own, by the names under which clients ask for them.
#[derive(Clone, Default)]
pub struct Names(Arc<BTreeMap<String, Arc<dyn Dial>>>);

impl Names {
    fn dial(&self, host: &str) -> Option<&dyn Dial> {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        self.0.get(&host).map(AsRef::as_ref)
    }
}

impl FromIterator<(String, Arc<dyn Dial>)> for Names {
    fn from_iter<T: IntoIterator<Item = (String, Arc<dyn Dial>)>>(names: T) -> Self {
        let names = names.into_iter();
        Self(Arc::new(
            names
                .map(|(name, dial)| (name.to_ascii_lowercase(), dial))
                .collect(),
        ))
    }
}

/// Serves on loopback until the drain begins; gives the address.
///
/// # Errors
/// It cannot listen.
pub async fn serve(drain: &Drain, upstream: Upstream) -> io::Result<SocketAddr> {
    serve_names(drain, Names::default(), upstream).await
}

/// The same, which leads `names` to their servers, whatever port a client asks for.
///
/// # Errors
/// It cannot listen.
pub async fn serve_names(drain: &Drain, names: Names, upstream: Upstream) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    accept(drain, listener, move |client| {
        tunnel(client, names.clone(), upstream.clone())
    });
    Ok(address)
}

/// Leads every connection to `port` of loopback to one server until the drain begins; 0 is a port that is free. Gives the
/// address.
///
/// # Errors
/// It cannot listen.
pub async fn forward(drain: &Drain, port: u16, server: Arc<dyn Dial>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    accept(drain, listener, move |mut client| {
        let server = Arc::clone(&server);
        async move {
            let mut server = timeout(PATIENCE, server.dial()).await??;
            copy_bidirectional(&mut client, &mut server).await.map(drop)
        }
    });
    Ok(address)
}

/// Accepts connections, which `serve` serves, until the drain begins.
pub(crate) fn accept<T>(drain: &Drain, listener: TcpListener, serve: impl Fn(TcpStream) -> T + Send + 'static)
where
    T: Future<Output = io::Result<()>> + Send + 'static,
{
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
            let (until, served) = (until.clone(), serve(stream));
            tunnels.spawn(async move {
                tokio::select! {
                    _ = served => {}
                    () = until.begun() => {}
                }
                drop(place);
            });
        }
    });
}

/// Takes one request, and passes on what follows.
async fn tunnel(mut client: TcpStream, names: Names, upstream: Upstream) -> io::Result<()> {
    let head = timeout(PATIENCE, head(&mut client)).await??;
    let Some((host, port)) = parse(&head) else {
        return client
            .write_all(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
            .await;
    };
    let server_of_name = names.dial(&host);
    let behind = upstream
        .of_host(&host)
        .filter(|_| server_of_name.is_none() && !is_this_machine(&host));
    let connected = timeout(PATIENCE, connect(&host, port, server_of_name, behind)).await;
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

/// Connects to the server that a name stands for, to the proxy behind this one, or as the machine does.
async fn connect(
    host: &str,
    port: u16,
    named: Option<&dyn Dial>,
    behind: Option<&Behind>,
) -> io::Result<Box<dyn Stream>> {
    if let Some(named) = named {
        return named.dial().await;
    }
    let (host, port) = match behind {
        _ if is_this_machine(host) => ("127.0.0.1", port),
        Some(behind) => (behind.host.as_str(), behind.port),
        None => (host, port),
    };
    Ok(Box::new(TcpStream::connect((host, port)).await?))
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

    /// Connects to a port of this machine.
    struct Port(u16);

    impl Dial for Port {
        fn dial(&self) -> futures::future::BoxFuture<'static, io::Result<Box<dyn Stream>>> {
            let port = self.0;
            Box::pin(async move {
                let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
                Ok(Box::new(stream) as Box<dyn Stream>)
            })
        }
    }

    /// A server that says its name once to each client.
    async fn naming(name: &'static str) -> Arc<dyn Dial> {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = server.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = server.accept().await {
                stream.write_all(name.as_bytes()).await.unwrap();
            }
        });
        Arc::new(Port(port))
    }

    async fn said(mut stream: TcpStream, request: &str) -> String {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test]
    async fn a_name_leads_to_its_server_whatever_proxy_is_behind() {
        let names = [
            ("Prod.team-a.svc".to_owned(), naming("prod").await),
            ("login.svc".to_owned(), naming("login").await),
        ];
        let behind = upstream(&[("HTTPS_PROXY", "http://127.0.0.1:1")]).unwrap();
        let drain = Drain::default();
        let proxy = serve_names(&drain, names.into_iter().collect(), behind)
            .await
            .unwrap();
        for (host, answer) in [
            ("prod.team-a.svc", "200 OK\r\n\r\nprod"),
            ("PROD.team-a.svc.", "200 OK\r\n\r\nprod"),
            ("login.svc", "200 OK\r\n\r\nlogin"),
            ("other.team-a.svc", "502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"),
        ] {
            let stream = TcpStream::connect(proxy).await.unwrap();
            let request = format!("CONNECT {host}:443 HTTP/1.1\r\nHost: x\r\n\r\n");
            assert_eq!(
                said(stream, &request).await,
                format!("HTTP/1.1 {answer}"),
                "{host}"
            );
        }
        drain.begin();
    }

    #[tokio::test]
    async fn a_port_leads_to_one_server() {
        let drain = Drain::default();
        let address = forward(&drain, 0, naming("prod").await).await.unwrap();
        assert!(address.ip().is_loopback());
        let stream = TcpStream::connect(address).await.unwrap();
        assert_eq!(said(stream, "").await, "prod");
        drain.begin();
    }
}
