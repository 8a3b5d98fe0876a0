//! The page of every command and the schema of their documents are what the grammar and the types generate now.

use std::{fs, path::Path};

use strongroom_cli::{reference, schema};

#[test]
fn the_page_of_the_commands_and_the_schema_are_up_to_date() {
    for (path, text) in [
        (reference::PATH, reference::render()),
        (schema::PATH, schema::render()),
    ] {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
        let kept = fs::read_to_string(kept).unwrap_or_default();
        assert!(kept == text, "{path} is out of date: make generate");
    }
}
