//! Writes what a vault's error types know of the page about the API and of the page of every sentence.

use std::{fs, io, path::Path};

use strongroom_core::advice;
use strongroom_vault::rest::page;

fn main() -> io::Result<()> {
    write(page::PATH, page::fill)?;
    write(advice::PAGE, page::fill_troubleshooting)
}

fn write(page: &str, fill: impl Fn(&str) -> Option<String>) -> io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page);
    let kept = fs::read_to_string(&path)?;
    let filled = fill(&kept).ok_or_else(|| io::Error::other("a marker is missing"))?;
    fs::write(path, filled)?;
    println!("{page}");
    Ok(())
}
