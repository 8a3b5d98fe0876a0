//! What never changes about a volume.

use strongroom_core::ResourceName;

use crate::{
    pod::Pod,
    volume::{VolumeId, mount::Places},
};

/// What never changes about a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Its id.
    pub id: VolumeId,
    /// Where it is mounted.
    pub places: Places,
    /// Whose it is.
    pub pod: Pod,
    /// What it was asked for with.
    pub secret_ref: ResourceName,
    /// The pod's fsGroup.
    pub group: Option<u32>,
}
