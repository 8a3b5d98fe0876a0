//! NIST's vectors, each group that applies: what must be accepted is, and what must be refused is too.
//!
//! They come in the `PyPI` package `cryptography-vectors`, which the harness installs like any tool.

#[cfg(test)]
mod ecdsa;
#[cfg(test)]
#[path = "../material/material.rs"]
mod material;
#[cfg(test)]
mod ml_dsa;
#[cfg(test)]
mod package;
#[cfg(test)]
mod records;
#[cfg(test)]
mod rsa_decryption;
#[cfg(test)]
mod rsa_keys;
#[cfg(test)]
mod rsa_signature;
#[cfg(test)]
mod symmetric;
#[cfg(test)]
mod table;
