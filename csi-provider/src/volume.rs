//! One volume on the node: its id, where it is mounted, and the files in it.
//!
//! ```text
//!   PLUGIN_DIR/volumes/ID   the tmpfs, writable in the driver's own namespace only
//!   TARGET                  the same tmpfs: read-only, nosuid, nodev, noexec; what the pod sees
//! ```

pub mod id;
pub mod image;
pub mod mount;
pub mod mountinfo;
pub mod path;
pub mod tree;

pub use id::VolumeId;
pub use image::{Content, File, Image};
pub use path::FilePath;
