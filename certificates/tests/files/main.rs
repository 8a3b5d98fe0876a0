//! Files that other programs wrote, and what they say of ours.

// `cfg(test)` here tells clippy that these may unwrap and index as tests do.
#[cfg(test)]
mod content;
#[cfg(test)]
mod keystore;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod read_pfx;
#[cfg(test)]
mod support;
#[cfg(test)]
mod write_pfx;
