//! The vault over HTTPS, in this process: its routes, its codes, and everything it must refuse.

#[cfg(test)]
mod audit;
#[cfg(test)]
mod azure;
#[cfg(test)]
mod certificate_contacts;
#[cfg(test)]
mod certificate_issuers;
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod events;
#[cfg(test)]
mod faulty_disk;
#[cfg(test)]
mod flood;
#[cfg(test)]
mod hostile_disk;
#[cfg(test)]
mod key_imports;
#[cfg(test)]
mod key_life;
#[cfg(test)]
mod key_permissions;
#[cfg(test)]
mod key_release;
#[cfg(test)]
mod key_rotation;
#[cfg(test)]
mod key_usability;
#[cfg(test)]
mod key_work;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod managed_hsm;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod methods;
#[cfg(test)]
mod moved_clock;
#[cfg(test)]
mod own_work;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod process;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod restores;
#[cfg(test)]
mod secrecy;
#[cfg(test)]
mod sentences;
#[cfg(test)]
mod silence;
#[cfg(test)]
mod smuggling;
#[cfg(test)]
mod storage;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod updates;
#[cfg(test)]
mod upkeep;
