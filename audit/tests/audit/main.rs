//! The audit log over real files: what it appends, what it notices, what it survives.

// `cfg(test)` here tells clippy that these may unwrap and index as tests do.
#[cfg(test)]
mod append;
#[cfg(test)]
mod budget;
#[cfg(test)]
mod failure;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod process;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tamper;
