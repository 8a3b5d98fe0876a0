//! `AccessPolicy`: compiled per vault into a bundle, pushed, confirmed, reported.
//!
//! ```text
//!   policies + accounts --compile--> bundle --freeze--> what may be pushed --fit--> what the vault holds --push--> status
//! ```

mod compile;
mod fit;
mod foresee;
mod freeze;
mod orphans;
mod publish;
mod push;
mod report;
mod summary;

pub use compile::{Compiled, PolicyProblem, Readable, Resolution, compile, compile_all};
pub use foresee::will_allow;
pub use freeze::freeze;
pub use orphans::report_orphans;
pub use publish::report_all;
pub use push::{PushError, enforce, time_to_next};
pub use report::Enforcement;
