//! Loading images into the nodes of a local cluster.

use std::io::Cursor;

use anyhow::{Context, Result, bail};

use super::{
    config::CONTAINERD_SOCKET,
    enter::{self, Share},
    network::node_name,
    record::Record,
};
use crate::{command::feed, progress::Step};

/// Imports images into every node.
pub fn import(record: &Record, images: &[(String, Vec<u8>)]) -> Result<()> {
    for (reference, bytes) in images {
        let step = Step::begin(format!("Loading {reference} ({} MB)", bytes.len() >> 20));
        import_bytes(record, reference, bytes)?;
        step.done();
    }
    Ok(())
}

/// Imports one image into every node, quietly.
pub fn import_bytes(record: &Record, reference: &str, bytes: &[u8]) -> Result<()> {
    for index in 0..record.options.nodes {
        let mut ctr = enter::command(record, &node_name(index), Share::Everything)?;
        // Given on standard input, since the node does not see every directory of the machine.
        ctr.args([
            "ctr",
            "--address",
            CONTAINERD_SOCKET,
            "--namespace",
            "k8s.io",
            "images",
            "import",
            "-",
        ]);
        let said =
            feed(&mut ctr, &mut Cursor::new(bytes)).with_context(|| format!("cannot load {reference}"))?;
        if said.is_empty() {
            bail!("containerd took no image from the archive of {reference}");
        }
    }
    Ok(())
}
