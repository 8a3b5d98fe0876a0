//! Writes the page of every command, and the schema of the documents that they print.

use std::{fs, io, path::Path};

use strongroom_cli::{reference, schema};

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (path, text) in [
        (reference::PATH, reference::render()),
        (schema::PATH, schema::render()),
    ] {
        fs::write(root.join(path), text)?;
        println!("{path}");
    }
    Ok(())
}
