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
use strongroom_serving::accept::{Drain, Listener, Wire as Connected};
use tokio::net::UnixListener;

use crate::{
    kubelet::socket::{Ends, FEW},
    proto::registration::{PluginInfo, RegistrationStatus},
};
pub use connection::{Bound, ConnectionError, Wire, serve as serve_connection};
pub use served::ServedRegistration;

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
    let (plugin, drain) = (Arc::new(plugin), Drain::default());
    let answer = move |wire: Connected| {
        let (plugin, on_notice) = (Arc::clone(&plugin), on_notice.clone());
        async move { report(connection::serve(wire, &plugin, on_notice, Bound { idle: IDLE }).await) }
    };
    match Listener::own(listener, answer, FEW, drain.clone()) {
        Ok(listener) => drain.spawn(listener.run()),
        Err(error) => return tracing::error!(%error, "the registration socket is not served"),
    }
    let _ends = Ends(drain);
    stop.await;
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
