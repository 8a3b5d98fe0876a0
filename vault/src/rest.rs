//! The Azure Key Vault REST API: the operations on secrets, keys and certificates.
//!
//! ```text
//!   host --421--> token --401 + challenge--> route, query --400/404/405--> access: admit --403--> body --400--> perform
//!                                            \____________________ access records every end of these _____________/
//! ```
//!
//! Each kind of object has a file with its paths, its bodies and its answers; [`kind`] finds it by the first segment.
//!
//! One function answers every request: paths are matched without case and refused when not canonical, which a router's
//! patterns cannot do. Nothing is ever redirected.

mod answer;
mod api;
mod api_version;
mod bearer;
mod body;
mod call;
mod certificates;
mod error;
mod face;
mod host;
mod keys;
mod kind;
mod life;
mod method;
pub mod page;
mod port;
mod query;
mod respond;
mod route;
mod secrets;

pub use api::{Api, ApiConfig};
pub use port::DataPort;
