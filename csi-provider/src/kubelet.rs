//! What the kubelet meets: the registration of the node driver and the CSI services. gRPC in, the node driver's own
//! types out, every error with a deliberate code.

pub mod handover;
mod identity;
mod node;
pub mod registration;
pub mod request;
pub mod socket;
pub mod status;

pub use identity::IdentityService;
pub use node::NodeService;
