//! The proxy of `strongroom vault open`, through which the names of a cluster are reached where nothing resolves them.

use std::{
    io,
    net::{SocketAddr, SocketAddrV4},
    sync::Arc,
};

use futures::future::BoxFuture;
use strongroom_client::{Dial, Route, Server, server::Stream};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::Variable;
use crate::failure::DirectFailure;

/// Names it. It is not `HTTPS_PROXY`: a proxy of the user's own is for other places.
pub(super) const VARIABLE: &str = "STRONGROOM_PROXY";

/// The longest head of an answer.
const MAX_HEAD: usize = 8 << 10;

/// A proxy on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Proxy(SocketAddr);

impl Proxy {
    /// The one that the environment names, if it does.
    pub(super) fn of(variable: Variable<'_>) -> Result<Option<Self>, DirectFailure> {
        let Some(value) = variable(VARIABLE).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        let address = value
            .to_str()
            .and_then(|value| value.strip_prefix("http://"))
            .and_then(|address| address.trim_end_matches('/').parse::<SocketAddrV4>().ok());
        let address = address.ok_or(DirectFailure::Proxy(VARIABLE))?;
        Ok(Some(Self(address.into())))
    }
}

/// The server, through the proxy where it is reached by its name.
pub(super) fn led(server: Server, proxy: Option<&Proxy>) -> Server {
    let dial = match (server.route(), proxy) {
        (Route::Host { host, port }, Some(proxy)) => Through {
            proxy: proxy.0,
            target: format!("{host}:{port}"),
        },
        (Route::Host { .. } | Route::Socket(_) | Route::Dial(_), _) => return server,
    };
    server.by(Route::Dial(Arc::new(dial)))
}

/// Connections to one target through a proxy.
struct Through {
    proxy: SocketAddr,
    target: String,
}

impl Dial for Through {
    fn dial(&self) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> {
        let (proxy, target) = (self.proxy, self.target.clone());
        Box::pin(async move {
            let mut stream = TcpStream::connect(proxy).await?;
            let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
            stream.write_all(request.as_bytes()).await?;
            let mut head = Vec::new();
            // Nothing after the head may be read: it is the server's.
            while !head.ends_with(b"\r\n\r\n") && head.len() < MAX_HEAD {
                head.push(stream.read_u8().await?);
            }
            if head.starts_with(b"HTTP/1.1 200 ") {
                Ok(Box::new(stream) as Box<dyn Stream>)
            } else {
                Err(io::Error::other(format!(
                    "the proxy at {proxy} does not reach {target}"
                )))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Result<Option<Proxy>, DirectFailure> {
        Proxy::of(&|name| (name == VARIABLE).then(|| value.into()))
    }

    #[test]
    fn a_proxy_is_an_address_of_this_machine() {
        let proxy = of("http://127.0.0.1:4").unwrap();
        assert_eq!(proxy, Some(Proxy(([127, 0, 0, 1], 4).into())));
        assert_eq!(of("").unwrap(), None);
        for wrong in [
            "127.0.0.1:4",
            "https://127.0.0.1:4",
            "http://proxy.example:4",
            "http://127.0.0.1",
        ] {
            assert!(
                matches!(of(wrong), Err(DirectFailure::Proxy(VARIABLE))),
                "{wrong}"
            );
        }
    }

    #[test]
    fn only_what_is_reached_by_its_name_goes_through_it() {
        let proxy = Proxy(([127, 0, 0, 1], 4).into());
        let by_name = led(Server::new("prod.team-a.svc"), Some(&proxy));
        assert!(matches!(by_name.route(), Route::Dial(_)));
        assert_eq!(by_name.name(), "prod.team-a.svc");
        let by_address = Server::new("localhost").by(Route::Socket(([127, 0, 0, 1], 8443).into()));
        assert!(matches!(led(by_address, Some(&proxy)).route(), Route::Socket(_)));
        let without = led(Server::new("prod.team-a.svc"), None);
        assert!(matches!(without.route(), Route::Host { .. }));
    }

    #[tokio::test]
    async fn what_the_proxy_refuses_is_an_error_and_what_it_takes_is_the_servers() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = listener.local_addr().unwrap();
        tokio::spawn(async move {
            for answer in ["HTTP/1.1 200 OK\r\n\r\nhello", "HTTP/1.1 502 Bad Gateway\r\n\r\n"] {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 256];
                assert!(stream.read(&mut request).await.unwrap() > 0);
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let through = Through {
            proxy,
            target: "prod.team-a.svc:443".to_owned(),
        };
        let mut hello = [0; 5];
        through
            .dial()
            .await
            .unwrap()
            .read_exact(&mut hello)
            .await
            .unwrap();
        assert_eq!(&hello, b"hello");
        let refused = through.dial().await.err().unwrap().to_string();
        assert!(
            refused.contains("does not reach prod.team-a.svc:443"),
            "{refused}"
        );
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_vault_behind_a_door_proves_its_own_name() {
        use strongroom_dev::{
            door::{Behind, Door},
            proxy::Upstream,
        };

        use crate::tests::world::{ADMIN, World};

        let world = World::start().await;
        let [dial, _] = world.dials();
        let name = "prod.team-a.svc".to_owned();
        let behind = [Behind {
            name: name.clone(),
            dial,
            port: 0,
        }];
        let door = Door::open(&behind, Upstream::default()).await.unwrap();
        let through_proxy = led(Server::new(name.clone()), Some(&Proxy(door.proxy())));
        let through_port = Server::new(name).by(Route::Socket(door.ports()[0]));
        let secret = "none".parse().unwrap();
        for server in [through_proxy, through_port] {
            let session = world.session_by(ADMIN, &server);
            let refused = session
                .vault
                .get_secret(&session.token, &secret, None)
                .await
                .unwrap_err();
            let status = refused.refusal().map(|refusal| refusal.status);
            assert_eq!(status, Some(http::StatusCode::NOT_FOUND), "{refused}");
        }
        let other = led(Server::new("other.team-a.svc"), Some(&Proxy(door.proxy())));
        let session = world.session_by(ADMIN, &other);
        let unreached = session
            .vault
            .get_secret(&session.token, &secret, None)
            .await
            .unwrap_err();
        assert!(unreached.refusal().is_none(), "{unreached}");
    }
}
