//! Puts the files that pages show into the pages.

use std::fs;

use anyhow::Result;
use strongroom_harness::{page::shown, workspace};

fn main() -> Result<()> {
    for (page, text) in shown::outdated(&workspace::root())? {
        fs::write(&page, text)?;
        println!("{}", page.display());
    }
    Ok(())
}
