//! What keys promise, seen from outside.

// `cfg(test)` here tells clippy that these may unwrap and index as tests do.
#[cfg(test)]
mod bad_keys;
#[cfg(test)]
mod bad_rsa_keys;
#[cfg(test)]
mod composite;
#[cfg(test)]
mod imports;
#[cfg(test)]
#[path = "../material/material.rs"]
mod material;
#[cfg(test)]
mod openssl;
#[cfg(test)]
mod other_ciphers;
#[cfg(test)]
mod other_libraries;
#[cfg(test)]
mod printing;
#[cfg(test)]
mod private_key_der;
#[cfg(test)]
mod release;
#[cfg(test)]
mod round_trips;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod sealed_form;
#[cfg(test)]
mod sharing;
#[cfg(test)]
mod spki;
#[cfg(test)]
mod support;
