//! Writes what this program's error types know of the page of every sentence.

use std::{fs, io, path::Path};

use strongroom_core::advice::PAGE;
use strongroom_identity::page;

fn main() -> io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PAGE);
    let kept = fs::read_to_string(&path)?;
    let filled = page::fill(&kept).ok_or_else(|| io::Error::other("a marker is missing"))?;
    fs::write(path, filled)?;
    println!("{PAGE}");
    Ok(())
}
