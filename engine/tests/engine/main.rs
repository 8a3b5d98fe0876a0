//! What the engine promises, seen from outside.

// `cfg(test)` here tells clippy that these may unwrap and index as tests do.
#[cfg(test)]
mod against_model;
#[cfg(test)]
mod backup;
#[cfg(test)]
#[path = "../kinds/certificate.rs"]
mod certificate;
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod descent;
#[cfg(test)]
mod differential;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod events;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod listing;
#[cfg(test)]
mod model;
#[cfg(test)]
mod purging;
#[cfg(test)]
mod races;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod room;
#[cfg(test)]
mod running;
#[cfg(test)]
#[path = "../kinds/sample.rs"]
mod sample;
#[cfg(test)]
mod sealed;
#[cfg(test)]
mod second_kind;
#[cfg(test)]
mod small_batches;
#[cfg(test)]
mod soft_delete;
#[cfg(test)]
mod spelling;
#[cfg(test)]
mod steps;
#[cfg(test)]
mod tampering;
#[cfg(test)]
mod upgrade;
#[cfg(test)]
mod writer;
