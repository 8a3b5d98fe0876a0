//! Writes the generated parts of the page about the API.

use std::{fs, io, path::Path};

use strongroom_vault::rest::page;

fn main() -> io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page::PATH);
    let kept = fs::read_to_string(&path)?;
    let filled = page::fill(&kept).ok_or_else(|| io::Error::other("a marker is missing"))?;
    fs::write(path, filled)?;
    println!("{}", page::PATH);
    Ok(())
}
