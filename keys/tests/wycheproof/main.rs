//! Project Wycheproof's vectors, each group that applies: what must be accepted is, and what must be refused is too.

#[cfg(test)]
mod ecdsa;
#[cfg(test)]
mod hash;
#[cfg(test)]
#[path = "../material/material.rs"]
mod material;
#[cfg(test)]
mod ml_dsa;
#[cfg(test)]
mod rsa_decryption;
#[cfg(test)]
mod rsa_signature;
#[cfg(test)]
mod symmetric;
