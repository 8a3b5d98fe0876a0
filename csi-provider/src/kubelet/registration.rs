//! How the kubelet learns of the node driver: a socket in its plugin directory that says name, endpoint and version.
//!
//! The kubelet dials it without an authority, so grpc-go sends the percent-encoded path of the socket as `:authority`,
//! which the HTTP/2 library below tonic refuses. The two calls need little of HTTP/2, so [`connection`] speaks it
//! without reading headers at all.

mod connection;
mod frame;
mod served;

use std::{future::Future, io, sync::Arc, time::Duration};

use prost::Message as _;
use tokio::{net::UnixListener, sync::Semaphore};

use crate::proto::registration::{PluginInfo, RegistrationStatus};
pub use connection::{Bound, ConnectionError, Wire, serve as serve_connection};
pub use served::ServedRegistration;

/// Connections at once. The kubelet opens one.
const MAX_CONNECTIONS: usize = 8;
/// How long a connection may stay without a frame.
const IDLE: Duration = Duration::from_mins(10);

/// What the node driver answers the kubelet.
#[derive(Debug, Clone)]
pub struct Plugin {
    info: PluginInfo,
}

/// What the kubelet reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The node driver is registered.
    Registered,
    /// The kubelet refuses it, with this reason.
    Refused(String),
}

impl Plugin {
    /// A CSI driver called `name` whose services are at the socket `endpoint`.
    pub fn csi(name: &str, endpoint: &str) -> Self {
        let info = PluginInfo {
            r#type: "CSIPlugin".into(),
            name: name.into(),
            endpoint: endpoint.into(),
            supported_versions: vec!["1.0.0".into()],
        };
        Self { info }
    }

    /// The answer to one request, and what the request reports. An `InfoRequest` has no field, so its message is empty; a
    /// `RegistrationStatus` always says at least one thing.
    fn answer(&self, message: &[u8]) -> Result<(Vec<u8>, Option<Notice>), prost::DecodeError> {
        if message.is_empty() {
            return Ok((self.info.encode_to_vec(), None));
        }
        let status = RegistrationStatus::decode(message)?;
        let notice = if status.plugin_registered {
            Notice::Registered
        } else {
            Notice::Refused(status.error)
        };
        Ok((Vec::new(), Some(notice)))
    }
}

/// Answers the kubelet on `listener` until `stop`, and calls `on_notice` with what the kubelet reports.
pub async fn serve(
    listener: UnixListener,
    plugin: Plugin,
    on_notice: impl Fn(Notice) + Clone + Send + Sync + 'static,
    stop: impl Future<Output = ()>,
) {
    let plugin = Arc::new(plugin);
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
                    continue;
                };
                let (plugin, on_notice) = (Arc::clone(&plugin), on_notice.clone());
                tokio::spawn(async move {
                    report(connection::serve(stream, &plugin, on_notice, Bound { idle: IDLE }).await);
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept on the registration socket");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn report(ended: Result<(), ConnectionError>) {
    match ended {
        Ok(()) => {}
        // The kubelet hangs up with a PING still unanswered.
        Err(ConnectionError::Io(error))
            if matches!(
                error.kind(),
                io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
            ) => {}
        Err(error) => tracing::warn!(%error, "a registration connection ended"),
    }
}
