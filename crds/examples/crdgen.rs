//! Writes every file that is generated from the custom resource types; run it from the root of the repository.

use std::{error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for file in strongroom_crds::generate::files()? {
        let path = root.join(&file.path);
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::write(&path, file.content)?;
        println!("{}", file.path);
    }
    Ok(())
}
