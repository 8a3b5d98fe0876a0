//! The reference pages of the operations and of the permissions are what their tables generate now.

use std::{fs, path::Path};

use strongroom_core::operation::{page, permissions};

#[test]
fn the_reference_pages_are_up_to_date() {
    for (path, text) in [
        (page::PATH, page::render()),
        (permissions::PATH, permissions::render()),
    ] {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
        let kept = fs::read_to_string(kept).unwrap_or_default();
        assert!(kept == text, "{path} is out of date: make generate");
    }
}
