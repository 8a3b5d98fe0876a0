//! How a new node driver takes the registration over from the one that it replaces, which passes the listening socket on.
//!
//! The kubelet drops a driver whose registration socket is replaced, and registers it again a second later. Until then
//! no pod can mount, and the kubelet reports a failure for every volume. It does not notice a socket that stays.

use std::{
    io::{self, IoSlice, IoSliceMut, Write as _},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::{UnixListener as Accepting, UnixStream as Stream},
    },
    path::Path,
    sync::Arc,
    time::Duration,
};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use strongroom_serving::accept::{Drain, Listener, Wire};
use tokio::{io::AsyncReadExt as _, net::UnixListener, sync::Notify};

use super::socket::{Ends, FEW};

/// How long the node driver that runs may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a node driver says that asks.
const ASKED: u8 = b'?';

/// Gives `socket` to the first process that asks for it on `asked` while `ready` allows it; ends once it was given. Who
/// connects and says nothing asks for nothing.
pub async fn give(asked: UnixListener, socket: OwnedFd, ready: impl Fn() -> bool + Send + Sync + 'static) {
    let (drain, given) = (Drain::default(), Arc::new(Notify::new()));
    let shared = Arc::new((socket, ready, Arc::clone(&given)));
    let answer = move |mut wire: Wire| {
        let shared = Arc::clone(&shared);
        async move {
            let (socket, ready, given) = &*shared;
            // A process that gets nothing makes a socket of its own.
            if !matches!(wire.read_u8().await, Ok(ASKED)) || !ready() {
                return;
            }
            match send(&wire, socket) {
                Ok(()) => given.notify_one(),
                Err(error) => tracing::warn!(%error, "cannot hand the registration over"),
            }
        }
    };
    match Listener::own(asked, answer, FEW, drain.clone()) {
        Ok(listener) => drain.spawn(listener.run()),
        Err(error) => return tracing::error!(%error, "the registration cannot be handed over"),
    }
    let _ends = Ends(drain);
    given.notified().await;
}

/// Asks the node driver that listens at `path` for its registration socket; `None` if none listens, or it has none to
/// give.
pub async fn take(path: &Path) -> Option<UnixListener> {
    let path = path.to_owned();
    let taken = tokio::task::spawn_blocking(move || receive(&path)).await;
    match taken.unwrap_or_else(|error| Err(io::Error::other(error))) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::debug!(%error, "no node driver hands its registration over");
            None
        }
    }
}

fn send(stream: &impl AsFd, socket: &OwnedFd) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let sockets = [socket.as_fd()];
    if !control.push(SendAncillaryMessage::ScmRights(&sockets)) {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    sendmsg(stream, &[IoSlice::new(&[1])], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

fn receive(path: &Path) -> io::Result<Option<UnixListener>> {
    let mut stream = Stream::connect(path)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(&[ASKED])?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    recvmsg(
        &stream,
        &mut [IoSliceMut::new(&mut byte)],
        &mut control,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    let mut sockets = control.drain().flat_map(|message| match message {
        RecvAncillaryMessage::ScmRights(sockets) => sockets.collect(),
        _ => Vec::new(),
    });
    let Some(socket) = sockets.next() else {
        return Ok(None);
    };
    let listener = Accepting::from(socket);
    listener.set_nonblocking(true)?;
    UnixListener::from_std(listener).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_connects_to_a_socket_that_was_handed_over_reaches_its_new_owner() {
        let directory = tempfile::tempdir().unwrap();
        let (place, asking) = (
            directory.path().join("reg.sock"),
            directory.path().join("handover.sock"),
        );
        let registration = UnixListener::bind(&place).unwrap();
        let socket = registration.as_fd().try_clone_to_owned().unwrap();
        let giving = tokio::spawn(give(UnixListener::bind(&asking).unwrap(), socket, || true));
        let taken = take(&asking).await.unwrap();
        giving.await.unwrap();
        drop(registration);
        let (connected, accepted) = tokio::join!(tokio::net::UnixStream::connect(&place), taken.accept());
        assert!(connected.is_ok() && accepted.is_ok());
    }

    #[tokio::test]
    async fn a_driver_that_is_not_registered_hands_nothing_over() {
        let directory = tempfile::tempdir().unwrap();
        let asking = directory.path().join("handover.sock");
        assert!(take(&asking).await.is_none(), "nobody listens");
        let socket = UnixListener::bind(directory.path().join("reg.sock")).unwrap();
        let socket = socket.as_fd().try_clone_to_owned().unwrap();
        let giving = tokio::spawn(give(UnixListener::bind(&asking).unwrap(), socket, || false));
        assert!(take(&asking).await.is_none());
        giving.abort();
    }

    #[tokio::test]
    async fn who_connects_and_does_not_ask_gets_nothing_and_is_in_nobodys_way() {
        let directory = tempfile::tempdir().unwrap();
        let asking = directory.path().join("handover.sock");
        let socket = UnixListener::bind(directory.path().join("reg.sock")).unwrap();
        let socket = socket.as_fd().try_clone_to_owned().unwrap();
        let giving = tokio::spawn(give(UnixListener::bind(&asking).unwrap(), socket, || true));
        let mut silent = Vec::new();
        for _ in 0..20 {
            silent.push(tokio::net::UnixStream::connect(&asking).await.unwrap());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!giving.is_finished());
        assert!(take(&asking).await.is_some());
        giving.await.unwrap();
    }
}
