//! The Azure Key Vault REST API: the twelve secrets operations.
//!
//! ```text
//!   host --421--> token --401 + challenge--> route, query --400/404/405--> decide --403--> body --400--> engine
//!                                            \___________________ every end of these is audited ________________/
//! ```
//!
//! A request is answered by one fallback: paths are matched without case and refused when not canonical, which a
//! router's patterns cannot do. Nothing is ever redirected.

mod answer;
mod api;
mod bearer;
mod body;
mod command;
mod error;
mod host;
mod query;
mod respond;
mod route;

pub use api::{Api, ApiConfig};
