//! The vault over HTTPS, in this process: its routes, its codes, and everything it must refuse.

mod lifecycle;
mod support;
