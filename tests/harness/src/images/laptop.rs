//! The image of a vault for development: the command line, a directory for its files, and the world's authorities.

use std::path::Path;

use anyhow::Result;
use pem::{EncodeConfig, LineEnding, Pem};

use super::{
    Entry, LAPTOP,
    program::{self, COMMAND_LINE},
};

/// Who runs it, as a number.
const NONROOT: u64 = 65532;

/// Where programs look for the authorities of their system.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The files of the image.
pub fn entries(path: &Path) -> Result<Vec<Entry>> {
    let mut entries = program::entries(path, COMMAND_LINE)?;
    // A volume that is mounted there is made with its owner and its mode.
    entries.extend(LAPTOP.home.map(|home| Entry::PrivateDirectory {
        path: home.to_owned(),
        owner: NONROOT,
    }));
    // Programs get a bundle of these and our own, and still reach the rest of the world.
    let blocks: Vec<Pem> = webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .map(|certificate| Pem::new("CERTIFICATE", certificate.to_vec()))
        .collect();
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    entries.push(Entry::File {
        path: AUTHORITIES.to_owned(),
        mode: 0o644,
        bytes: pem::encode_many_config(&blocks, config).into_bytes(),
    });
    Ok(entries)
}
