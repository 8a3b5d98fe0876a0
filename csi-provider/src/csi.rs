//! The CSI services: gRPC in, the driver's own types out, every error with a deliberate code.

mod identity;
mod node;
mod status;

pub use identity::IdentityService;
pub use node::NodeService;
