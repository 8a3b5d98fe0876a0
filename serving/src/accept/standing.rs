//! What a connection's peer has proved.

use super::activity::Activity;

/// The standing of a connection, which every request carries as an extension. A handler that has verified who the peer
/// is says so here: the source then may have more requests in flight.
#[derive(Debug, Clone)]
pub struct Standing(Activity);

impl Standing {
    pub(crate) const fn new(activity: Activity) -> Self {
        Self(activity)
    }

    /// Notes that the peer has proved who it is.
    pub fn prove(&self) {
        self.0.prove();
    }
}
