//! The registration socket while this process serves it: taken over from the node driver that it replaces, if one runs,
//! and handed over to the node driver that replaces it.

use std::{os::fd::AsFd as _, path::Path, sync::Arc};

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Notice, Plugin, serve};
use crate::{
    kubelet::{
        handover,
        socket::{self, Place, Socket, SocketError},
    },
    metrics::Metrics,
};

/// A served registration socket.
#[derive(Debug)]
pub struct ServedRegistration {
    place: Place,
    giving: JoinHandle<()>,
    asked: Place,
}

impl ServedRegistration {
    /// Serves the socket at `path` until `stop`, and gives it to the first process that asks for it at `handover`.
    pub async fn begin(
        path: &Path,
        handover: &Path,
        plugin: Plugin,
        metrics: &Arc<Metrics>,
        on_notice: impl Fn(Notice) + Clone + Send + Sync + 'static,
        stop: &CancellationToken,
    ) -> Result<Self, SocketError> {
        let socket = match handover::take(handover).await {
            Some(listener) => {
                tracing::info!("took the registration over from the node driver that this one replaces");
                metrics.registered.set(1);
                Socket::taken(path, listener)?
            }
            None => socket::bind(path)?,
        };
        let asked = socket::bind(handover)?;
        let given = socket
            .listener
            .as_fd()
            .try_clone_to_owned()
            .map_err(|source| SocketError::of("share", path, source))?;
        let serving = stop.child_token();
        let ended = serving.clone().cancelled_owned();
        tokio::spawn(serve(socket.listener, plugin, on_notice, ended));
        let metrics = Arc::clone(metrics);
        let giving = tokio::spawn(async move {
            handover::give(asked.listener, given, move || metrics.registered.get() == 1).await;
            tracing::info!("handed the registration over");
            serving.cancel();
        });
        Ok(Self {
            place: socket.place,
            giving,
            asked: asked.place,
        })
    }

    /// Removes the sockets that are still this process's own.
    pub fn end(self) -> std::io::Result<()> {
        let given = self.giving.is_finished();
        self.giving.abort();
        self.asked.remove()?;
        if given {
            return Ok(());
        }
        self.place.remove()
    }
}
