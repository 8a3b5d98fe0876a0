//! Certificates, requests and revocation lists, as other programs read and make them.

// `cfg(test)` here tells clippy that these may unwrap and index as tests do.
#[cfg(test)]
mod authority;
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod chains;
#[cfg(test)]
mod constrained;
#[cfg(test)]
mod constraints;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod judges;
#[cfg(test)]
mod lints;
#[cfg(test)]
mod permissions;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod revocation;
#[cfg(test)]
mod self_signed;
#[cfg(test)]
mod support;
#[cfg(test)]
mod verdicts;
