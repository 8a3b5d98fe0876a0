//! Writes the made inputs of the corpus. Inputs that were found stay.

use std::{fs, io, path::Path};

use strongroom_fuzz::TARGETS;

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for target in TARGETS {
        let directory = root.join(target.name);
        fs::create_dir_all(&directory)?;
        for seed in (target.seeds)() {
            fs::write(directory.join(seed.name), seed.input)?;
        }
    }
    Ok(())
}
