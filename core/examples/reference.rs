//! Writes the reference pages of the operations and of the permissions.

use std::{fs, io, path::Path};

use strongroom_core::operation::{page, permissions};

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (path, text) in [
        (page::PATH, page::render()),
        (permissions::PATH, permissions::render()),
    ] {
        fs::write(root.join(path), text)?;
        println!("{path}");
    }
    Ok(())
}
