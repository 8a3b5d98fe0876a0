//! Every command on keys against a vault in this process.

mod import;
mod life;
mod public;
mod refusals;
mod work;
