//! The state machine that follows a published volume, in a world without clocks, threads, mounts or networks: what it does
//! in named situations, and what it never does in random ones.

// `cfg(test)` here shows clippy that these may unwrap and index as tests do.
#[cfg(test)]
mod files;
#[cfg(test)]
mod history;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod stores;
#[cfg(test)]
mod subscription;
#[cfg(test)]
mod token;
#[cfg(test)]
mod world;
