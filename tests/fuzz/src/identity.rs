//! Who reaches the token endpoint: the form of a request, and the service-account tokens in it.

pub mod assertion;
mod fixture;
pub mod form;
