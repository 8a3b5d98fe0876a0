//! A hostile vault's answers: to the operator, and to clients. The clients are the real ones, on a connection to a server
//! with a genuine certificate.

pub mod admin;
pub mod data;
mod fixture;
