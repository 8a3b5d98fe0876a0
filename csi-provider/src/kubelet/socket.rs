//! The node driver's Unix sockets. Each is bound beside its place and renamed over it, so that a new process takes over
//! without a moment in which there is none, and a stale one is never in the way.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use strongroom_serving::accept::{Drain, Limits};
use tokio::net::UnixListener;

/// The bounds of a socket on which the node driver and the kubelet, or another node driver, exchange a few words. Each
/// opens one connection. A new connection takes the place of one on which a peer stands still.
pub const FEW: Limits = Limits {
    connections: 8,
    connections_per_source: usize::MAX,
    connections_per_second: u32::MAX,
    handshakes: 8,
    handshakes_per_source: usize::MAX,
    handshake_timeout: Duration::from_secs(5),
    head_timeout: Duration::from_secs(10),
    idle_timeout: Duration::from_mins(10),
    patience: Duration::from_secs(10),
    head_bytes: 16 << 10,
    headers: 64,
    keeps_alive: true,
    streams: 1,
    unproven_per_source: 1,
    requests_per_source: 1,
    pinned_bytes: 1 << 20,
};

/// A bound socket and where it is.
#[derive(Debug)]
pub struct Socket {
    /// Accepts its connections.
    pub listener: UnixListener,
    /// Removes it from its place, if it still is there.
    pub place: Place,
}

/// The place of a socket in the file system.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    inode: (u64, u64),
}

/// Why a socket could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("failed to {step} socket {path}: {source}")]
pub struct SocketError {
    step: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl SocketError {
    /// A step about the socket at `path` failed.
    pub fn of(step: &'static str, path: &Path, source: io::Error) -> Self {
        Self {
            step,
            path: path.to_owned(),
            source,
        }
    }
}

/// Binds a socket at `path` that only root may connect to, in place of any that is there.
pub fn bind(path: &Path) -> Result<Socket, SocketError> {
    let failed = |step| move |source| SocketError::of(step, path, source);
    let directory = path
        .parent()
        .ok_or_else(|| failed("place")(io::ErrorKind::InvalidInput.into()))?;
    let name = path
        .file_name()
        .ok_or_else(|| failed("place")(io::ErrorKind::InvalidInput.into()))?;
    fs::create_dir_all(directory).map_err(failed("make the directory of"))?;
    // The kubelet ignores names that begin with a dot. The random part is short: the kernel takes 107 bytes of path, and
    // the kubelet's root alone may have 40.
    let staged = directory.join(format!(
        ".{}.{:08x}",
        name.to_string_lossy(),
        uuid::Uuid::new_v4().as_fields().0
    ));
    let listener = UnixListener::bind(&staged).map_err(failed("bind"))?;
    fs::set_permissions(&staged, fs::Permissions::from_mode(0o600)).map_err(failed("protect"))?;
    let stat = fs::symlink_metadata(&staged).map_err(failed("inspect"))?;
    fs::rename(&staged, path).map_err(failed("place"))?;
    let place = Place {
        path: path.to_owned(),
        inode: (stat.dev(), stat.ino()),
    };
    Ok(Socket { listener, place })
}

impl Socket {
    /// The socket at `path` that `listener`, given by another process, listens on.
    pub fn taken(path: &Path, listener: UnixListener) -> Result<Self, SocketError> {
        let stat = fs::symlink_metadata(path).map_err(|source| SocketError::of("inspect", path, source))?;
        let place = Place {
            path: path.to_owned(),
            inode: (stat.dev(), stat.ino()),
        };
        Ok(Self { listener, place })
    }
}

impl Place {
    /// Removes the socket, unless another process took its place.
    pub fn remove(self) -> io::Result<()> {
        match fs::symlink_metadata(&self.path) {
            Ok(stat) if (stat.dev(), stat.ino()) == self.inode => fs::remove_file(&self.path),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Ends what serves when dropped.
#[derive(Debug)]
pub struct Ends(pub Drain);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.begin();
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileTypeExt as _;

    use super::*;

    #[tokio::test]
    async fn a_second_process_takes_the_socket_over_and_the_first_leaves_it_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("plugins/csi.sock");
        let first = bind(&path).unwrap();
        let second = bind(&path).unwrap();
        first.place.remove().unwrap();
        let (connected, accepted) =
            tokio::join!(tokio::net::UnixStream::connect(&path), second.listener.accept());
        assert!(connected.is_ok() && accepted.is_ok());
        let meta = fs::metadata(&path).unwrap();
        assert!(meta.file_type().is_socket());
        assert_eq!(meta.permissions().mode() & 0o777, 0o600);
        second.place.remove().unwrap();
        assert_eq!(fs::read_dir(directory.path().join("plugins")).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_socket_is_bound_below_the_longest_kubelet_root_that_distributions_use() {
        let directory = tempfile::tempdir().unwrap();
        let below = "/plugins_registry/csi.strongroom.dev-reg.sock";
        let root = "/var/snap/microk8s/common/var/lib/kubelet".len();
        let padding = "x".repeat(root.saturating_sub(directory.path().as_os_str().len() + 1).max(1));
        let path = directory.path().join(padding).join(below.trim_start_matches('/'));
        assert!(path.as_os_str().len() >= root + below.len());
        let socket = bind(&path).unwrap();
        assert!(path.exists());
        drop(socket);
    }
}
