//! The vault over HTTPS, in this process: its routes, its codes, and everything it must refuse.

mod audit;
mod azure;
mod lifecycle;
mod process;
mod requests;
mod secrecy;
mod storage;
mod support;
mod tokens;
mod upkeep;
