//! Writes the reference page of the operations.

use std::{fs, io, path::Path};

use strongroom_core::operation::page;

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::write(root.join(page::PATH), page::render())?;
    println!("{}", page::PATH);
    Ok(())
}
