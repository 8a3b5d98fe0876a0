//! One volume on the node: what it is to hold, what it may take, where it is mounted, and the files in it.
//!
//! ```text
//!   PLUGIN_DIR/volumes/ID   the tmpfs, writable in the node driver's own namespace only
//!   TARGET                  the same tmpfs: read-only, nosuid, nodev, noexec; what the pod sees
//! ```

pub mod certificate;
pub mod facts;
pub mod fault;
pub mod id;
pub mod image;
pub mod limits;
pub mod mount;
pub mod mountinfo;
pub mod path;
pub mod saved;
pub mod spec;
mod store;
pub mod tree;
pub mod value;

pub use facts::Facts;
pub use fault::ContentError;
pub use id::VolumeId;
pub use image::{Content, File, Image};
pub use path::FilePath;
pub use value::{KeyFiles, SecretValue, Value};
